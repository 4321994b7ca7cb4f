//! 15b Last orders: an end in which nothing is lost.

use std::net::TcpStream;

use super::prelude::*;

const RESPONDS: &str = "responds with as many dots";
const IDLE: &str = "closes idle clients at SIGTERM, and ends with status 0";
const OWES: &str = "finishes what it has begun, and says bye";

/// More than the kernel takes at once.
const LARGE: usize = 8_000_000;

pub const CHECKS: &[Check] = checks![
    RESPONDS, 1, needs [], Passes, read "The end, in order",
        |lab| talk(&mut lab.server()?.connect()?);
    IDLE, 1, needs [RESPONDS], Passes, read "The end, in order", idle;
    OWES, 3, needs [IDLE], Fails, read "The end, in order", owes;
    "responds to what has come before the signal", 1, needs [OWES], Waits,
        read "The end, in order", arrived;
    "accepts no one while it ends", 1, needs [OWES], Waits,
        read "The end, in order", refuses;
    "ends at once at the second signal", 1, needs [OWES], Waits,
        read "The end, in order", second;
    TIDY, 1, needs [RESPONDS], Passes, read "The end, in order",
        |lab| tidy::check(lab, &lab.server()?, talk);
];

fn talk(client: &mut Client) -> Outcome {
    round_trip(client, b"3\n0\n", b"...\n\n")
}

fn expect_end(program: &Program) -> Outcome {
    program
        .expect_exit(0)
        .map(drop)
        .likely("it ends when the last client has gone, and not before")
}

fn idle(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let mut clients = [program.connect()?, program.connect()?];
    round_trip(&mut clients[0], b"1\n", b".\n")?;
    await_sleep(&program)?;
    terminate(&program);
    for client in &mut clients {
        client.expect_eof().likely("an idle client is owed nothing")?;
    }
    expect_end(&program)
}

/// A server that has been told to end, with a client that has sent half a
/// request, and one that does not read its response.
fn ending(lab: &Lab) -> Outcome<(Program, Client, Client)> {
    let program = lab.server()?;
    let (mut half, mut slow) = (program.connect()?, program.connect()?);
    half.send(b"1")?;
    slow.send(format!("{LARGE}\n").as_bytes())?;
    await_sleep(&program)?;
    terminate(&program);
    await_sleep(&program)?;
    ensure(program.ended().is_none(), || {
        program.failed("it goes on until all are served", "it has ended")
    })
    .likely("between the signal and the end is the loop: set a flag")?;
    Ok((program, half, slow))
}

/// These dots, and the end.
fn expect_last(client: &mut Client, dots: &[u8]) -> Outcome {
    client.expect(&[dots, b"\nbye\n"].concat())?;
    client.expect_eof()
}

/// The response to the rest of a request, and the end.
fn finish(mut half: Client) -> Outcome {
    half.send(b"2\n")?;
    expect_last(&mut half, b"............")
        .likely("who has sent half a line may send the other half")
}

fn owes(lab: &Lab) -> Outcome {
    let (program, half, mut slow) = ending(lab)?;
    finish(half)?;
    await_sleep(&program)?;
    expect_last(&mut slow, &vec![b'.'; LARGE])
        .likely("a response that is under way is owed, to its end")?;
    expect_end(&program)
}

fn arrived(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let mut client = program.connect()?;
    await_sleep(&program)?;
    // Both come while it is stopped: the request, and then the signal.
    program.signal(libc::SIGSTOP);
    client.send(b"2\n")?;
    terminate(&program);
    program.signal(libc::SIGCONT);
    expect_last(&mut client, b"..")
        .likely("read what has come before you say that it is idle")?;
    expect_end(&program)
}

fn refuses(lab: &Lab) -> Outcome {
    let (program, half, _slow) = ending(lab)?;
    ensure(TcpStream::connect(program.address()?).is_err(), || {
        program.failed("connection refused", "a new client is connected")
    })
    .likely("as long as the listener is open, the kernel accepts")?;
    finish(half)
}

fn second(lab: &Lab) -> Outcome {
    let (program, _half, _slow) = ending(lab)?;
    terminate(&program);
    program
        .expect_exit(0)
        .map(drop)
        .likely("who sends a second signal does not want to wait")
}
