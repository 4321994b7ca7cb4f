//! systemd.rs: what a service manager says is for this process, and not for a
//! child that it may start. The rest is seen over the wire.

use std::env;
use std::process::Command;

use service::systemd::{Notifier, take_sockets};

const NAMES: [&str; 4] =
    ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET"];

/// No test: what the next one does in a process of its own.
#[test]
fn take_what_is_said() {
    if !NAMES.iter().all(|it| env::var_os(it).is_some()) {
        return;
    }
    // SAFETY: the only other thread waits for this test, and the number in
    // LISTEN_PID is of another process.
    unsafe {
        assert!(take_sockets().ok().unwrap().is_empty());
        assert!(Notifier::take().is_ok());
    }
    let left = NAMES.iter().find(|it| env::var_os(it).is_some());
    assert_eq!(left, None);
}

#[test]
fn a_child_would_hear_of_nothing() {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", "manager::take_what_is_said"]);
    child.envs(NAMES.map(|it| (it, "1")));
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}
