//! Builds what is to be run, as `cargo build` does, and finds it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::{Project, Result, Step};

/// Programs for tracing keep to a linker whose unwinding tables strace can
/// read; and the standard library must not check descriptors by `fcntl`
/// before it closes them.
pub(super) const FOR_TRACES: &str =
    "-C linker-features=-lld -C debug-assertions=off";

/// Names of targets and the files built from them.
pub type Built = BTreeMap<String, PathBuf>;

/// Builds programs as a reader would: steps, and else examples.
pub fn build(project: &Project, names: &[String]) -> Result<Built> {
    run(cargo(project, "build"), names)
}

/// Builds programs that are to be fast.
pub fn build_optimised(project: &Project, names: &[String]) -> Result<Built> {
    let mut command = cargo(project, "build");
    command.arg("--release");
    run(command, names)
}

/// Builds steps so that their calls can be attributed, into a directory
/// of their own: the reader's build is not thrown away by other flags.
pub fn build_for_traces(project: &Project, steps: &[&Step]) -> Result<Built> {
    let names: Vec<_> = steps.iter().map(|step| step.program()).collect();
    let mut command = cargo(project, "build");
    command.env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTFLAGS", FOR_TRACES);
    let folder = target_directory(project)?.join("trace");
    command.env("CARGO_TARGET_DIR", folder);
    run(command, &names)
}

/// The compiler's version: `1.95.0`.
pub fn compiler_version(project: &Project) -> Result<String> {
    let text = rustc(project, &["--version"])?;
    Ok(text.split_whitespace().nth(1).unwrap_or("unknown").to_string())
}

/// The compiler itself, which runs without rustup's settings.
pub fn compiler(project: &Project) -> Result<PathBuf> {
    let sysroot = rustc(project, &["--print", "sysroot"])?;
    Ok(Path::new(sysroot.trim()).join("bin/rustc"))
}

fn rustc(project: &Project, words: &[&str]) -> Result<String> {
    let mut rustc = Command::new("rustc");
    rustc.args(words).current_dir(&project.root);
    let output = rustc.output().context("cannot run rustc")?;
    Ok(String::from_utf8(output.stdout)?)
}

fn cargo(project: &Project, task: &str) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let mut command = Command::new(cargo);
    command.arg(task).current_dir(&project.root).stdin(Stdio::null());
    command
}

fn run(mut command: Command, names: &[String]) -> Result<Built> {
    if names.is_empty() {
        return Ok(Built::new());
    }
    command.arg("--message-format=json-render-diagnostics");
    for name in names {
        let is_step = name.starts_with("step");
        command.args([if is_step { "--bin" } else { "--example" }, name]);
    }
    // Cargo says how far it is, and what does not compile.
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.context("cannot run cargo")?;
    if !output.status.success() {
        bail!("cargo build failed: {}", names.join(" "));
    }
    let text = String::from_utf8(output.stdout)?;
    text.lines().filter_map(|line| artifact(line).transpose()).collect()
}

/// A line of cargo's report, if it tells of something that can be run or
/// preloaded.
fn artifact(line: &str) -> Result<Option<(String, PathBuf)>> {
    let message: Value = serde_json::from_str(line)?;
    let (target, files) = (&message["target"], &message["filenames"]);
    let mut files = files.as_array().into_iter().flatten().map(Value::as_str);
    let library = |file: &Option<&str>| {
        target["kind"][0] == "example"
            && file.is_some_and(|file| file.ends_with(".so"))
    };
    let file = message["executable"].as_str();
    let file = file.or_else(|| files.find(library).flatten());
    let name = target["name"].as_str();
    Ok(name.zip(file).map(|(name, file)| (name.to_string(), file.into())))
}

/// Where cargo builds: `target`, unless the user has said otherwise.
pub fn target_directory(project: &Project) -> Result<PathBuf> {
    let output = cargo(project, "metadata")
        .args(["--no-deps", "--format-version=1"])
        .output()
        .context("cannot run cargo metadata")?;
    let metadata: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_default();
    let directory = metadata["target_directory"].as_str();
    let error = || String::from_utf8_lossy(&output.stderr).into_owned();
    Ok(directory.with_context(error)?.into())
}

/// The file of a target.
pub fn built<'a>(built: &'a Built, name: &str) -> Result<&'a Path> {
    built
        .get(name)
        .map(PathBuf::as_path)
        .with_context(|| format!("cargo has built no {name}"))
}
