//! 14c Drain it: an edge is told once.

use std::fs;

use super::ex14a::{late, stop, talk};
use super::prelude::*;

const SERVES: &str = "sends back in upper case";
const BURST: &str = "accepts two hundred that come at once";
const DRAINS: &str = "takes all that is there";

/// Reads of 1,000 bytes: no turn has so many.
const MOST_OF_A_TURN: usize = 256 * 1000;

pub const CHECKS: &[Check] = checks![
    SERVES, 1, needs [], Passes, read "The system calls",
        |lab| talk(&mut lab.server()?.connect()?);
    BURST, 2, needs [SERVES], Fails, read "Level and edge", burst;
    "asks for edges, and never for anything else", 1, needs [BURST], Waits,
        read "Level and edge", edges;
    DRAINS, 3, needs [SERVES], Fails, read "Level and edge", drains;
    "keeps what the kernel does not take", 1, needs [DRAINS], Waits,
        read "Level and edge", keeps;
    "lets one client have a turn, and then the next", 2, needs [DRAINS],
        Waits, read "Level and edge", takes_turns;
    TIDY, 1, needs [SERVES], Passes, read "Closing is removing",
        |lab| tidy::check(lab, &lab.server()?, talk);
];

fn edges(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let (mut stuck, mut quiet) = (program.connect()?, program.connect()?);
    talk(&mut stuck)?;
    talk(&mut quiet)?;
    stuck.flood(&letters(64 * 1024))?;
    program.expect_idle().likely(
        "wait without a limit when nobody is left who has something to do",
    )?;
    // `tfd: 7 events: 8000001d data: …`, for each socket in the list.
    let flags = |line: &str| {
        let mut words = line.strip_prefix("tfd:")?.split_whitespace();
        u32::from_str_radix(words.nth(2)?, 16).ok()
    };
    let infos = proc::list(program.pid(), "fdinfo").into_iter();
    let texts = infos.filter_map(|path| fs::read_to_string(path).ok());
    let text = texts.collect::<String>();
    let asked: Vec<u32> = text.lines().filter_map(flags).collect();
    let wanted = (libc::EPOLLET | libc::EPOLLIN | libc::EPOLLOUT) as u32;
    let both = asked.iter().filter(|flags| *flags & wanted == wanted);
    ensure(both.count() >= 2, || {
        let got = format!("in its list, in hexadecimal: {asked:x?}");
        program.failed("of both it asks EPOLLIN | EPOLLOUT | EPOLLET", got)
    })
    .likely("with EPOLLET one asks for both once, and changes nothing")
}

fn burst(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    stop(&program)?;
    let clients = program.connect_many(200)?;
    program.signal(libc::SIGCONT);
    // The last one first: none is served by those that come later.
    clients
        .into_iter()
        .rev()
        .try_for_each(|mut client| talk(&mut client))
        .likely("two hundred are one edge: accept until it says EAGAIN")
}

fn drains(lab: &Lab) -> Outcome {
    let launch = lab.launch(&["127.0.0.1:0"]).shim("r=1000");
    late(&mut launch.start()?.connect()?, &letters(1 << 20)).likely(
        "no further event tells of what is left: read until it says EAGAIN, \
         or remember that there is more",
    )
}

fn keeps(lab: &Lab) -> Outcome {
    late(&mut lab.server()?.connect()?, &letters(16 << 20)).likely(
        "EAGAIN from write: the rest is sent when there is room, and then \
         what is unread must be read, without another event",
    )
}

/// One client has sent a lot, and then another one a line. What has the
/// first one had when the other one is served?
fn takes_turns(lab: &Lab) -> Outcome {
    let program = lab.launch(&["127.0.0.1:0"]).shim("r=1000").start()?;
    let (mut hose, mut small) = (program.connect()?, program.connect()?);
    talk(&mut hose)?;
    talk(&mut small)?;
    stop(&program)?;
    hose.pour(&letters(8 << 20))?;
    small.send(b"hello")?;
    // The response itself stops it again.
    small.stop_sender()?;
    program.signal(libc::SIGCONT);
    program.eventually("serves the second", || {
        (small.has_something() && program.is_stopped()).then_some(())
    })?;
    let (had, _) = hose.receive(8 << 20)?;
    ensure(had.len() < MOST_OF_A_TURN, || {
        let got = format!("{} bytes of the first one came before", had.len());
        program.failed("the second client is served in its turn", got)
    })
    .likely("one that never says EAGAIN must not keep the others waiting")
}
