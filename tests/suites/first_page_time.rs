//! Step 04's limits: silence, dripping, and a close that lets the response
//! arrive. Lower bounds are strict: too early is wrong on every machine.
//! Upper bounds are those of every wait, and fair: time in which the server
//! waited for a processor does not count.

use std::thread;
use std::time::{Duration, Instant};

use crate::common::Response;
use crate::common::pattern;
use crate::common::steps::REQUEST;
use crate::first_page::server;

const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
const LINGERING_TIMEOUT: Duration = Duration::from_secs(1);

#[test]
fn silence_has_a_limit_and_the_next_is_served() {
    let server = server();
    let start = Instant::now();
    let mut silent = server.connect();
    let mut next = server.connect();
    next.send(REQUEST);
    Response::read(&mut next).expect_page();
    assert!(start.elapsed() >= HEADER_TIMEOUT, "{:?}", start.elapsed());
    silent.expect_end();
    let late = format!("{}: took too long\n", silent.own_address());
    server.wait_for_note(&late);
}

#[test]
fn dripping_does_not_extend_it() {
    let server = server();
    let start = Instant::now();
    let mut client = server.connect();
    let deadline = client.deadline();
    while client.try_send(b"x") {
        assert!(!deadline.is_over(), "dripping extends the limit");
        // The interval between two drips; an end may come meanwhile.
        match client.read(&mut [0], Duration::from_millis(100)) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            _ => break,
        }
    }
    assert!(start.elapsed() >= HEADER_TIMEOUT, "{:?}", start.elapsed());
    server.wait_for_note(": took too long\n");
}

#[test]
fn a_line_feed_alone_ends_no_line() {
    let server = server();
    let start = Instant::now();
    let mut client = server.connect();
    client.send(b"GET / HTTP/1.1\n\n");
    client.expect_end();
    assert!(start.elapsed() >= HEADER_TIMEOUT, "{:?}", start.elapsed());
}

#[test]
fn a_late_end_of_the_head_is_in_time() {
    // The limit is for the whole head, not less than it says.
    let server = server();
    let mut client = server.connect();
    let (most, rest) = REQUEST.split_at(REQUEST.len() - 1);
    client.send(most);
    let pause = Duration::from_secs(2);
    assert!(client.read(&mut [0], pause).is_err(), "no response yet");
    client.send(rest);
    Response::read(&mut client).expect_page();
}

#[test]
fn a_body_that_nobody_reads_does_not_destroy_the_response() {
    let server = server();
    for length in [1, 100_000, 8 << 20] {
        let mut client = server.connect();
        let mut request = format!(
            "POST / HTTP/1.1\r\nHost: localhost\r\n\
             Content-Length: {length}\r\n\r\n"
        )
        .into_bytes();
        request.extend(pattern(length));
        let mut stream = client.stream();
        let sender = thread::spawn(move || {
            std::io::Write::write_all(&mut stream, &request)
        });
        // Complete, and an ordinary end of the stream after it.
        Response::read(&mut client).expect_page();
        client.expect_end();
        sender.join().unwrap().expect("all of it is taken");
    }
}

#[test]
fn a_response_read_only_after_all_was_sent() {
    let server = server();
    let mut client = server.connect();
    client.send(REQUEST);
    client.send(&pattern(1 << 20));
    Response::read(&mut client).expect_page();
    client.expect_end();
}

#[test]
fn a_client_that_never_stops_sending_is_left() {
    let server = server();
    let mut client = server.connect();
    client.send(REQUEST);
    let start = Instant::now();
    let deadline = client.deadline();
    let mut stream = client.stream();
    let sender = thread::spawn(move || {
        let piece = [b'x'; 1000];
        while std::io::Write::write_all(&mut stream, &piece).is_ok() {
            assert!(!deadline.is_over(), "it is not left");
        }
        start.elapsed()
    });
    Response::read(&mut client).expect_page();
    let mut next = server.connect();
    next.send(REQUEST);
    Response::read(&mut next).expect_page();
    let time = sender.join().unwrap();
    assert!(time >= LINGERING_TIMEOUT, "too early: {time:?}");
}

#[test]
fn a_client_that_never_leaves_is_left() {
    let server = server();
    let start = Instant::now();
    let mut client = server.connect();
    client.send(REQUEST);
    Response::read(&mut client).expect_page();
    client.expect_end();
    let mut next = server.connect();
    next.send(REQUEST);
    Response::read(&mut next).expect_page();
    let time = start.elapsed();
    assert!(time >= LINGERING_TIMEOUT, "too early: {time:?}");
}
