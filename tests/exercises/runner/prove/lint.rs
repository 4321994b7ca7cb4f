//! The masters are code like all other: formatted, and without warnings.

use std::process::Command;

use super::Finding;
use super::paper::Proven;
use super::variants;
use crate::compile::{self, Project};

/// Checks the masters with rustfmt, and in CI with clippy, which takes
/// longer.
pub fn check(
    project: &Project,
    proven: &[Proven<'_>],
    in_ci: bool,
) -> Vec<Finding> {
    let package = variants::package(project);
    let names =
        proven.iter().map(|one| variants::name(&one.exercise.id, "solution"));
    let mut rustfmt = Command::new("rustfmt");
    rustfmt.current_dir(&project.root);
    rustfmt.args(["--check", "--edition", "2024", "--config-path", "."]);
    let mut clippy = Command::new(compile::cargo());
    clippy.args(["clippy", "--offline", "--quiet", "--manifest-path"]);
    clippy.arg(package.join("Cargo.toml"));
    clippy.arg("--target-dir").arg(package.join("target"));
    for name in names {
        // As they are built, beside the modules that they use.
        rustfmt.arg(package.join(format!("src/{name}.rs")));
        clippy.args(["--bin", &name]);
    }
    clippy.args(["--", "-D", "warnings"]);
    let clippy = in_ci.then(|| tool("clippy", &mut clippy));
    let found = [tool("rustfmt", &mut rustfmt), clippy.flatten()];
    found.into_iter().flatten().collect()
}

/// Runs a tool that must be content.
fn tool(name: &str, command: &mut Command) -> Option<Finding> {
    match compile::run(command) {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(Finding::Fault(format!(
            "{name} on tests/exercises:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ))),
        Err(why) => Some(Finding::Skipped(format!(
            "{name} on tests/exercises: {why}; to enable: rustup component \
             add {name}"
        ))),
    }
}
