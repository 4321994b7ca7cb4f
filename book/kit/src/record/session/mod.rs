//! A recorded terminal session.
//!
//! `book/runs/NAME.session`, written by hand, is its script;
//! `book/runs/NAME.txt` holds what the terminals then showed.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Context;

use super::cargo::{self, Built};
use super::ports::Ports;
use super::{Recording, Source};
use crate::{Project, Result, Step};

mod record;
mod script;
mod stage;
mod terminal;
mod tools;
mod transcript;

pub(super) use record::record;
pub use script::{Script, What};
pub(super) use stage::Stage;
pub(super) use terminal::{Key, Program};
pub use tools::{impossible, tools, version};
pub use transcript::{Kind, Transcript, render};

/// The script of a session, from the root.
pub fn script_file(name: &str) -> PathBuf {
    format!("book/runs/{name}.session").into()
}

/// The recorded session, from the root.
pub fn file(name: &str) -> PathBuf {
    format!("book/runs/{name}.txt").into()
}

/// The session of that name.
pub(super) fn recording<'a>(
    project: &'a Project,
    name: &str,
) -> Result<Recording<'a>> {
    let file = script_file(name);
    let script = Script::parse(&project.read(&file)?)
        .with_context(|| file.display().to_string())?;
    let words = script.words();
    let sources = words.iter().map(|word| source_file(word));
    let mut own: Vec<PathBuf> =
        sources.filter(|it| project.root.join(it).is_file()).collect();
    own.push(file);
    if words.contains("shim") {
        own.push("tests/lab/shim".into());
    }
    if words.contains("swarm") {
        own.extend(["tests/swarm", "shared/peer"].map(PathBuf::from));
    }
    let steps = project.steps.iter();
    Ok(Recording {
        name: format!("runs {name}"),
        file: self::file(name),
        own,
        steps: steps.filter(|it| words.contains(&*it.program())).collect(),
        compare: script.compare,
        source: Source::Run(script),
    })
}

/// A file that sessions have at hand if they name it.
fn source_file(word: &str) -> PathBuf {
    format!("book/runs/{word}.rs").into()
}

/// The recorded session.
pub fn load(project: &Project, name: &str) -> Result<Transcript> {
    let file = file(name);
    let text = project
        .read(&file)
        .with_context(|| format!("record it: cargo book record runs {name}"))?;
    Transcript::parse(&text).with_context(|| file.display().to_string())
}

/// Builds what these sessions run: the steps that they name, the library that
/// is preloaded, and for `cargo run --example NAME` that program; optimised if
/// a session says `--release`. A session that names `rustc` has the compiler,
/// and one that names `NAME.rs` has that file of `book/runs` at hand.
pub fn build(project: &Project, scripts: &[&Script]) -> Result<Built> {
    let words: BTreeSet<&str> =
        scripts.iter().flat_map(|script| script.words()).collect();
    let names: Vec<_> =
        scripts.iter().flat_map(|it| programs(project, it)).collect();
    let mut built = cargo::build(project, &names)?;
    let fast = scripts.iter().filter(|it| it.words().contains("--release"));
    let names: Vec<_> = fast.flat_map(|it| programs(project, it)).collect();
    let fast = cargo::build_optimised(project, &names)?;
    let release = |(name, file)| (format!("release/{name}"), file);
    built.extend(fast.into_iter().map(release));
    if words.contains("rustc") {
        built.insert("rustc".to_string(), cargo::compiler(project)?);
    }
    for word in words.into_iter().filter(|word| is_source(project, word)) {
        let source = project.root.join(source_file(word));
        built.insert(format!("{word}.rs"), source);
    }
    Ok(built)
}

/// The names of the programs that a session runs.
fn programs(project: &Project, script: &Script) -> Vec<String> {
    let words = script.words();
    let mut names: Vec<_> = project.steps.iter().map(Step::program).collect();
    names.extend(["shim", "swarm"].map(String::from));
    names.retain(|name| words.contains(&**name));
    if words.contains("--example") {
        let sources = words.iter().filter(|it| is_source(project, it));
        names.extend(sources.map(ToString::to_string));
    }
    names
}

/// Whether there is a program of a session's own with this name.
fn is_source(project: &Project, word: &str) -> bool {
    project.root.join(source_file(word)).exists()
}

/// Plays a session. `known` is what was recorded of it before.
pub fn play(script: &Script, built: &Built, known: &str) -> Result<Transcript> {
    let stage = Stage::new(built)?;
    Ok(Transcript {
        caption: script.caption.clone(),
        tools: tools(script),
        lines: record(script, &stage, &Ports::fresh(known)?)?,
    })
}
