//! The sandbox: what is said of it, whom it binds, and from when on.

use std::fs;

use service::sandbox::calls::{EXPLAINED, OLDER, PEER, RUNTIME};

use crate::calls::can_trace;
use crate::files::client::get;
use crate::files::tree::Tree;
use crate::lab::{Outcome, landlock, proc};
use crate::service::{SITE, TOP, reload, settings};
use crate::steps::{Step, launch, on_every, skip_here};

const NONE: &str = "this kernel has no Landlock";

/// That a root within sandbox.read can be had, the suite of step 21 sees.
#[test]
fn all_threads_have_given_it_up_or_it_is_said() -> Outcome {
    const ON: &str = "NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t2\n";
    const FILES: &str = "NoNewPrivs:\t1\nSeccomp:\t0\nSeccomp_filters:\t0\n";
    const OFF: &str = "NoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t0\n";
    const OLD: &str = "landlock=ENOSYS";
    const OLDEST: &str = "seccomp=EINVAL";
    const BEST: &str = "sandbox = 'best'\n";
    const REQUIRE: &str = "sandbox = 'require'\n";
    const WHY: &str = "outside what the sandbox allowed; restart or add it to \
        sandbox.read\n";
    let count = |step: &Step| {
        let further = if step.does("node") { PEER.len() } else { 0 };
        EXPLAINED.len() + OLDER.len() + RUNTIME.len() + further
    };
    let version = landlock::version();
    if version.is_none() {
        skip_here(NONE, landlock::TO_ENABLE);
    }
    on_every("hardened", |step| {
        let count = count(step);
        let abi = format!("sandbox: landlock ABI {}, ", version.unwrap_or(0));
        let all = format!("{abi}seccomp {count} calls\n");
        let files = format!("{abi}no seccomp: ");
        let why = "this kernel does not have it";
        let calls =
            format!("sandbox: no landlock: {why}; seccomp {count} calls");
        let tree = Tree::new();
        let other = format!("{TOP}[[site]]\nroot = '..'\n");
        let hidden = format!("root \"{}/..\": {WHY}", tree.outside().display());
        let launch = |mode, shim| {
            let text = format!("{TOP}{mode}{SITE}");
            let file = settings(&tree, &text);
            Ok(step.launch(&["--settings", &file])?.shim(shim))
        };
        for (mode, shim, said, state, then, status) in [
            ("", "", &*all, ON, &*hidden, 200),
            (REQUIRE, "", &all, ON, &hidden, 200),
            (BEST, OLDEST, &files, FILES, &hidden, 200),
            (BEST, OLD, &calls, ON, "reloaded: 1 ", 404),
            ("sandbox = 'off'\n", "", "at most ", OFF, "reloaded: 1 ", 404),
        ] {
            if version.is_none() && said.starts_with(&abi) {
                continue;
            }
            let server = launch(mode, shim)?.start()?;
            server.expect_note(said)?;
            for task in proc::list(server.pid(), "task") {
                let status = fs::read_to_string(task.join("status")).unwrap();
                assert!(status.contains(state), "{mode} {shim}: {status}");
            }
            // Another root, of which it has not been told at the start.
            reload(&server, &tree, &other, then)?;
            let client = &mut server.connect()?;
            assert_eq!(get(client, "/file.txt")?.status, status);
        }
        let missing = ["no landlock: ", "no seccomp: "];
        for (shim, said) in [OLD, OLDEST].into_iter().zip(missing) {
            let line = launch(REQUIRE, shim)?.spawn()?.expect_complaint(1)?;
            assert!(line.contains(said), "{line}");
        }
        Ok(())
    })
}

/// What needs more rights comes first, and nobody is told before all is done.
#[test]
fn the_start_has_an_order() -> Outcome {
    const ORDER: [&str; 11] = [
        "/site.toml\"",
        "/inside\"",
        " bind(",
        " listen(",
        "/log\"",
        "PR_SET_NO_NEW_PRIVS",
        " landlock_restrict_self(",
        " seccomp(",
        " clone(",
        "\"listening on ",
        "\"READY=1\"",
    ];
    if !can_trace() {
        skip_here("no strace", "install strace, and allow ptrace(2)");
        return Ok(());
    }
    if landlock::version().is_none() {
        skip_here(NONE, landlock::TO_ENABLE);
        return Ok(());
    }
    on_every("hardened", |step| {
        let tree = Tree::new();
        let file = settings(&tree, &format!("{TOP}{SITE}"));
        let strace = ["strace", "-f", "-qq", "-o", "trace", &step.program];
        let server = launch("/usr/bin/env", &["NOTIFY_SOCKET=manager"])?;
        let server = server.with(&strace).with(&["--settings", &file]);
        let server = server.start()?;
        proc::kill(proc::newest(server.pid()), libc::SIGINT);
        server.wait(server.patience())?;
        let path = server.lab().scratch().join("trace");
        let trace = fs::read_to_string(path).unwrap();
        let found = ORDER.map(|it| trace.find(it));
        let is_in_order = found[0].is_some() && found.is_sorted();
        assert!(is_in_order, "{found:?}: {trace}");
        Ok(())
    })
}
