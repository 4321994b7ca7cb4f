//! What a server asks of the kernel: written down by strace.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use crate::lab::program::Program;
use crate::lab::skip::skip;
use crate::lab::{Outcome, proc};
use crate::steps::launch;

/// Runs a server under strace while `work` lasts. Returns the lines that
/// strace wrote; `None`, after saying so, if `test` cannot be done here.
pub fn trace(
    test: &str,
    command: &[&str],
    work: impl FnOnce(&Program) -> Outcome,
) -> Outcome<Option<Vec<String>>> {
    if !can_trace() {
        skip(test, "no strace", "install strace, and allow ptrace(2)");
        return Ok(None);
    }
    let arguments = [&["strace", "-qq", "-o", "trace"], command].concat();
    let server = launch("/usr/bin/env", &arguments)?.start()?;
    work(&server)?;
    // strace itself is deaf to Ctrl-C, and ends when the server does.
    for traced in proc::children(server.pid()) {
        // SAFETY: kill(2) takes numbers, and strace has not waited for it yet.
        unsafe { libc::kill(traced, libc::SIGINT) };
    }
    server.wait(server.patience())?;
    let text = fs::read_to_string(server.lab().scratch().join("trace"));
    Ok(Some(text.unwrap().lines().map(str::to_string).collect()))
}

/// How often each call stands between the first line and the last that hold
/// `mark`, the first included: what is done from one mark to the next, for as
/// many as there are but one.
pub fn calls<'a>(lines: &'a [String], mark: &str) -> BTreeMap<&'a str, usize> {
    let is_mark = |line: &String| line.contains(mark);
    let first = lines.iter().position(is_mark).unwrap();
    let last = lines.iter().rposition(is_mark).unwrap();
    let mut calls = BTreeMap::new();
    for line in &lines[first..last] {
        let (name, _) = line.split_once('(').unwrap();
        // What glibc makes of fstat depends on its version. Before each
        // close a debug build asks whether there is anything to be closed.
        match name {
            "newfstatat" => *calls.entry("fstat").or_default() += 1,
            "fcntl" => {}
            name => *calls.entry(name).or_default() += 1,
        }
    }
    calls
}

/// Whether programs can be traced here: strace may be missing, and tracing
/// forbidden.
fn can_trace() -> bool {
    let mut strace = Command::new("strace");
    let output = strace.args(["-o", "/dev/null", "true"]).output();
    output.is_ok_and(|output| output.status.success())
}
