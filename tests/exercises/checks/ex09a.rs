//! 09a No zombies: a process for each client, and none left over.

use std::time::Duration;

use super::expect::ensure;
use super::{Check, TIDY};
use crate::lab::client::Client;
use crate::lab::program::Program;
use crate::lab::{Advice, Lab, Outcome, proc, show, tidy, time};

const SERVES: &str = "responds with a line's process and the line";
const GOES_ON: &str = "serves on when a child has ended";

pub const CHECKS: &[Check] = checks![
    SERVES, 1, needs [], Passes, read "A loop that forks", serves;
    "gives each client a process of its own", 1, needs [SERVES], Passes,
        read "A loop that forks", own_process;
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
pub fn talk_to_child(program: &Program, client: &mut Client) -> Outcome<i32> {
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

fn own_process(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(program.connect()?);
    }
    // The last speaks first: who is served in turn is not served by luck.
    let mut pids = Vec::new();
    for client in clients.iter_mut().rev() {
        let pid = talk_to_child(&program, client).likely(
            "a parent that waits for its child serves one client at a time",
        )?;
        ensure(!pids.contains(&pid), || {
            program.failed("another process", format!("process {pid} again"))
        })?;
        pids.push(pid);
    }
    Ok(())
}

fn sockets(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let mut client = program.connect()?;
    talk(&mut client)?;
    let pid = program.pid();
    let only = time::eventually(Duration::from_secs(1), pid, || {
        (proc::socket_count(pid) == 1).then_some(())
    });
    ensure(only.is_some(), || {
        let got = format!("{} sockets", proc::socket_count(pid));
        program.failed("the parent has one socket: it listens", got)
    })
    .likely(
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
    let parent = program.pid();
    let switches = || proc::threads(parent).first().map(|it| it.switches);
    time::eventually(time::PATIENCE, parent, || {
        proc::sleeps_in(parent).filter(|call| call.starts_with("accept"))
    });
    let before = switches();
    leaves.finish()?;
    await_end(&program, &[pid])?;
    // And it has heard. (Were the next client there already, accept would
    // return it, and no EINTR.)
    time::eventually(time::PATIENCE, parent, || {
        let is_waited_for = !proc::children(parent).contains(&pid);
        let woken = switches() != before;
        let sleeps = woken && proc::sleeps_in(parent).is_some();
        let ended = program.ended().is_some();
        (is_waited_for || sleeps || ended).then_some(())
    });
    lab.log().event(format!("process {pid} has ended"));
    let served = program.connect().and_then(|mut next| talk(&mut next));
    if served.is_err() {
        let moment = Duration::from_millis(500);
        let ended = time::eventually(moment, program.pid(), || program.ended());
        served.expecting("the next client is served").likely(match ended {
            Some(_) => {
                "SIGCHLD has interrupted accept: EINTR is no reason to end"
            }
            None => {
                "the handler sleeps in wait4 until every child has ended: \
                 WNOHANG"
            }
        })?;
    }
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
    let mut clients = Vec::new();
    let mut pids = Vec::new();
    for _ in 0..30 {
        let mut client = program.connect()?;
        pids.push(talk(&mut client)?);
        clients.push(client);
    }
    program.signal(libc::SIGSTOP);
    lab.log().event("the parent is stopped, and thirty clients leave");
    drop(clients);
    await_end(&program, &pids)?;
    program.signal(libc::SIGCONT);
    lab.log().event("thirty children have ended; the parent goes on");
    let pid = program.pid();
    let left = || proc::children(pid).len();
    let none = time::eventually(Duration::from_secs(1), pid, || {
        (left() == 0).then_some(())
    });
    ensure(none.is_some(), || {
        program.failed("no child is left", format!("{} zombies", left()))
    })
    .likely(match left() {
        30 => "what ends must be waited for: waitpid, when SIGCHLD comes",
        _ => "signals do not queue: one SIGCHLD may stand for many children",
    })?;
    talk(&mut program.connect()?).map(drop)
}
