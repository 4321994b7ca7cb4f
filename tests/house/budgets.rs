//! How long a program, a line and a compilation may be.

use std::collections::BTreeSet;
use std::process::Command;

use crate::tree::{root, steps, tracked_rust};

/// Lines of a step's `main.rs`, and of each further file.
const FILE: usize = 250;

/// Columns of a line.
const COLUMNS: usize = 80;

/// Crates that are compiled before the first step runs: few enough for 15
/// seconds on two cold cores.
const CRATES: usize = 16;

#[test]
fn a_step_can_be_read_at_one_sitting() {
    for step in steps() {
        for (file, text) in step.sources() {
            let lines = text.lines().count();
            assert!(lines <= FILE, "{file}: {lines} lines, {FILE} at most");
        }
    }
}

#[test]
fn a_line_fits_on_the_page() {
    let test = "a_line_fits_on_the_page";
    let Some(sources) = tracked_rust(test) else { return };
    let mut long = Vec::new();
    for (file, text) in sources {
        for (index, line) in text.lines().enumerate() {
            let columns = line.chars().count();
            if columns > COLUMNS && !cannot_be_cut(&file, line) {
                let line = index + 1;
                long.push(format!("{file}:{line}: {columns} columns"));
            }
        }
    }
    assert!(long.is_empty(), "at most {COLUMNS} columns:\n{}", long.join("\n"));
}

/// The row of a table, and another program's line quoted word for word.
fn cannot_be_cut(file: &str, line: &str) -> bool {
    line.starts_with("//! |") || file.starts_with("tests/exercises/checks/")
}

#[test]
fn the_first_step_compiles_at_once() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--package", "socket-to-swarm", "--prefix", "none"])
        .args(["--edges", "normal,build", "--locked", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let crates: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|name| !name.is_empty())
        .collect();
    assert!(crates.contains("nix"), "{crates:?}");
    assert!(crates.len() <= CRATES, "{} crates: {crates:?}", crates.len());
}
