//! Whether a program reads on after its last response.

use std::thread;
use std::time::{Duration, Instant};

use super::client::Client;
use super::trouble::{Outcome, Trouble};

/// A program that does not read on is gone after this time.
const PAUSE: Duration = Duration::from_millis(100);
/// How often it is tried on a busy machine.
const ATTEMPTS: u32 = 10;
const BUSY: &str = "this machine is too busy to tell";
/// One that does still reads after this time.
const READS_ON: Duration = Duration::from_millis(600);

/// Makes an attempt in which the program's own deadline may pass first on a
/// busy machine: a failure counts only if it came within `limit`.
pub fn within(
    limit: Duration,
    mut attempt: impl FnMut() -> Outcome,
) -> Outcome {
    for _ in 0..ATTEMPTS {
        let start = Instant::now();
        let outcome = attempt();
        if outcome.is_ok() || start.elapsed() < limit {
            return outcome;
        }
    }
    Err(Trouble::blocked(BUSY))
}

/// Sends more a while after the last response, which the client that `last`
/// returns has received: it must find the end of the stream and no reset.
pub fn check(mut last: impl FnMut() -> Outcome<Client>) -> Outcome {
    for _ in 0..ATTEMPTS {
        let mut client = last()?;
        let start = Instant::now();
        // The interval itself is what is measured.
        thread::sleep(PAUSE);
        let sent = client.send(b"more").and_then(|()| client.finish());
        let ended = sent.and_then(|()| client.expect_eof());
        // A client that was held up for longer proves nothing.
        if ended.is_ok() || start.elapsed() < READS_ON {
            return ended;
        }
    }
    Err(Trouble::blocked(BUSY))
}
