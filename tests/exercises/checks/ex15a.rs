//! 15a Goodbye: deadlines of clients that are silent.

use std::time::{Duration, Instant};

use super::prelude::*;

const ECHOES: &str = "sends back what it gets";
const SILENT: &str = "closes whoever is silent for 400 ms, and no sooner";
const ANEW: &str = "gives each byte a time of its own";
const SLEEPS: &str = "sleeps until the next time is up";

/// How long a client may be silent: not a moment less.
const LIMIT: Duration = Duration::from_millis(400);

const NEXT: &str = "the number of a client that has gone is another one's: \
                    cancel its time, or know that it is not the newcomer's";

pub const CHECKS: &[Check] = checks![
    ECHOES, 1, needs [], Passes, read "The code",
        |lab| talk(&mut lab.server()?.connect()?);
    SILENT, 1, needs [ECHOES], Passes, read "Who is next, and who is due",
        silent;
    ANEW, 3, needs [SILENT], Fails, read "Who is next, and who is due", anew;
    "closes the silent beside one that talks", 2, needs [ANEW], Waits,
        read "Who is next, and who is due", beside;
    "takes no newcomer for one that has gone", 1, needs [ANEW], Waits,
        read "Who is next, and who is due", newcomers;
    SLEEPS, 2, needs [SILENT], Fails, read "The spin of rounding down", sleeps;
    "does not spin before a time is up", 2, needs [ANEW, SLEEPS], Waits,
        read "The spin of rounding down", spins;
    TIDY, 1, needs [ECHOES], Passes, read "A list without pointers",
        |lab| tidy::check(lab, &lab.server()?, talk);
];

fn talk(client: &mut Client) -> Outcome {
    round_trip(client, b"hello", b"hello")
}

/// A byte there and back.
fn byte(client: &mut Client) -> Outcome {
    round_trip(client, b".", b".")
}

/// It is closed. (A program that waits for a time to be up looks like one
/// that waits for ever.)
fn closed(program: &Program, client: &mut Client) -> Outcome {
    let patience = program.deadline();
    while !client.is_readable()? && !patience.is_over() {}
    client.expect_eof().likely("the time-out of a list is that of its front")
}

/// The same, not before its time; `since` is before its last byte, or before
/// it was accepted.
fn gone(program: &Program, mut client: Client, since: Instant) -> Outcome {
    closed(program, &mut client)?;
    let passed = since.elapsed();
    ensure(passed >= LIMIT, || {
        let got = format!("closed after {} ms", passed.as_millis());
        client.failed("400 ms of silence: not a moment less", got)
    })
}

fn silent(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    (0..3).try_for_each(|_| {
        let since = Instant::now();
        gone(&program, program.connect()?, since)
    })
}

fn anew(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let mut client = program.connect()?;
    let (mut last, mut count) = (Instant::now(), 0);
    while count < 4 {
        std::thread::sleep(LIMIT / 2);
        let before = Instant::now();
        let result = byte(&mut client);
        if result.is_err() && last.elapsed() >= LIMIT {
            // This machine has made it silent for too long.
            client = program.connect()?;
            count = 0;
        } else {
            result.expecting("it stays open").likely(
                "its time is counted from its last byte, not from accept4",
            )?;
            count += 1;
        }
        last = before;
    }
    gone(&program, client, last)
}

fn beside(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let mut talks = program.connect()?;
    byte(&mut talks)?;
    let since = Instant::now();
    let silent = program.connect()?;
    program
        .eventually("closes a silent one, though another one talks", || {
            if byte(&mut talks).is_err() {
                // This machine has made it silent for too long.
                talks = program.connect().ok()?;
            }
            silent.has_something().then_some(())
        })
        .likely(
            "whoever says something goes to the end of the list: at its front \
             it hides all others",
        )?;
    gone(&program, silent, since)
}

fn newcomers(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    for _ in 0..3 {
        let mut leaves = program.connect()?;
        byte(&mut leaves)?;
        std::thread::sleep(LIMIT / 2);
        end(&mut leaves)?;
        let since = Instant::now();
        gone(&program, program.connect()?, since).likely(NEXT)?;
    }
    Ok(())
}

/// How often the program is taken off the processor while it waits for one
/// time to be up.
fn sleeps(lab: &Lab) -> Outcome {
    const MOST: u64 = 12;
    let program = lab.server()?;
    let mut client = program.connect()?;
    await_sleep(&program)?;
    let threads = || proc::threads(program.pid());
    let switches = || threads().iter().map(|it| it.switches).sum::<u64>();
    let before = switches();
    closed(&program, &mut client)?;
    let count = switches() - before;
    ensure(count <= MOST, || {
        let got = format!("it wakes up {count} times");
        program.failed("it sleeps until the next time is up", got)
    })
    .likely("wait as long as the first of them has left, and no less")?;
    ensure(threads().len() == 1, || {
        program.failed("one thread", format!("{} threads", threads().len()))
    })
}

/// The processor time of clients that are closed, each in a moment of its
/// own, against that of as many that leave by themselves.
fn spins(lab: &Lab) -> Outcome {
    const CLIENTS: usize = 100;
    let program = lab.server()?;
    let before = program.ran();
    for _ in 0..CLIENTS {
        end(&mut program.connect()?)?;
    }
    let leave = program.ran().saturating_sub(before);
    // On a busy machine a time may be over before it can be spun for.
    for _ in 0..2 {
        let before = program.ran();
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            clients.push(program.connect()?);
            std::thread::sleep(Duration::from_micros(2500));
        }
        for client in &mut clients {
            closed(&program, client)?;
        }
        let closed = program.ran().saturating_sub(before);
        ensure(closed <= leave * 15, || {
            let (closed, leave) = (closed.as_micros(), leave.as_micros());
            let got = format!("{closed} µs, and {leave} µs when they leave");
            let expected = "to close a hundred costs what they cost when \
                            they leave, 15 times as much at most";
            program.failed(expected, got)
        })
        .likely("half a millisecond is 0 if it is rounded down: round up")?;
    }
    Ok(())
}
