//! What step 07 asks of the kernel for a file: counted by strace.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};

use crate::client::{STEP_07, ask};
use crate::common::tools::scratch;
use crate::common::{Program, Server, skip};
use crate::tree::Tree;

/// The calls that the server makes, by name, from its start to its end, with
/// `requests` for a small file on one connection.
fn calls(root: &Path, requests: usize) -> BTreeMap<String, i64> {
    let log = scratch("strace");
    let (log_name, root) = (log.to_str().unwrap(), root.to_str().unwrap());
    let arguments =
        ["strace", "-qq", "-o", log_name, STEP_07, "0", "--root", root];
    let program = Program::new("/usr/bin/env", &arguments);
    let server = Server::announced(program.start());
    let mut wire = server.connect();
    for _ in 0..requests {
        assert_eq!(ask(&mut wire, "GET", "/file.txt").status, 200);
    }
    drop(wire);
    server.wait_for_note("answered");
    // strace itself is deaf to Ctrl-C, and ends when the server does.
    let task = server.pid();
    let children = format!("/proc/{task}/task/{task}/children");
    let traced = fs::read_to_string(children).unwrap();
    let traced = traced.trim().parse().unwrap();
    kill_process(Pid::from_raw(traced).unwrap(), Signal::INT).unwrap();
    server.wait();
    let text = fs::read_to_string(&log).unwrap();
    fs::remove_file(log).unwrap();
    let mut calls = BTreeMap::new();
    for line in text.lines() {
        if let Some((name, _)) = line.split_once('(') {
            *calls.entry(name.to_string()).or_default() += 1;
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

#[test]
fn a_small_file_takes_eight_calls() {
    if !can_trace() {
        let how = "install strace, and allow ptrace(2)";
        return skip("a_small_file_takes_eight_calls", "no strace", how);
    }
    let tree = Tree::new();
    let few = calls(&tree.root(), 10);
    let many = calls(&tree.root(), 110);
    let mut per_request = BTreeMap::new();
    for (name, count) in many {
        let more = count - few.get(&name).unwrap_or(&0);
        // What glibc makes of fstat depends on its version.
        let name = name.replace("newfstatat", "fstat");
        // Before each close a debug build asks whether there is anything to
        // be closed.
        if more != 0 && name != "fcntl" {
            per_request.insert(name, more);
        }
    }
    let expected = [
        ("close", 100),
        ("fstat", 100),
        ("openat2", 100),
        ("pread64", 100),
        ("read", 100),
        // How much time is left, for the read and for the write.
        ("setsockopt", 200),
        // Head and content together.
        ("write", 100),
    ];
    let expected = expected.map(|(name, count)| (name.to_string(), count));
    assert_eq!(per_request, BTreeMap::from(expected));
}
