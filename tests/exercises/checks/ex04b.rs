//! 04b Slow hands: a deadline for a whole line.

use std::time::{Duration, Instant};

use super::prelude::*;
use crate::lab::time::Deadline;

const COUNTS: &str = "counts the bytes of a line";
const SILENT: &str = "waits a second for a silent client, and no less";
const DRIPS: &str = "gives a line a second in all";

/// What a line has: not a moment less.
const LIMIT: Duration = Duration::from_secs(1);

pub const CHECKS: &[Check] = checks![
    COUNTS, 1, needs [], Passes, read "One connection",
        |lab| counted(&mut lab.server()?.connect()?, b"hello");
    "counts up to the line's end, however it arrives", 1, needs [COUNTS],
        Passes, read "Reading up to the empty line", pieces;
    SILENT, 2, needs [COUNTS], Passes, read "No wait without a limit", silent;
    DRIPS, 3, needs [SILENT], Fails, read "No wait without a limit",
        |lab| refused(&lab.server()?, Client::drip).map(drop);
    "lets a client that is still sending read the refusal", 2, needs [DRIPS],
        Waits, read "A close that lets the response arrive", readable;
    "says nothing about half a line", 1, needs [COUNTS], Passes,
        read "Reading up to the empty line", leaves;
    TIDY, 1, needs [COUNTS], Passes,
        read "A close that lets the response arrive",
        |lab| tidy::check(lab, &lab.server()?, |c| counted(c, b"again"));
];

/// Sends a line, and is told how long it is.
fn counted(client: &mut Client, line: &[u8]) -> Outcome {
    let response = format!("{} bytes\n", line.len());
    round_trip(client, &[line, b"\n"].concat(), response.as_bytes())?;
    end(client)
}

fn pieces(lab: &Lab) -> Outcome {
    let program = lab.launch(&["127.0.0.1:0"]).shim("r=3,eintr=2").start()?;
    counted(&mut program.connect()?, b"a line that comes in pieces")
        .likely("one read is not a line, and a signal is no end of it")?;
    counted(&mut program.connect()?, b"")
}

/// A client that is refused, and not before its time; `meanwhile` is done
/// again and again.
fn refused(
    program: &Program,
    mut meanwhile: impl FnMut(&mut Client),
) -> Outcome<Client> {
    let start = Instant::now();
    let mut client = program.connect()?;
    let patience = Deadline::new(LIMIT * 5, program.pid());
    while !client.is_readable()? {
        meanwhile(&mut client);
        ensure(program.ended().is_none() && !patience.is_over(), || {
            let expected = "`too slow` about a second after the connection";
            client.failed(expected, "nothing in time")
        })
        .likely(
            "each byte that comes begins a new wait: the deadline is the \
             line's, so what is left of it is the limit of the next read",
        )?;
    }
    let passed = start.elapsed();
    client.expect(b"too slow\n")?;
    ensure(passed >= LIMIT, || {
        let got = format!("`too slow` after {} ms", passed.as_millis());
        client.failed("nothing for a second: not before its time", got)
    })?;
    Ok(client)
}

fn silent(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    (0..2).try_for_each(|_| end(&mut refused(&program, |_| {})?))
}

fn readable(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    linger::check(|| refused(&program, Client::drip)).likely(UNREAD)?;
    // And the next one has its own second.
    counted(&mut program.connect()?, b"next")
}

fn leaves(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let mut client = program.connect()?;
    client.send(b"half a li")?;
    end(&mut client)
        .likely("the end of file came before the end of the line")?;
    counted(&mut program.connect()?, b"next")
}
