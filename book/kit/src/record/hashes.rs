//! What every recording depends on, as a hash: a recording is made again only
//! when what stands behind it has changed.
//!
//! `book/data/recordings.toml` has a line for each. Behind a recording stand
//! its script, the steps that it runs, what they find in `shared/`, and its
//! own text, so that an edit by hand is noticed, too. Crates and tools do not:
//! `cargo book check --all` plays everything, whatever has changed.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::Context;

use super::Recording;
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
    pub(super) fn is_current(
        &self,
        project: &Project,
        recording: &Recording,
    ) -> bool {
        let hash = hash(project, recording);
        hash.is_some() && self.0.get(&name(recording)) == hash.as_ref()
    }

    /// Notes that a recording is of what stands behind it now.
    pub(super) fn note(
        &mut self,
        project: &Project,
        recording: &Recording,
    ) -> Result<()> {
        let name = name(recording);
        let hash = hash(project, recording);
        let hash = hash.with_context(|| format!("{name} is incomplete"))?;
        self.0.insert(name, hash);
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
fn name(recording: &Recording) -> String {
    let file = &recording.file;
    file.strip_prefix("book").unwrap_or(file).display().to_string()
}

/// Over names and texts of all files behind a recording; `None` if one is
/// missing. Line ends do not count: a checkout may have others.
fn hash(project: &Project, recording: &Recording) -> Option<String> {
    let steps = &recording.steps;
    let mut paths = recording.own.clone();
    paths.push(recording.file.clone());
    paths.extend(steps.iter().map(|step| step.folder()));
    let mut later: Vec<PathBuf> = Vec::new();
    if let Some(last) = steps.iter().map(|step| step.number).max() {
        paths.push("shared".into());
        let steps = &project.steps;
        let by_now = steps.partition_point(|step| step.number <= last);
        let (by_now, rest) = steps.split_at(by_now);
        later.extend(rest.iter().flat_map(Step::files));
        later.extend(rest.iter().map(|step| step.package.clone()));
        later.retain(|it| by_now.iter().all(|step| step.package != *it));
    }
    let mut files = Vec::new();
    for path in paths {
        files.extend(project::files(&project.root, path).ok()?);
    }
    files.retain(|file| {
        let is_later = later.iter().any(|later| file.starts_with(later));
        let is_manifest = file.ends_with("Cargo.toml");
        !is_later && !is_manifest && !project::is_exercise(file)
    });
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
