//! 04a The last word: a response that the client can read.

use std::time::Duration;

use super::expect::{counted, exchange};
use super::prelude::*;
use crate::lab::time::Deadline;

const COUNTS: &str = "counts a short upload";
const PIECES: &str = "counts to the end, however it arrives";
const AT_ONCE: &str = "refuses before the end of a long upload";

const MOST: usize = 1 << 20;

pub const CHECKS: &[Check] = checks![
    COUNTS, 1, needs [], Passes, read "One connection",
        |lab| upload(&mut lab.server()?.connect()?, b"How long?");
    PIECES, 1, needs [COUNTS], Fails, read "Reading up to the empty line",
        pieces;
    "accepts a mebibyte, and not a byte more", 1, needs [PIECES], Waits,
        read "Reading up to the empty line", exact;
    AT_ONCE, 2, needs [PIECES], Waits,
        read "A close that lets the response arrive", at_once;
    "lets a client that is still sending read the refusal", 3, needs [AT_ONCE],
        Waits, read "A close that lets the response arrive", readable;
    "does not wait for ever for a client that goes on", 2, needs [AT_ONCE],
        Waits, read "No wait without a limit", limited;
    TIDY, 1, needs [COUNTS], Passes,
        read "A close that lets the response arrive",
        |lab| tidy::check(lab, &lab.server()?, |c| upload(c, b"one more"));
];

const REFUSAL: &[u8] = b"too long\n";

/// Uploads `bytes`, and is told how many they are.
fn upload(client: &mut Client, bytes: &[u8]) -> Outcome {
    exchange(client, bytes, counted(bytes).as_bytes())
}

fn pieces(lab: &Lab) -> Outcome {
    let bytes = letters(40_000);
    let program = lab.launch(&["127.0.0.1:0"]).shim("r=1000,w=5").start()?;
    upload(&mut program.connect()?, &bytes)
        .likely("one read is not the upload: count until read returns 0")
}

fn exact(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let bytes = letters(MOST + 1);
    upload(&mut program.connect()?, &bytes[..MOST])
        .likely("above 1 MiB is too long; 1 MiB is not")?;
    exchange(&mut program.connect()?, &bytes, REFUSAL)
}

fn at_once(lab: &Lab) -> Outcome {
    let mut client = lab.server()?.connect()?;
    round_trip(&mut client, &letters(MOST + 1), REFUSAL).likely(
        "it is too long already: do not wait for the end of file before \
         saying so",
    )
}

fn readable(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    // The program reads on for two seconds, and needs some of them.
    let limit = Duration::from_millis(1500);
    let upload = letters(12 << 20);
    // All of an upload is sent before anything is read, as browsers do; and
    // it is more than the two kernels keep for them.
    let unread = || {
        let mut client = program.connect()?;
        round_trip(&mut client, &upload, REFUSAL)?;
        end(&mut client)
    };
    for _ in 0..3 {
        linger::within(limit, unread).likely(UNREAD)?;
    }
    Ok(())
}

fn limited(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let mut endless = program.connect()?;
    round_trip(&mut endless, &letters(MOST + 1), REFUSAL)?;
    lab.log().event("it goes on sending, a byte at a time");
    let mut next = program.connect()?;
    next.send(b"and me?")?;
    next.finish()?;
    // Some seconds are for the server to choose; half a minute is not.
    let patience = Deadline::new(Duration::from_secs(30), program.pid());
    while !next.is_readable()? {
        endless.drip();
        ensure(!patience.is_over(), || {
            next.failed(
                "the next client is served while the first goes on sending",
                "not within 30 s",
            )
        })
        .likely("draining needs a deadline that no byte extends")?;
    }
    next.expect(counted(b"and me?").as_bytes())?;
    next.expect_eof()
}
