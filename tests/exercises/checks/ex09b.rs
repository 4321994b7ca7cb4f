//! 09b Before they come: children that wait for clients.

use super::ex09a::{at_once, talk};
use super::prelude::*;

const CHILDREN: usize = 4;

const READY: &str = "has its children before the first client";
const REPLACES: &str = "replaces a child that was killed";

pub const CHECKS: &[Check] = checks![
    READY, 1, needs [], Passes, read "A loop that forks",
        |lab| start(lab).map(drop);
    "serves as many clients at once", 1, needs [READY], Passes,
        read "A loop that forks", |lab| serves(&start(lab)?);
    REPLACES, 3, needs [READY], Fails, read "A zombie", replaces;
    "replaces all of them at once", 2, needs [REPLACES], Waits,
        read "A zombie", replaces_all;
    "ends with status 0, and its children with it", 2, needs [READY], Fails,
        read "The end", |lab| {
            let mut signals = [libc::SIGTERM, libc::SIGINT].into_iter();
            signals.try_for_each(|signal| ends_by(lab, signal))
        };
    "takes its children along when it is killed", 2, needs [READY], Fails,
        read "The end", |lab| ends_by(lab, libc::SIGKILL);
    TIDY, 1, needs [READY], Fails, read "The end",
        |lab| tidy::check(lab, &server(lab)?, |it| talk(it).map(drop));
];

fn server(lab: &Lab) -> Outcome<Program> {
    lab.server_with(&["--children", &CHILDREN.to_string()])
}

fn start(lab: &Lab) -> Outcome<Program> {
    let program = server(lab)?;
    await_children(&program, &[])?;
    Ok(program)
}

/// Waits until there are as many children as there should be, without those
/// that were killed, and all alive.
fn await_children(program: &Program, killed: &[i32]) -> Outcome {
    let alive =
        |pid: &i32| proc::threads(*pid).iter().all(|it| it.state != 'Z');
    let what = format!("has {CHILDREN} children, all alive");
    program.eventually(&what, || {
        let children = proc::children(program.pid());
        let mut each = children.iter();
        let new = each.all(|it| alive(it) && !killed.contains(it));
        (children.len() == CHILDREN && new).then_some(())
    })
}

/// As many clients as children: each child has one.
fn serves(program: &Program) -> Outcome {
    at_once(program, CHILDREN, "no child waits for another to accept")
}

/// Ends a child, however it does that.
fn kill(lab: &Lab, pid: i32) {
    lab.log().event(format!("process {pid} is killed"));
    // Its number is kept for its parent to wait for.
    proc::kill(pid, libc::SIGKILL);
}

fn replaces(lab: &Lab) -> Outcome {
    let program = start(lab)?;
    let (mut lost, mut kept) = (program.connect()?, program.connect()?);
    let victim = talk(&mut lost)?;
    let keeper = talk(&mut kept)?;
    kill(lab, victim);
    lost.drain_to_eof()?;
    await_children(&program, &[victim]).likely(
        "wait for the children: whichever ends, start another in its place",
    )?;
    let now = talk(&mut kept).expecting("the other client is served on")?;
    ensure(now == keeper, || {
        let got = format!("by process {now}");
        program.failed(format!("served on by process {keeper}"), got)
    })
}

fn replaces_all(lab: &Lab) -> Outcome {
    let program = start(lab)?;
    let victims = proc::children(program.pid());
    program.signal(libc::SIGSTOP);
    lab.log().event("the parent is stopped");
    for victim in &victims {
        kill(lab, *victim);
    }
    // Each is a zombie until the parent can wait.
    tidy::left_alive(&program, &victims);
    program.signal(libc::SIGCONT);
    lab.log().event("the parent goes on");
    await_children(&program, &victims).likely(
        "signals do not queue: one SIGCHLD may stand for four children",
    )?;
    serves(&program)
}

/// The parent gets a signal, and none of its children may be left.
fn ends_by(lab: &Lab, signal: i32) -> Outcome {
    let program = start(lab)?;
    let children = proc::children(program.pid());
    lab.log().event(format!("the parent gets signal {signal}"));
    program.signal(signal);
    match signal {
        libc::SIGKILL => program.wait(time::PATIENCE)?,
        _ => program.expect_exit(0).likely("a handler that calls _exit(0)")?,
    };
    tidy::expect_gone(&program, &children).likely(
        "each child can ask the kernel for a signal when its parent ends: \
         PR_SET_PDEATHSIG",
    )
}
