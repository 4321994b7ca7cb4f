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

fn connected() -> Outcome<(Program, Client)> {
    step("step04").connected()
}

/// The page for a further client of `server`.
fn next(server: &Program) -> Outcome {
    let mut next = server.connect()?;
    next.send(REQUEST)?;
    page(&mut next).map(drop)
}

#[test]
fn silence_has_a_limit_and_the_next_is_served() -> Outcome {
    let start = Instant::now();
    let (server, mut silent) = connected()?;
    next(&server)?;
    assert!(start.elapsed() >= HEADER_TIMEOUT, "{:?}", start.elapsed());
    silent.expect_eof()?;
    let late = format!("{}: took too long\n", silent.own_address()?);
    server.expect_note(&late)
}

#[test]
fn dripping_does_not_extend_it() -> Outcome {
    let start = Instant::now();
    let (server, mut client) = connected()?;
    drip(&server, &mut client, b"x")?;
    assert!(start.elapsed() >= HEADER_TIMEOUT, "{:?}", start.elapsed());
    server.expect_note(": took too long\n")
}

#[test]
fn a_line_feed_alone_ends_no_line() -> Outcome {
    let start = Instant::now();
    let (_server, mut client) = connected()?;
    client.send(b"GET / HTTP/1.1\n\n")?;
    client.expect_eof()?;
    assert!(start.elapsed() >= HEADER_TIMEOUT, "{:?}", start.elapsed());
    Ok(())
}

#[test]
fn a_late_end_of_the_head_is_in_time() -> Outcome {
    // The limit is for the whole head, not less than it says.
    let (_server, mut client) = connected()?;
    let (most, rest) = REQUEST.split_at(REQUEST.len() - 1);
    client.send(most)?;
    thread::sleep(Duration::from_secs(2));
    assert!(!client.has_something(), "no response yet");
    client.send(rest)?;
    page(&mut client).map(drop)
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
        let mut sender = client.twin()?;
        let sender = thread::spawn(move || sender.send(&request));
        // Complete, and an ordinary end of the stream after it.
        page(&mut client)?;
        client.expect_eof()?;
        sender.join().unwrap().expecting("all of it is taken")?;
    }
    Ok(())
}

#[test]
fn a_response_read_only_after_all_was_sent() -> Outcome {
    let (_server, mut client) = connected()?;
    client.send(REQUEST)?;
    client.send(&pattern(1 << 20))?;
    page(&mut client)?;
    client.expect_eof()
}

#[test]
fn a_client_that_never_stops_sending_is_left() -> Outcome {
    let (server, mut client) = connected()?;
    client.send(REQUEST)?;
    let start = Instant::now();
    let deadline = server.deadline();
    let mut sender = client.twin()?;
    let sender = thread::spawn(move || {
        while sender.send(&[b'x'; 1000]).is_ok() {
            assert!(!deadline.is_over(), "it is not left");
        }
        start.elapsed()
    });
    page(&mut client)?;
    next(&server)?;
    let time = sender.join().unwrap();
    assert!(time >= LINGERING_TIMEOUT, "too early: {time:?}");
    Ok(())
}

#[test]
fn a_client_that_never_leaves_is_left() -> Outcome {
    let start = Instant::now();
    let (server, mut client) = connected()?;
    client.send(REQUEST)?;
    page(&mut client)?;
    client.expect_eof()?;
    next(&server)?;
    let time = start.elapsed();
    assert!(time >= LINGERING_TIMEOUT, "too early: {time:?}");
    Ok(())
}
