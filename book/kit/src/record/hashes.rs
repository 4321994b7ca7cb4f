//! What every recording depends on, as a hash: a recording is made again only
//! when what stands behind it has changed.
//!
//! `book/data/recordings.toml` has a line for each. Behind a recording stand
//! its script, the steps that it runs, what they find in `shared/`, and its
//! own text, so that an edit by hand is noticed, too. Crates and tools do not:
//! `cargo book check --all` plays everything, whatever has changed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::{chart, session, trace};
use crate::{Project, Result, Step, project};

const FILE: &str = "book/data/recordings.toml";

/// The hashes as they were when the recordings were made.
pub struct Hashes(BTreeMap<String, String>);

impl Hashes {
    /// Those that are written down; none if there is no file. A merge may
    /// leave lines that are none: what is not known is played again.
    pub fn load(project: &Project) -> Hashes {
        let text = project.read(FILE).unwrap_or_default();
        let lines = text.lines().flat_map(toml::from_str);
        Hashes(lines.flat_map(|line: BTreeMap<_, _>| line).collect())
    }

    /// Whether the recording is of what stands behind it now.
    pub fn is_current(&self, name: &str, hash: Option<&str>) -> bool {
        hash.is_some() && self.0.get(name).map(String::as_str) == hash
    }

    /// Notes that a recording is of what stands behind it now.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn note(
        &mut self,
        project: &Project,
        name: &str,
        hash: Option<String>,
    ) -> Result<()> {
        let hash = hash.with_context(|| format!("{name} is incomplete"))?;
        self.0.insert(name.to_string(), hash);
        // A recording that is gone needs no line.
        let file = |name: &str| project.root.join("book").join(name);
        self.0.retain(|name, _| file(name).is_file());
        let mut text = String::from("# Written by `cargo book record`.\n");
        text.push_str(&toml::to_string(&self.0)?);
        let path = project.root.join(FILE);
        fs::create_dir_all(path.parent().unwrap_or(&project.root))?;
        fs::write(path, text).context(FILE)
    }
}

/// The name of a recording in the list of hashes.
pub fn name(recording: &Path) -> String {
    let below = recording.strip_prefix("book").unwrap_or(recording);
    below.display().to_string()
}

/// The hash of a trace; `None` if a part of it is missing.
pub fn of_trace(project: &Project, step: &Step) -> Option<String> {
    let own = [trace::script_file(step), trace::file(step)];
    hash(project, &own, &[step])
}

/// The hash of a session; `None` if a part of it is missing.
pub fn of_session(project: &Project, name: &str) -> Option<String> {
    let mut own = vec![session::script_file(name), session::file(name)];
    let script = session::script(project, name).ok()?;
    let words = session::words_of(&[&script]);
    for word in &words {
        let source = PathBuf::from(format!("book/runs/{word}.rs"));
        own.extend(project.root.join(&source).is_file().then_some(source));
    }
    if words.contains("shim") {
        own.extend(below(project, session::shim().1)?);
    }
    let steps = project.steps.iter();
    let steps: Vec<&Step> =
        steps.filter(|step| words.contains(&*step.program())).collect();
    hash(project, &own, &steps)
}

/// The hash of a chart, which is of all steps.
pub fn of_chart(project: &Project, name: &str) -> Option<String> {
    let steps: Vec<&Step> = project.steps.iter().collect();
    hash(project, &[chart::file(name)], &steps)
}

/// Over names and texts of all files. Line ends do not count: a checkout may
/// have others.
fn hash(project: &Project, own: &[PathBuf], steps: &[&Step]) -> Option<String> {
    let mut files = own.to_vec();
    for step in steps {
        files.extend(below(project, &step.folder())?);
    }
    if let Some(last) = steps.iter().map(|step| step.number).max() {
        let later = project.steps.iter().filter(|step| step.number > last);
        let later: Vec<PathBuf> = later
            .flat_map(|step| &step.modules)
            .map(|module| Path::new("shared").join(module))
            .collect();
        let shared = below(project, Path::new("shared"))?;
        files.extend(shared.into_iter().filter(|file| !later.contains(file)));
    }
    files.sort();
    // FNV-1a, 64 bits: a change is to be noticed, not an enemy.
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut add = |bytes: &[u8]| {
        for byte in bytes.iter().filter(|byte| **byte != b'\r') {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    };
    for file in files {
        add(file.as_os_str().as_encoded_bytes());
        add(&fs::read(project.root.join(&file)).ok()?);
    }
    Some(format!("{hash:016x}"))
}

/// All files below a directory but the exercises, from the root.
fn below(project: &Project, directory: &Path) -> Option<Vec<PathBuf>> {
    let mut files = project::files(&project.root, directory).ok()?;
    files.retain(|file| !project::is_exercise(file));
    Some(files)
}
