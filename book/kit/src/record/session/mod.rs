//! A recorded terminal session.
//!
//! `book/runs/NAME.session`, written by hand, is its script;
//! `book/runs/NAME.txt` holds what the terminals then showed.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};

use super::cargo::{self, Built};
use super::hashes::{self, Hashes};
use super::progress;
use crate::{Project, Result};

mod page;
mod record;
mod script;
mod stage;
mod terminal;
mod tools;
mod transcript;

pub use page::render;
pub use script::{Act, Script, What};
use stage::Stage;
pub use tools::{impossible, tools};
pub use transcript::{Kind, Line, Transcript};

/// The library that `cargo ex shim` preloads: its target, and its sources.
pub fn shim() -> (&'static str, &'static Path) {
    ("shim", Path::new("tests/lab/shim"))
}

/// The script of a session, from the root.
pub fn script_file(name: &str) -> PathBuf {
    format!("book/runs/{name}.session").into()
}

/// The recorded session, from the root.
pub fn file(name: &str) -> PathBuf {
    format!("book/runs/{name}.txt").into()
}

/// The names of all sessions.
///
/// # Errors
/// When the folder is there and cannot be read.
pub fn names(project: &Project) -> Result<Vec<String>> {
    let folder = project.root.join("book/runs");
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "session") {
            let name = path.file_stem().unwrap_or_default();
            names.push(name.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// The script of a session.
///
/// # Errors
/// When there is none, or a line of it is no act.
pub fn script(project: &Project, name: &str) -> Result<Script> {
    let file = script_file(name);
    Script::parse(&project.read(&file)?)
        .with_context(|| file.display().to_string())
}

/// The recorded session.
///
/// # Errors
/// When there is none, or it is no transcript.
pub fn load(project: &Project, name: &str) -> Result<Transcript> {
    let file = file(name);
    let text = project
        .read(&file)
        .with_context(|| format!("record it: cargo book record runs {name}"))?;
    Transcript::parse(&text).with_context(|| file.display().to_string())
}

fn words(command: &str) -> impl Iterator<Item = &str> {
    command.split(|letter: char| {
        !letter.is_ascii_alphanumeric() && letter != '-' && letter != '_'
    })
}

/// All words of these sessions' commands.
pub fn words_of<'a>(scripts: &[&'a Script]) -> BTreeSet<&'a str> {
    let commands = scripts.iter().flat_map(|script| script.commands());
    commands.flat_map(words).collect()
}

/// Builds what these sessions run: the steps that they name, and the library
/// that is preloaded. A session that names `rustc` has the compiler, and one
/// that names `NAME.rs` has that file of `book/runs` at hand.
///
/// # Errors
/// When it does not compile.
pub fn build(project: &Project, scripts: &[&Script]) -> Result<Built> {
    let words = words_of(scripts);
    let mut targets = Vec::new();
    for step in &project.steps {
        if words.contains(&*step.program()) {
            targets.extend(["--bin".to_string(), step.program()]);
        }
    }
    if words.contains("shim") {
        targets.extend(["--example".to_string(), shim().0.to_string()]);
    }
    let mut built = match targets.is_empty() {
        true => Built::new(),
        false => cargo::build(project, &targets)?,
    };
    if words.contains("rustc") {
        built.insert("rustc".to_string(), cargo::compiler(project)?);
    }
    for word in words {
        let source = project.root.join(format!("book/runs/{word}.rs"));
        if source.exists() {
            built.insert(format!("{word}.rs"), source);
        }
    }
    Ok(built)
}

/// Plays a session. `known` is what was recorded of it before.
///
/// # Errors
/// When something that the script waits for does not come.
pub fn play(script: &Script, built: &Built, known: &str) -> Result<Transcript> {
    let (mut programs, mut files) = (Vec::new(), Vec::new());
    for (name, file) in built {
        match file.extension().and_then(OsStr::to_str) {
            Some("so") => programs.push((stage::LIBRARY, file.as_path())),
            Some("rs") => files.push((name.clone(), file.as_path())),
            _ => programs.push((name.as_str(), file.as_path())),
        }
    }
    let files: Vec<_> =
        files.iter().map(|(name, file)| (&**name, *file)).collect();
    let stage = Stage::new(&programs, &files)?;
    record::record(script, &stage, known)
}

/// Records sessions and writes their files.
///
/// # Errors
/// Those of [`play`], and when a file cannot be written.
pub fn record_to_files(
    project: &Project,
    names: &[String],
    known: &mut Hashes,
) -> Result<()> {
    let mut scripts = Vec::new();
    for name in names {
        scripts.push(script(project, name)?);
    }
    let built = build(project, &scripts.iter().collect::<Vec<_>>())?;
    let mut failed = Vec::new();
    for (at, (name, script)) in names.iter().zip(&scripts).enumerate() {
        progress(at, names.len(), &format!("run {name}"));
        // One that fails does not keep the others from being recorded.
        if let Err(error) = record_to_file(project, name, script, &built, known)
        {
            failed.push(format!("{}: {error:#}", script_file(name).display()));
        }
    }
    ensure!(failed.is_empty(), "{}", failed.join("\nbook: "));
    Ok(())
}

fn record_to_file(
    project: &Project,
    name: &str,
    script: &Script,
    built: &Built,
    known: &mut Hashes,
) -> Result<()> {
    if let Some(why) = impossible(script) {
        bail!("{why}");
    }
    let file = file(name);
    let before = project.read(&file).unwrap_or_default();
    let transcript = play(script, built, &before)?;
    std::fs::write(project.root.join(&file), transcript.to_string())?;
    known.note(
        project,
        &hashes::name(&file),
        hashes::of_session(project, name),
    )?;
    println!("{}: {} lines", file.display(), transcript.lines.len());
    Ok(())
}
