//! The sandbox: what is said of it, and whom it binds.

use std::fs;

use crate::files::client::get;
use crate::files::tree::Tree;
use crate::lab::{Outcome, proc};
use crate::service::{SITE, TOP, reload, settings};
use crate::steps::on_every;

/// That a root within sandbox.read can be had, the suite of step 21 sees.
#[test]
fn all_threads_have_given_it_up_or_it_is_said() -> Outcome {
    const ON: &str = "NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t2\n";
    const OFF: &str = "NoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t0\n";
    const OLD: &str = "landlock=ENOSYS";
    const ABI: &str = "sandbox: landlock ABI ";
    const NONE: &str = "sandbox: no landlock: this kernel does not have it; ";
    const WHY: &str = "outside what the sandbox allowed; restart or add it to \
        sandbox.read\n";
    on_every("hardened", |step| {
        let tree = Tree::new();
        let other = format!("{TOP}[[site]]\nroot = '..'\n");
        let hidden = format!("root \"{}/..\": {WHY}", tree.outside().display());
        let launch = |mode, shim| {
            let text = format!("{TOP}sandbox = '{mode}'\n{SITE}");
            let file = settings(&tree, &text);
            Ok(step.launch(&["--settings", &file])?.shim(shim))
        };
        for (mode, shim, said, state, then, status) in [
            ("best", "", ABI, ON, &*hidden, 200),
            ("require", "", ABI, ON, &hidden, 200),
            ("best", OLD, NONE, ON, "reloaded: 1 ", 404),
            ("off", "", "at most ", OFF, "reloaded: 1 ", 404),
        ] {
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
        let line = launch("require", OLD)?.spawn()?.expect_complaint(1)?;
        assert!(line.contains(NONE), "{line}");
        Ok(())
    })
}
