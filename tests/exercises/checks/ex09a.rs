//! 09a No zombies: a process for each client, and none left over.

use std::collections::BTreeSet;
use std::time::Duration;

use super::prelude::*;

const SERVES: &str = "responds with a line's process and the line";
const GOES_ON: &str = "serves on when a child has ended";

const IN_TURN: &str =
    "a parent that waits for its child serves one client at a time";

pub const CHECKS: &[Check] = checks![
    SERVES, 1, needs [], Passes, read "A loop that forks", serves;
    "gives each client a process of its own", 1, needs [SERVES], Passes,
        read "A loop that forks", |lab| at_once(&lab.server()?, 3, IN_TURN);
    "keeps no client's socket", 2, needs [SERVES], Fails, read "The picture",
        sockets;
    GOES_ON, 2, needs [SERVES], Fails, read "A zombie", goes_on;
    "leaves no zombie when thirty leave at once", 3, needs [GOES_ON], Waits,
        read "A zombie", thirty;
    TIDY, 1, needs [GOES_ON], Waits, read "A zombie",
        |lab| tidy::check(lab, &lab.server()?, |client| talk(client).map(drop));
];

/// Sends a line, and receives it with the number of a process before it.
pub fn talk(client: &mut Client) -> Outcome<i32> {
    client.send(b"hello\n")?;
    let response = client.line()?;
    let text = String::from_utf8_lossy(&response);
    let pid = text.strip_suffix(": hello\n").and_then(|it| it.parse().ok());
    pid.ok_or_else(|| {
        client.failed("`PID: hello` and a line's end", show::bytes(&response))
    })
}

/// The same; the process must be a child of the program.
fn talk_to_child(program: &Program, client: &mut Client) -> Outcome<i32> {
    let pid = talk(client)?;
    let children = proc::children(program.pid());
    ensure(children.contains(&pid), || {
        let got = format!("process {pid} responds");
        program.failed(format!("one of its children: {children:?}"), got)
    })
    .likely("the child responds, with its own number")?;
    Ok(pid)
}

fn serves(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    talk_to_child(&program, &mut program.connect()?)?;
    Ok(())
}

/// As many clients at once as `count` says, each with a child of its own;
/// `guess` is for a program in which one waits for another.
pub fn at_once(program: &Program, count: usize, guess: &str) -> Outcome {
    let mut clients = program.connect_many(count)?;
    let mut pids = BTreeSet::new();
    // The last speaks first: who is served in turn is not served by luck.
    for client in clients.iter_mut().rev() {
        pids.insert(talk_to_child(program, client).likely(guess)?);
    }
    ensure(pids.len() == count, || {
        let got = format!("by {} processes", pids.len());
        program.failed(format!("{count} clients served by {count}"), got)
    })
}

fn sockets(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let mut client = program.connect()?;
    talk(&mut client)?;
    program.await_sockets(1).likely(
        "after fork there are two copies of the client's socket: as long as \
         one is open, the connection is",
    )?;
    client.finish()?;
    client.expect_eof()
}

fn goes_on(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let mut stays = program.connect()?;
    talk(&mut stays)?;
    let mut leaves = program.connect()?;
    let pid = talk(&mut leaves)?;
    // Now the signal will find it where it waits for a client.
    await_sleep(&program)?;
    leaves.finish()?;
    await_end(&program, &[pid])?;
    // And it has heard. (Were the next client there already, accept would
    // return it, and no EINTR.)
    await_sleep(&program)?;
    lab.log().event(format!("process {pid} has ended"));
    let served = program.connect().and_then(|mut next| talk(&mut next));
    let moment = Duration::from_millis(500);
    let has_ended = served.is_err() && program.wait(moment).is_ok();
    served.expecting("the next client is served").likely(match has_ended {
        true => "SIGCHLD has interrupted accept: EINTR is no reason to end",
        false => "the handler sleeps in wait4 until all have ended: WNOHANG",
    })?;
    talk(&mut stays).map(drop)
}

/// Waits until these children have ended: zombies, or waited for.
fn await_end(program: &Program, children: &[i32]) -> Outcome {
    tidy::expect_gone(program, children)
        .expecting("a child ends when its client has left")
        .likely(
            "a child that has served its client must end: it must not accept, \
             as its parent does",
        )
}

fn thirty(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let mut clients = program.connect_many(30)?;
    let pids = clients.iter_mut().map(talk).collect::<Outcome<Vec<_>>>()?;
    program.signal(libc::SIGSTOP);
    lab.log().event("the parent is stopped, and thirty clients leave");
    drop(clients);
    await_end(&program, &pids)?;
    program.signal(libc::SIGCONT);
    lab.log().event("thirty children have ended; the parent goes on");
    let left = || proc::children(program.pid()).len();
    program
        .eventually("has no child left, no zombie either", || {
            (left() == 0).then_some(())
        })
        .likely(match left() {
            30 => "what ends must be waited for: waitpid, when SIGCHLD comes",
            _ => "signals do not queue: one SIGCHLD may stand for many",
        })?;
    talk(&mut program.connect()?).map(drop)
}
