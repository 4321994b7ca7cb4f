//! 13b Full house: more clients than descriptors.

use std::thread;
use std::time::Duration;

use super::prelude::*;

const DESCRIPTORS: u64 = 64;

/// How many of them are for clients: some may be used for something else.
const ROOM: usize = 50;

const CLIENTS: usize = 200;

const ECHOES: &str = "sends back what it gets";
const ROOM_FOR: &str = "serves those it has room for";

pub const CHECKS: &[Check] = checks![
    ECHOES, 1, needs [], Passes, read "No descriptor left",
        |lab| echoes(&mut lab.server()?.connect()?);
    ROOM_FOR, 2, needs [ECHOES], Fails, read "No descriptor left",
        |lab| full(lab).map(drop);
    "sleeps while it is full", 3, needs [ROOM_FOR], Waits,
        read "No descriptor left", sleeps;
    "takes the next one when one leaves", 3, needs [ROOM_FOR], Waits,
        read "No descriptor left", takes_turns;
    TIDY, 1, needs [ECHOES], Passes, read "As far as it goes",
        |lab| tidy::check(lab, &lab.server()?, talk);
];

fn talk(client: &mut Client) -> Outcome {
    round_trip(client, b"hello\n", b"hello\n")
}

fn echoes(client: &mut Client) -> Outcome {
    talk(client)?;
    round_trip(client, b"once more\n", b"once more\n")
        .likely("what has been sent is not to be sent again")
}

/// A server with all its descriptors in use: the clients that it serves, and
/// those that wait.
fn full(lab: &Lab) -> Outcome<(Program, Vec<Client>, Vec<Client>)> {
    const ENDS: &str = "accept4 fails with EMFILE: there is no descriptor \
                        for one more, but the others have theirs";
    const KEEPS: &str = "who is accepted is served: keep those whom you have, \
                         and leave the others in the kernel's queue";
    let launch = lab.launch(&["127.0.0.1:0"]).descriptors(DESCRIPTORS);
    let program = launch.start()?;
    let mut clients = program.connect_many(CLIENTS).likely(ENDS)?;
    for client in &mut clients[..ROOM] {
        talk(client).likely(ENDS)?;
    }
    let accepted = CLIENTS - program.queue().likely(ENDS)? as usize;
    let waiting = clients.split_off(accepted.max(ROOM));
    for client in &mut clients {
        talk(client).likely(KEEPS)?;
    }
    ensure(!waiting.iter().any(Client::has_something), || {
        let got = "one of them is closed";
        program.failed("those who wait hear nothing yet", got)
    })
    .likely(KEEPS)?;
    Ok((program, clients, waiting))
}

fn sleeps(lab: &Lab) -> Outcome {
    let (program, mut clients, _waiting) = full(lab)?;
    program.expect_idle().likely(
        "the listener is ready as long as somebody waits in its queue: do \
         not ask about it for a while",
    )?;
    for _ in 0..100 {
        let call = proc::sleeps_in(program.pid());
        ensure(call.is_none_or(|it| it.contains("poll")), || {
            let expected = "it sleeps in poll(), where all can wake it";
            program.failed(expected, "it sleeps in another call")
        })
        .likely("while the only thread sleeps, nobody else is served either")?;
        thread::sleep(Duration::from_millis(2));
    }
    clients.iter_mut().try_for_each(talk)
}

fn takes_turns(lab: &Lab) -> Outcome {
    let (program, mut clients, mut waiting) = full(lab)?;
    while !waiting.is_empty() {
        // A few at a time: a pause may come before they are accepted.
        let count = waiting.len().min(20);
        clients.drain(..count).for_each(Client::close);
        clients.extend(waiting.drain(..count));
        for client in clients.iter_mut().rev().take(count) {
            talk(client).likely(
                "when there is room, the listener must be asked about again",
            )?;
        }
    }
    ensure(program.queue()? == 0, || {
        program.failed("nobody waits any more", "somebody does")
    })
}
