//! A recorded terminal session.
//!
//! `book/runs/NAME.session`, written by hand, is its script;
//! `book/runs/NAME.txt` holds what the terminals then showed.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::PathBuf;

use anyhow::Context;

use super::cargo::{self, Built};
use crate::{Project, Result};

mod page;
mod record;
mod script;
mod stage;
mod terminal;
mod tools;
mod transcript;

pub use page::render;
pub use script::Script;
use stage::Stage;
pub use tools::{impossible, tools};
pub use transcript::{Kind, Line, Transcript};

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

/// Builds what these sessions run: the steps that they name, and the library
/// that is preloaded. A session that names `rustc` has the compiler, and one
/// that names `NAME.rs` has that file of `book/runs` at hand.
///
/// # Errors
/// When it does not compile.
pub fn build(project: &Project, scripts: &[&Script]) -> Result<Built> {
    let words: BTreeSet<&str> = scripts
        .iter()
        .flat_map(|script| script.commands())
        .flat_map(words)
        .collect();
    let mut targets = Vec::new();
    for step in &project.steps {
        if words.contains(&*step.program()) {
            targets.extend(["--bin".to_string(), step.program()]);
        }
    }
    if words.contains("nasty") {
        targets.extend(["--example".to_string(), "nasty".to_string()]);
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
            Some("so") => files.push((format!("{name}.so"), file.as_path())),
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
pub fn record_to_files(project: &Project, names: &[String]) -> Result<()> {
    let mut scripts = Vec::new();
    for name in names {
        scripts.push(script(project, name)?);
    }
    let built = build(project, &scripts.iter().collect::<Vec<_>>())?;
    for (name, script) in names.iter().zip(&scripts) {
        if let Some(why) = impossible(script) {
            anyhow::bail!("{}: {why}", script_file(name).display());
        }
        let file = file(name);
        let known = project.read(&file).unwrap_or_default();
        let transcript = play(script, &built, &known)
            .with_context(|| script_file(name).display().to_string())?;
        std::fs::write(project.root.join(&file), transcript.to_string())
            .with_context(|| file.display().to_string())?;
        println!("{}: {} lines", file.display(), transcript.lines.len());
    }
    Ok(())
}
