//! 22b Nothing else: what is left to a server that does what it is told.

use std::fs;

use super::prelude::*;
use crate::lab::{Peer, landlock};

const SERVES: &str = "serves what it is to serve";

pub const CHECKS: &[Check] = checks![
    SERVES, 1, needs [], Passes, read "The order of the start",
        |lab| talk(&mut launch(lab)?.start()?.connect()?);
    "lets nobody read anything else", 5, needs [SERVES], Fails,
        read "Which files there still are", files;
    "starts no program and opens no socket", 5, needs [SERVES], Fails,
        read "Which calls there still are", calls;
    "says whether the kernel can do that", 2, needs [SERVES], Fails,
        read "Which files there still are", old;
    TIDY, 1, needs [SERVES], Passes, read "The order of the start",
        |lab| tidy::check(lab, &launch(lab)?.start()?, talk);
];

/// The program with `site`, in which there is a link that leads out.
fn launch(lab: &Lab) -> Outcome<Launch> {
    let none = || Trouble::blocked("this kernel has no Landlock");
    ensure(landlock::version().is_some(), none)?;
    let tree = Tree::new(lab);
    tree.file("site/a", "inside")?;
    tree.file("secret", "outside")?;
    tree.file("motd", "welcome")?;
    // It may be there already.
    let _ = tree.link("site/out", "../secret");
    Ok(lab.launch(&["127.0.0.1:0", "--root", "site"]))
}

fn talk(client: &mut Client) -> Outcome {
    round_trip(client, b"get site/a\nmotd\n", b"inside\nwelcome\n")
}

/// Each of the four threads has a client, who is refused all of this.
fn refused(program: &Program, lines: &[&str], guess: &str) -> Outcome {
    for client in &mut program.connect_many(4)? {
        for line in lines {
            client.send(format!("{line}\n").as_bytes())?;
            let response = client.line().likely(guess)?;
            ensure(response.starts_with(b"error"), || {
                client.failed("an error", show::bytes(&response))
            })
            .likely(guess)?;
        }
        talk(client)?;
    }
    Ok(())
}

fn files(lab: &Lab) -> Outcome {
    let program = launch(lab)?.start()?;
    for task in proc::list(program.pid(), "task") {
        let status = fs::read_to_string(task.join("status"));
        let status = status.unwrap_or_default();
        for line in ["NoNewPrivs:\t1", "Seccomp:\t2"] {
            ensure(status.lines().any(|it| it == line), || {
                let expected = format!("{line:?} in each thread's status");
                program.failed(expected, "there is a thread without it")
            })
            .likely("a thread has what its parent had when it was started")?;
        }
    }
    let secret = format!("get {}", Tree::new(lab).argument("secret"));
    let lines = [&*secret, "get site/../secret", "get site/out", "get motd"];
    refused(&program, &lines, "the directory is all that a thread has")
}

/// Without Landlock, which refuses programs as well.
fn calls(lab: &Lab) -> Outcome {
    let program = launch(lab)?.shim(OLD).start()?;
    let peer = Peer::open(([127, 0, 0, 1], 0))?;
    let call = format!("call {}", peer.address());
    refused(
        &program,
        &["run /bin/true", "start /bin/true", &call],
        "a filter of seccomp(2) refuses execve, execveat and socket, also \
         where there is no Landlock",
    )
}

/// A kernel without Landlock, however often it is asked.
const OLD: &str = "landlock=ENOSYS+ENOSYS+ENOSYS+ENOSYS+ENOSYS";

fn old(lab: &Lab) -> Outcome {
    let program = launch(lab)?.shim(OLD).start()?;
    program.expect_note("Landlock").likely("it has no Landlock: say so")?;
    let strict = launch(lab)?.with(&["--sandbox", "require"]).shim(OLD);
    exits_naming(&strict.spawn()?, 1, &["Landlock"])
}
