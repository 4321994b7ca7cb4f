//! Building every starter, solution and answer in one run of cargo.
//!
//! The programs are written into a package of their own below the target
//! directory, with the project's dependencies and lints. cargo then builds
//! only what has changed since the last time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::paper::Proven;
use crate::artifacts::{self, Artifacts};
use crate::compile::{self, Project};

/// What came of building.
pub struct Built {
    /// Where the programs are.
    pub programs: Artifacts,
    /// Warnings of starters, errors of all.
    pub faults: Vec<String>,
}

/// The name of an exercise's starter as a program.
pub fn starter(id: &str) -> String {
    format!("{id}-starter")
}

/// The name of an exercise's solution as a program.
pub fn solution(id: &str) -> String {
    format!("{id}-solution")
}

/// The name of one of an exercise's answers as a program.
pub fn answer(id: &str, index: usize) -> String {
    format!("{id}-answer-{}", index + 1)
}

/// The directory of the package.
pub fn package(project: &Project) -> PathBuf {
    project.built.with_file_name("prove")
}

/// Builds all programs of all exercises.
///
/// # Errors
/// When they cannot be written, or cargo cannot be run.
pub fn build(
    project: &Project,
    proven: &[Proven<'_>],
) -> Result<Built, String> {
    let package = package(project);
    let manifest = write_package(project, proven, &package)?;
    let mut cargo = Command::new(compile::cargo());
    cargo
        .args(["build", "--bins", "--offline", "--keep-going"])
        .args(["--message-format"])
        .arg("json-diagnostic-short,json-render-diagnostics")
        .arg("--manifest-path")
        .arg(manifest)
        .arg("--target-dir")
        .arg(package.join("target"));
    let output = compile::run(&mut cargo)?;
    let words = String::from_utf8_lossy(&output.stderr);
    let mut faults: Vec<String> = words
        .lines()
        .filter(|line| {
            let in_starter =
                line.contains("-starter.rs:") && line.contains(": warning");
            in_starter || line.contains(": error")
        })
        .map(|line| format!("does not compile cleanly: {line}"))
        .collect();
    if !output.status.success() && faults.is_empty() {
        faults.push(format!("cargo failed:\n{words}"));
    }
    let programs = artifacts::read(&output.stdout);
    Ok(Built { programs, faults })
}

/// Copies the files of the step that an exercise may use as modules.
fn copy_modules(
    project: &Project,
    id: &str,
    source: &Path,
) -> Result<(), String> {
    let steps = project.root.join("steps");
    let prefix = format!("{}-", id.trim_end_matches(char::is_alphabetic));
    let entries = fs::read_dir(&steps).into_iter().flatten().flatten();
    let mut steps = entries.map(|entry| entry.path()).filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(&prefix)
    });
    let Some(step) = steps.next() else { return Ok(()) };
    let module = step.join("root.rs");
    match fs::read_to_string(&module) {
        Ok(text) => write_if_new(&source.join("root.rs"), &text).map(drop),
        Err(_) => Ok(()),
    }
}

/// Writes the package; the path of its manifest.
fn write_package(
    project: &Project,
    proven: &[Proven<'_>],
    package: &Path,
) -> Result<PathBuf, String> {
    let source = package.join("src");
    fs::create_dir_all(&source).map_err(|error| {
        format!("cannot make {}: {error}", source.display())
    })?;
    let path = project.root.join("Cargo.toml");
    let ours = fs::read_to_string(&path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let mut manifest = format!(
        "[package]\nname = \"prove\"\nedition = \"2024\"\nautobins = false\n\
         \n[workspace]\n\n[profile.dev]\ndebug = 0\nincremental = false\n\
         \n{}socket-to-swarm = {{ path = {:?} }}\n\n{}\n{}\n",
        section(&ours, "[dependencies]"),
        project.root,
        section(&ours, "[lints.rust]"),
        section(&ours, "[lints.clippy]"),
    );
    let mut bin = |name: String, text: &str| {
        manifest.push_str(&format!(
            "[[bin]]\nname = \"{name}\"\npath = \"src/{name}.rs\"\n"
        ));
        write_if_new(&source.join(format!("{name}.rs")), text)
    };
    for one in proven {
        let id = &one.exercise.id;
        copy_modules(project, id, &source)?;
        bin(starter(id), &one.programs.starter)?;
        bin(solution(id), &one.programs.solution)?;
        for (index, wrong) in one.wrong.iter().enumerate() {
            let text =
                one.programs.solution.replacen(&wrong.find, &wrong.replace, 1);
            // What such an answer leaves unused is not the point.
            bin(answer(id, index), &format!("#![allow(warnings)]\n{text}"))?;
        }
    }
    // The same versions as the project's, without asking anybody.
    let lock = project.root.join("Cargo.lock");
    let lock = fs::read_to_string(lock).unwrap_or_default();
    write_if_new(&package.join("root.lock"), &lock).and_then(|is_new| {
        let own = package.join("Cargo.lock");
        if is_new || !own.exists() {
            write_if_new(&own, &lock)
        } else {
            Ok(true)
        }
    })?;
    let path = package.join("Cargo.toml");
    write_if_new(&path, &manifest)?;
    Ok(path)
}

/// The lines of a manifest from `header` up to the next header.
fn section(manifest: &str, header: &str) -> String {
    let lines = manifest.lines().skip_while(|line| *line != header);
    let mut text = format!("{header}\n");
    for line in lines.skip(1).take_while(|line| !line.starts_with('[')) {
        if !line.is_empty() && !line.starts_with('#') {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// Writes a file unless it has this text already: what is not touched is not
/// built again. Whether it was written.
fn write_if_new(path: &Path, text: &str) -> Result<bool, String> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(false);
    }
    fs::write(path, text)
        .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    Ok(true)
}
