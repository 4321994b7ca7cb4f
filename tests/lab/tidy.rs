//! What every server owes, whatever else it does.

use std::time::Duration;

use super::Lab;
use super::client::Client;
use super::program::Program;
use super::trouble::{Advice, Outcome};
use super::{proc, time};

/// The program serves two clients one after the other (`talk` is one
/// conversation), is back at the descriptors it began with, sleeps when
/// there is nothing to do, and leaves no process behind when it is ended.
pub fn check(
    lab: &Lab,
    program: &Program,
    talk: impl Fn(&mut Client) -> Outcome,
) -> Outcome {
    let pid = program.pid();
    let settled = |wanted: usize| {
        time::eventually(Duration::from_secs(3), pid, || {
            (proc::descriptors(pid).len() <= wanted).then_some(())
        })
    };
    let before = proc::descriptors(pid).len();
    for turn in ["a client", "the next client"] {
        let mut client = program.connect()?;
        talk(&mut client)
            .likely(&format!("{turn} is not served as the first ones were"))?;
    }
    if settled(before).is_none() {
        let now = proc::descriptors(pid).len();
        let got = format!("{now}, two clients later");
        let expected = format!("{before} open descriptors, as before");
        return Err(program.failed(expected, got))
            .likely("a connection's descriptor is not closed on some path");
    }
    program.expect_idle()?;
    let family = proc::tree(pid);
    program.signal(libc::SIGTERM);
    program.wait(time::PATIENCE)?;
    lab.log().event("ended by SIGTERM");
    expect_gone(program, family.get(1..).unwrap_or_default())
}

/// Waits until these processes have ended, be they zombies; one that has not.
pub fn left_alive(program: &Program, processes: &[i32]) -> Option<i32> {
    let alive = |pid: &i32| {
        let threads = proc::threads(*pid);
        threads.iter().any(|thread| thread.state != 'Z')
    };
    let found = || processes.iter().copied().find(alive);
    time::eventually(time::PATIENCE, program.pid(), || {
        found().is_none().then_some(())
    });
    found()
}

/// The same, and it must be none.
pub fn expect_gone(program: &Program, processes: &[i32]) -> Outcome {
    left_alive(program, processes).map_or(Ok(()), |pid| {
        let got = format!("process {pid} lives on");
        Err(program.failed("no process is left", got))
    })
}
