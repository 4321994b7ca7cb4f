//! Step 04's limits: silence, dripping, and a close that lets the response
//! arrive. Lower bounds are strict: too early is wrong on every machine.
//! Upper bounds are those of every wait, and fair: time in which the server
//! waited for a processor does not count.

use std::thread;
use std::time::{Duration, Instant};

use crate::lab::client::Client;
use crate::lab::fixtures::pattern;
use crate::lab::program::Program;
use crate::lab::{Advice, Outcome};
use crate::steps::{REQUEST, drip, page, step};

const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
const LINGERING_TIMEOUT: Duration = Duration::from_secs(1);

/// A client begins like this, and is left after `limit`: the next is served.
fn is_left_after(
    limit: Duration,
    begin: impl FnOnce(&Program, &mut Client) -> Outcome,
) -> Outcome<(Program, Client)> {
    let start = Instant::now();
    let (server, mut client) = step("step04").connected()?;
    begin(&server, &mut client)?;
    let mut next = server.connect()?;
    next.send(REQUEST)?;
    page(&mut next)?;
    let time = start.elapsed();
    assert!(time >= limit, "too early: {time:?}");
    Ok((server, client))
}

#[test]
fn a_head_that_does_not_end_has_a_limit() -> Outcome {
    // The second: a line feed alone ends no line.
    for words in ["", "GET / HTTP/1.1\n\n"] {
        let begin = |_: &Program, client: &mut Client| {
            client.send(words.as_bytes())?;
            client.expect_eof()
        };
        let (server, client) = is_left_after(HEADER_TIMEOUT, begin)?;
        let late = format!("{}: took too long\n", client.own_address()?);
        server.expect_note(&late)?;
    }
    Ok(())
}

#[test]
fn dripping_does_not_extend_it() -> Outcome {
    let begin =
        |server: &Program, client: &mut Client| drip(server, client, b"x");
    let (server, _) = is_left_after(HEADER_TIMEOUT, begin)?;
    server.expect_note(": took too long\n")
}

#[test]
fn a_body_that_nobody_reads_does_not_destroy_the_response() -> Outcome {
    let server = step("step04").server()?;
    for length in [1, 100_000, 8 << 20] {
        let mut client = server.connect()?;
        let head = format!(
            "POST / HTTP/1.1\r\nHost: localhost\r\n\
             Content-Length: {length}\r\n\r\n"
        );
        let request = [head.as_bytes(), &pattern(length)].concat();
        client.send(&request).expecting("all of it is taken")?;
        // Complete, and an ordinary end of the stream after it.
        page(&mut client)?;
        client.expect_eof()?;
    }
    Ok(())
}

#[test]
fn a_client_that_never_stops_sending_is_left() -> Outcome {
    let begin = |server: &Program, client: &mut Client| {
        client.send(REQUEST)?;
        let deadline = server.deadline();
        let mut sender = client.twin()?;
        thread::spawn(move || {
            while sender.send(&[b'x'; 1000]).is_ok() {
                assert!(!deadline.is_over(), "it is not left");
            }
        });
        page(client).map(drop)
    };
    is_left_after(LINGERING_TIMEOUT, begin).map(drop)
}

#[test]
fn a_client_that_never_leaves_is_left() -> Outcome {
    let begin = |_: &Program, client: &mut Client| {
        client.send(REQUEST)?;
        page(client)?;
        client.expect_eof()
    };
    is_left_after(LINGERING_TIMEOUT, begin).map(drop)
}
