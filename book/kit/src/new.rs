//! `cargo book new 09 fork [AFTER]`: the skeleton of a step, which grows out
//! of the step before, or of step AFTER.
//!
//! It compiles and does what that step does. `cargo book check` tells what is
//! still to be written, and lets it pass while steps.toml says `unfinished`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};

use crate::check::PARTS;
use crate::record::trace;
use crate::{Project, Result, Step, project, sync};

/// Writes the skeleton and what is generated from the list of steps; returns
/// the files to begin with, from the root.
pub fn create(project: &Project, words: &[String]) -> Result<Vec<PathBuf>> {
    let (number, slug, after) = match words {
        [number, slug] => (number, slug, None),
        [number, slug, after] => (number, slug, Some(after.parse::<u8>()?)),
        _ => bail!("usage: cargo book new NUMBER SLUG [AFTER]"),
    };
    let number: u8 = number.parse().context("a step has a number: 09")?;
    let is_slug = slug.bytes().all(|it| it.is_ascii_lowercase() || it == b'-');
    ensure!(is_slug, "a slug has lower-case letters and hyphens: {slug}");
    let last = project.steps.last().context("there is no step to copy")?;
    ensure!(
        number > last.number,
        "step {:02} is there; a step between others is written by hand",
        last.number
    );
    let base = project.step(after.unwrap_or(last.number))?;

    let list = project.root.join("steps/steps.toml");
    let text = project.read("steps/steps.toml")?;
    fs::write(&list, enter(&text, number, &entry(number, slug, base)))?;
    let project = Project::open(&project.root)?;
    let step = project.step(number)?;
    copy(&project, base, step)?;
    write(&project, &trace::script_file(step), script(&project, base, step))?;
    write(&project, &step.chapter(), chapter(step))?;
    let mut files = vec![
        "steps/steps.toml".into(),
        step.folder().join("main.rs"),
        step.chapter(),
        trace::script_file(step),
    ];
    files.extend(sync::write(&project)?);
    Ok(files)
}

/// The list with `entry` in it: in the place of the step that was planned
/// under this number, or at the end.
fn enter(list: &str, number: u8, entry: &str) -> String {
    let planned = format!("\n[[planned]]\nnumber = {number}\n");
    let Some((before, rest)) = list.split_once(&planned) else {
        return format!("{list}{entry}");
    };
    let after = rest.find("\n[[").map_or("", |end| &rest[end..]);
    format!("{before}{entry}{after}")
}

fn entry(number: u8, slug: &str, base: &Step) -> String {
    let after = match base.number + 1 == number {
        true => String::new(),
        false => format!("after = {}\n", base.number),
    };
    let package = match base.package.display().to_string() {
        root if root.is_empty() => root,
        package => format!("package = \"{package}\"\n"),
    };
    format!(
        "\n[[step]]\nnumber = {number}\nslug = \"{slug}\"\n\
         title = \"TODO: {slug}\"\nminutes = 60\nidea = \"TODO\"\n\
         calls = []\nmodules = []\n{after}{package}unfinished = true\n"
    )
}

fn write(project: &Project, file: &Path, text: impl AsRef<[u8]>) -> Result<()> {
    let path = project.root.join(file);
    ensure!(!path.exists(), "{} is there already", file.display());
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    fs::write(path, text).with_context(|| file.display().to_string())
}

/// Copies what is below the base's directory, but for its exercises.
fn copy(project: &Project, base: &Step, step: &Step) -> Result<()> {
    for file in project::files(&project.root, base.folder())? {
        let copy = step.folder().join(file.strip_prefix(base.folder())?);
        if project::is_exercise(&file) {
            continue;
        }
        if file.extension().is_some_and(|end| end == "rs") {
            let text = renamed(&project.read(&file)?, base, step);
            write(project, &copy, text)?;
        } else {
            write(project, &copy, fs::read(project.root.join(file))?)?;
        }
    }
    Ok(())
}

/// The base's text, in which it calls itself by the step's names.
fn renamed(text: &str, base: &Step, step: &Step) -> String {
    let (old, new) = (base.number, step.number);
    text.replace(&format!("Step {old:02}: "), &format!("Step {new:02}: TODO: "))
        .replace(&base.program(), &step.program())
        .replace(&base.name(), &step.name())
}

/// What happens around the step while it is traced, as around its base.
fn script(project: &Project, base: &Step, step: &Step) -> String {
    let script = project.read(trace::script_file(base)).unwrap_or_default();
    let rest = script.split_once('\n').map_or("", |(_, rest)| rest);
    format!("# TODO: what the reader is about to see.\n{rest}")
        .replace(&base.program(), &step.program())
}

/// All parts of a chapter, each with what it is for.
fn chapter(step: &Step) -> String {
    let number = step.number;
    let mut text = format!("# {}\n\n{{{{#front {number:02}}}}}\n", step.title);
    for (part, purpose) in PARTS {
        let fresh = part == "What changed" && step.base().is_none();
        if fresh || part == "What it costs" {
            continue;
        }
        text.push_str(&format!("\n## {part}\n\nTODO: {purpose}\n"));
        if part == "What changed" {
            text.push_str(&format!("\n{{{{#diff {number:02}}}}}\n"));
        }
    }
    text
}
