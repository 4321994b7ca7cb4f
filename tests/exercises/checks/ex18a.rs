//! 18a One port for four: a queue for each worker.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use super::prelude::*;

const WORKERS: usize = 4;

const RESPONDS: &str = "says which worker has the client";
const EACH: &str = "gives each worker a listener, and all of them one port";

pub const CHECKS: &[Check] = checks![
    RESPONDS, 1, needs [], Passes, read "One listener for all",
        |lab| talk(&mut lab.server()?.connect()?).map(drop);
    EACH, 3, needs [RESPONDS], Fails, read "A listener each", each;
    "has all of them serve, and none wait for another", 2, needs [EACH],
        Waits, read "A listener each", all_serve;
    "shares the port with no other server", 2, needs [EACH], Waits,
        read "A listener each", refuses;
    "keeps each worker on a processor", 2, needs [EACH], Waits,
        read "Staying on a processor", stays;
    TIDY, 1, needs [RESPONDS], Passes, read "A listener each",
        |lab| tidy::check(lab, &lab.server()?, |it| talk(it).map(drop));
];

/// The number of the worker that serves this client.
fn talk(client: &mut Client) -> Outcome<usize> {
    let line = client.receive_all()?;
    let number = (0..WORKERS).find(|it| line == format!("{it}\n").as_bytes());
    let expected = "a line: 0, 1, 2 or 3";
    number.ok_or_else(|| client.failed(expected, show::bytes(&line)))
}

fn each(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let address = program.address()?;
    let mut rows = proc::own_rows(program.pid());
    rows.retain(|row| row.state == proc::LISTEN);
    let here = rows.iter().filter(|row| row.local == address).count();
    ensure((here, rows.len()) == (WORKERS, WORKERS), || {
        let expected = format!("{WORKERS} sockets that listen on {address}");
        program
            .failed(expected, format!("{here} of {} that listen", rows.len()))
    })
    .likely(
        "a copy of a descriptor is the same socket: for another queue, make \
         another socket, which SO_REUSEPORT lets onto the port of the first",
    )
}

fn all_serve(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let told = (0..400).map(|_| talk(&mut program.connect()?));
    let told: BTreeSet<usize> = told.collect::<Outcome<_>>().likely(
        "a client waits in the queue of one worker, which must wait at it \
         without a lock",
    )?;
    ensure(told.len() == WORKERS, || {
        program.failed("400 clients see every worker", format!("{told:?}"))
    })
}

fn refuses(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let second = lab.launch(&[&program.address()?.to_string()]).spawn()?;
    second.expect_exit(1).map(drop).likely(
        "a socket with SO_REUSEPORT is let onto a port that another server \
         shares: the first one must bind without it",
    )
}

/// Started on two processors, and on one.
fn stays(lab: &Lab) -> Outcome {
    let ours = sched_getaffinity(Pid::this()).unwrap_or_default();
    let is_ours = |number: &usize| ours.is_set(*number) == Ok(true);
    let ours: Vec<_> = (0..CpuSet::count()).filter(is_ours).collect();
    let [.., other, last] = ours[..] else {
        return Err(Trouble::blocked("this machine has one processor"));
    };
    for allowed in [&[other, last][..], &[last]] {
        let mut set = CpuSet::new();
        let is_set = allowed.iter().try_for_each(|number| set.set(*number));
        is_set.map_err(|_| Trouble::blocked("a processor without a bit"))?;
        let setup = move || Ok(sched_setaffinity(Pid::this(), &set)?);
        // SAFETY: it makes two system calls.
        let launch = unsafe { lab.launch(&["127.0.0.1:0"]).before(setup) };
        let program = launch.start()?;
        let each = WORKERS / allowed.len();
        let what = format!("has {each} threads on each of {allowed:?} alone");
        program
            .eventually(&what, || {
                let mut numbers = allowed.iter();
                numbers.all(|it| on(&program, *it) >= each).then_some(())
            })
            .likely(
                "sched_getaffinity(2) has the numbers, which may not begin \
                 with 0, and sched_setaffinity(2) is about one thread",
            )?;
    }
    Ok(())
}

/// How many threads may run there, and nowhere else.
fn on(program: &Program, number: usize) -> usize {
    let line = format!("Cpus_allowed_list:\t{number}\n");
    let tasks = proc::list(program.pid(), "task").into_iter();
    let read = |task: PathBuf| fs::read_to_string(task.join("status")).ok();
    tasks.filter_map(read).filter(|status| status.contains(&line)).count()
}
