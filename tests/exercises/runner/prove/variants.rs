//! Building every starter, solution and answer in one run of cargo.
//!
//! The programs are written into a package of their own below the target
//! directory, with the project's dependencies and lints. cargo then builds
//! only what has changed since the last time.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Finding;
use super::paper::Proven;
use crate::compile::{self, Project};
use crate::text;

/// The name of a program: `starter`, `solution` or `answer-0` of an exercise.
pub fn name(id: &str, program: &str) -> String {
    format!("{id}-{program}")
}

/// The directory of the package.
pub fn package(project: &Project) -> PathBuf {
    project.built.with_file_name("prove")
}

/// Where that program is, once it is built.
pub fn path(project: &Project, id: &str, program: &str) -> PathBuf {
    package(project).join("target/debug").join(name(id, program))
}

/// Builds all programs of all exercises. Warnings of starters and errors of
/// all are faults.
pub fn build(
    project: &Project,
    proven: &[Proven<'_>],
    findings: &mut Vec<Finding>,
) -> Result<(), String> {
    let package = package(project);
    let manifest = write_package(project, proven, &package)?;
    let mut cargo = Command::new(compile::cargo());
    cargo
        .args(["build", "--bins", "--offline", "--keep-going"])
        .args(["--message-format", "short"])
        .arg("--manifest-path")
        .arg(manifest)
        .arg("--target-dir")
        .arg(package.join("target"));
    let output = compile::run(&mut cargo)?;
    let words = String::from_utf8_lossy(&output.stderr);
    let unclean = words.lines().filter(|line| {
        let in_starter = line.contains("-starter.rs:");
        in_starter && line.contains(": warning") || line.contains(": error")
    });
    let faults = unclean.map(|line| {
        Finding::Fault(format!("does not compile cleanly: {line}"))
    });
    let before = findings.len();
    findings.extend(faults);
    if !output.status.success() && findings.len() == before {
        findings.push(Finding::Fault(format!("cargo failed:\n{words}")));
    }
    Ok(())
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
    let ours = text::read(&project.root.join("Cargo.toml"))?;
    let mut manifest = format!(
        "[package]\nname = \"prove\"\nedition = \"2024\"\nautobins = false\n\
         \n[workspace]\n\n[profile.dev]\ndebug = 0\nincremental = false\n\
         \n[lints]\nworkspace = true\n\n{}\n{}\n\
         {}socket-to-swarm = {{ path = {:?} }}\n{}\n",
        section(&ours, "[workspace.lints.rust]")?,
        section(&ours, "[workspace.lints.clippy]")?,
        section(&ours, "[dependencies]")?,
        project.root,
        packages(project, proven, section(&ours, "[dependencies]")?)?,
    );
    let mut bin = |name: String, text: &str| {
        manifest.push_str(&format!(
            "[[bin]]\nname = \"{name}\"\npath = \"src/{name}.rs\"\n"
        ));
        write_if_new(&source.join(format!("{name}.rs")), text)
    };
    for Proven { exercise, programs, wrong, .. } in proven {
        let id = &exercise.id;
        let solution = &programs.solution;
        // Step 08's root is a module of its exercise, too.
        let module = exercise.file(&project.root).with_file_name("root.rs");
        if module.exists() {
            write_if_new(&source.join("root.rs"), &text::read(&module)?)?;
        }
        bin(name(id, "starter"), &programs.starter)?;
        bin(name(id, "solution"), solution)?;
        for (index, wrong) in wrong.iter().enumerate() {
            let text = solution.replacen(&wrong.find, &wrong.replace, 1);
            // What such an answer leaves unused is not the point.
            let name = name(id, &format!("answer-{index}"));
            bin(name, &format!("#![allow(warnings)]\n{text}"))?;
        }
    }
    // The same versions as the project's, without asking anybody.
    let lock = text::read(&project.root.join("Cargo.lock"))?;
    text::write(&package.join("Cargo.lock"), &lock)?;
    let path = package.join("Cargo.toml");
    write_if_new(&path, &manifest)?;
    Ok(path)
}

/// The packages, but the root, that the exercises are in, and what these need
/// besides `ours`: a line for each library.
fn packages(
    project: &Project,
    proven: &[Proven<'_>],
    ours: &str,
) -> Result<String, String> {
    let packages = proven.iter().map(|one| Path::new(&one.exercise.package));
    let mut lines = String::new();
    for package in packages.collect::<BTreeSet<_>>() {
        let Some(name) = package.file_name() else { continue };
        let path = project.root.join(package);
        lines += &format!("{} = {{ path = {path:?} }}\n", name.display());
        let manifest = text::read(&path.join("Cargo.toml"))?;
        let theirs = section(&manifest, "[dependencies]")?.lines().skip(1);
        for line in theirs.filter(|line| !line.contains("path = ")) {
            let (name, _) = line.split_once('=').unwrap_or_default();
            if !name.is_empty() && !ours.contains(&format!("\n{name}=")) {
                lines += &format!("{line}\n");
            }
        }
    }
    Ok(lines)
}

/// The part of a manifest from `header` up to the next header.
fn section<'a>(manifest: &'a str, header: &str) -> Result<&'a str, String> {
    let begin = manifest.find(header);
    let begin = begin.ok_or_else(|| format!("Cargo.toml lacks {header}"))?;
    let section = &manifest[begin..];
    Ok(section.find("\n[").map_or(section, |end| &section[..=end]))
}

/// Writes a file unless it has this text already: what is not touched is not
/// built again.
fn write_if_new(path: &Path, text: &str) -> Result<(), String> {
    if text::is(path, text) { Ok(()) } else { text::write(path, text) }
}
