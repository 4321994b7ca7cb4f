//! The masters are code like all other: formatted, and without warnings.

use std::process::Command;

use super::Findings;
use super::paper::Proven;
use super::variants;
use crate::compile::{self, Project};

/// Checks the masters with rustfmt, and in CI with clippy, which takes
/// longer.
pub fn check(
    project: &Project,
    proven: &[Proven<'_>],
    in_ci: bool,
    findings: &mut Findings,
) {
    let mut rustfmt = Command::new("rustfmt");
    rustfmt.current_dir(&project.root);
    rustfmt.args(["--check", "--edition", "2024", "--config-path", "."]);
    // The solutions as they are built, beside the modules that they use.
    let source = variants::package(project).join("src");
    for one in proven {
        let name = variants::solution(&one.exercise.id);
        rustfmt.arg(source.join(name).with_extension("rs"));
    }
    tool("rustfmt", &mut rustfmt, findings);
    if in_ci {
        let package = variants::package(project);
        let mut clippy = Command::new(compile::cargo());
        clippy.args(["clippy", "--offline", "--quiet", "--manifest-path"]);
        clippy.arg(package.join("Cargo.toml"));
        clippy.arg("--target-dir").arg(package.join("target"));
        for one in proven {
            let name = variants::solution(&one.exercise.id);
            clippy.args(["--bin", &name]);
        }
        clippy.args(["--", "-D", "warnings"]);
        tool("clippy", &mut clippy, findings);
    }
}

/// Runs a tool that must be content.
fn tool(name: &str, command: &mut Command, findings: &mut Findings) {
    match compile::run(command) {
        Ok(output) if output.status.success() => {}
        Ok(output) => findings.faults.push(format!(
            "{name} on tests/exercises:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )),
        Err(why) => findings.skipped.push(format!(
            "{name} on tests/exercises: {why}; to enable: rustup component \
             add {name}"
        )),
    }
}
