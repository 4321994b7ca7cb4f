//! The book: the kit's own tests, and the check of what it shows.
//!
//! The kit is a crate of its own, so that running a step does not compile
//! mdBook. `cargo test` of the course runs its tests all the same.

#![allow(clippy::expect_used)]

use std::io::{self, Write};
use std::process::Command;

/// Runs cargo in the root of the repository; what it prints is shown only if
/// it fails, but for what was skipped.
fn cargo(words: &[&str]) {
    let output = Command::new(env!("CARGO"))
        .args(words)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs these tests, so it can be run");
    let printed = [&output.stdout, &output.stderr]
        .map(|text| String::from_utf8_lossy(text).into_owned())
        .concat();
    assert!(
        output.status.success(),
        "cargo {} failed: {}\n{printed}",
        words.join(" "),
        output.status
    );
    for line in printed.lines().filter(|line| line.starts_with("SKIPPED")) {
        // Not `eprintln!`: the words of a test that passes are not shown.
        let _ = writeln!(io::stderr(), "{line}");
    }
}

#[test]
fn the_kits_own_tests() {
    cargo(&["test", "--package", "book", "--", "--nocapture"]);
}

#[test]
fn nothing_is_wrong_with_the_book() {
    cargo(&["book", "check"]);
}
