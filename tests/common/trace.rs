//! What a server asks of the kernel: written down by strace.

use std::fs;
use std::process::Command;

use super::program::done;
use super::{Program, Server, skip, tools};

/// Runs a server under strace while `work` lasts. Returns the lines that
/// strace wrote; `None`, after saying so, if `test` cannot be done here.
pub fn trace(
    test: &str,
    command: &[&str],
    work: impl FnOnce(&Server),
) -> Option<Vec<String>> {
    if !can_trace() {
        let how = "install strace, and allow ptrace(2)";
        skip(test, "no strace", how);
        return None;
    }
    let log = tools::scratch("strace");
    let log_name = log.to_str().expect("a path in UTF-8");
    let arguments = [&["strace", "-qq", "-o", log_name], command].concat();
    let program = Program::new("/usr/bin/env", &arguments);
    let server = Server::announced(program.start());
    work(&server);
    // strace itself is deaf to Ctrl-C, and ends when the server does.
    let task = server.pid();
    let children = format!("/proc/{task}/task/{task}/children");
    let traced = fs::read_to_string(children).unwrap();
    let traced = traced.trim().parse().unwrap();
    // SAFETY: kill(2) takes numbers, and strace has not waited for it yet.
    done(unsafe { libc::kill(traced, libc::SIGINT) }).unwrap();
    server.wait();
    let text = fs::read_to_string(&log).unwrap();
    fs::remove_file(log).unwrap();
    Some(text.lines().map(str::to_string).collect())
}

/// Whether programs can be traced here: strace may be missing, and tracing
/// forbidden.
fn can_trace() -> bool {
    let mut strace = Command::new("strace");
    let output = strace.args(["-o", "/dev/null", "true"]).output();
    output.is_ok_and(|output| output.status.success())
}
