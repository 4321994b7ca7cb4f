//! 04a The last word: an answer that the client can read.

use std::time::{Duration, Instant};

use super::{Check, Starter, Table};
use crate::lab::client::Client;
use crate::lab::place::letters;
use crate::lab::{Advice, Lab, Outcome, tidy};

const COUNTS: &str = "counts a short upload";
const PIECES: &str = "counts to the end, however it arrives";
const EXACT: &str = "accepts a mebibyte, and not a byte more";
const AT_ONCE: &str = "refuses before the end of a long upload";
const READABLE: &str = "lets a client that is still sending read the refusal";
const LIMITED: &str = "does not wait for ever for a client that goes on";
const TIDY: &str = "serves on and leaves nothing behind";

const MOST: usize = 1 << 20;

pub const TABLE: Table = Table {
    id: "04a",
    checks: &[
        Check {
            name: COUNTS,
            points: 1,
            needs: &[],
            read: "One connection",
            starter: Starter::Passes,
            run: |lab| counted(&mut lab.server()?.connect()?, b"How long?"),
        },
        Check {
            name: PIECES,
            points: 1,
            needs: &[COUNTS],
            read: "Reading up to the empty line",
            starter: Starter::Fails,
            run: pieces,
        },
        Check {
            name: EXACT,
            points: 1,
            needs: &[PIECES],
            read: "Reading up to the empty line",
            starter: Starter::Waits,
            run: exact,
        },
        Check {
            name: AT_ONCE,
            points: 2,
            needs: &[PIECES],
            read: "A close that lets the response arrive",
            starter: Starter::Waits,
            run: at_once,
        },
        Check {
            name: READABLE,
            points: 3,
            needs: &[AT_ONCE],
            read: "A close that lets the response arrive",
            starter: Starter::Waits,
            run: readable,
        },
        Check {
            name: LIMITED,
            points: 2,
            needs: &[AT_ONCE],
            read: "No wait without a limit",
            starter: Starter::Waits,
            run: limited,
        },
        Check {
            name: TIDY,
            points: 1,
            needs: &[COUNTS],
            read: "A close that lets the response arrive",
            starter: Starter::Passes,
            run: |lab| {
                tidy::check(lab, &lab.server()?, |client| {
                    counted(client, b"one more")
                })
            },
        },
    ],
};

/// Uploads `bytes`, and is told how many they are.
fn counted(client: &mut Client, bytes: &[u8]) -> Outcome {
    client.send(bytes)?;
    client.finish()?;
    answered(client, bytes)
}

fn answered(client: &mut Client, bytes: &[u8]) -> Outcome {
    let sum: u64 = bytes.iter().map(|byte| u64::from(*byte)).sum();
    let answer = format!("{} bytes, sum {sum}\n", bytes.len());
    client.expect(answer.as_bytes())?;
    client.expect_eof()
}

fn refused(client: &mut Client) -> Outcome {
    client.expect(b"too long\n")
}

fn pieces(lab: &Lab) -> Outcome {
    let bytes = letters(40_000);
    let program = lab.launch(&["127.0.0.1:0"]).shim("r=1000,w=5").start()?;
    counted(&mut program.connect()?, &bytes)
        .likely("one read is not the upload: count until read returns 0")
}

fn exact(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let bytes = letters(MOST + 1);
    counted(&mut program.connect()?, &bytes[..MOST])
        .likely("above 1 MiB is too long; 1 MiB is not")?;
    let mut client = program.connect()?;
    client.send(&bytes)?;
    client.finish()?;
    refused(&mut client)?;
    client.expect_eof()
}

fn at_once(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let mut client = program.connect()?;
    client.send(&letters(MOST + 1))?;
    refused(&mut client).likely(
        "it is too long already: do not wait for the end of file before \
         saying so",
    )
}

fn readable(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let guess = "closing while bytes are unread makes the kernel send a \
                 reset, and the answer is lost: end your direction, and read \
                 on for a while";
    for _ in 0..3 {
        let mut client = program.connect()?;
        // All of it is sent before anything is read, as browsers do; and it
        // is more than the two kernels keep for them.
        client.send(&letters(12 << 20)).likely(guess)?;
        refused(&mut client).likely(guess)?;
        client.finish().likely(guess)?;
        client.expect_eof().likely(guess)?;
    }
    Ok(())
}

fn limited(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let mut endless = program.connect()?;
    endless.send(&letters(MOST + 1))?;
    refused(&mut endless)?;
    lab.log().event("it goes on sending, a byte at a time");
    let mut next = program.connect()?;
    next.send(b"and me?")?;
    next.finish()?;
    // Some seconds are for the server to choose; half a minute is not.
    let patience = Duration::from_secs(30);
    let start = Instant::now();
    while !next.is_readable()? {
        endless.drip();
        if start.elapsed() > patience {
            return Err(next.failed(
                "the next client is served while the first goes on sending",
                "not within 30 s",
            ))
            .likely("draining needs a deadline that no byte extends");
        }
    }
    answered(&mut next, b"and me?")
}
