//! Whether a program reads on after its last response.

use std::thread;
use std::time::{Duration, Instant};

use super::client::Client;
use super::trouble::{Outcome, Trouble};

/// A program that does not read on is gone after this time.
const PAUSE: Duration = Duration::from_millis(100);
/// One that does still reads after this time.
const READS_ON: Duration = Duration::from_millis(600);

/// Sends more a while after the last response, which the client that `last`
/// returns has received: it must find the end of the stream and no reset.
pub fn check(mut last: impl FnMut() -> Outcome<Client>) -> Outcome {
    for _ in 0..10 {
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
    Err(Trouble::blocked("this machine is too busy to tell"))
}
