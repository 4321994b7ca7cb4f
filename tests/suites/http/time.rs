//! Limits of time, in every step that has them. Lower bounds are strict: too
//! early is wrong on every machine. Upper bounds are those of every wait, and
//! fair: time in which the server waited for a processor does not count.

use std::io::{ErrorKind, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use super::replies::Replies;
use crate::common::steps::{KEEPING, REQUEST, on_every};
use crate::common::{Client, Server};

const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(2);
const SEND_TIMEOUT: Duration = Duration::from_secs(5);

/// Panics unless there is a 408 after `limit`, and then the end.
fn expect_timeout(client: &mut Client, since: Instant, limit: Duration) {
    let mut replies = Replies::new(client);
    let reply = replies.next(false).expect("a response");
    let time = since.elapsed();
    assert_eq!((reply.status, reply.closes()), (408, true));
    assert!(time >= limit, "too early: {time:?}");
    replies.expect_end();
}

/// Sends a byte every tenth of a second until there is a response.
fn drip(client: &mut Client, byte: &[u8]) {
    let deadline = client.deadline();
    while !client.has_something() {
        assert!(!deadline.is_over(), "dripping extends the limit");
        if !client.try_send(byte) {
            break;
        }
        // The interval between two drips.
        thread::sleep(Duration::from_millis(100));
    }
}

/// A request that begins with `start`, and then stops or drips, is out of
/// time after `limit`.
fn times_out(
    capability: &str,
    limit: Duration,
    start: &[u8],
    drops: Option<&[u8]>,
) {
    on_every(capability, |step| {
        let server = Server::start(step);
        let since = Instant::now();
        let mut client = server.connect();
        client.send(start);
        if let Some(drop) = drops {
            drip(&mut client, drop);
        }
        expect_timeout(&mut client, since, limit);
    });
}

#[test]
fn a_head_that_stops() {
    let start = b"GET / HTTP/1.1\r\nHost: a";
    times_out("refusals", HEADER_TIMEOUT, start, None);
}

#[test]
fn a_head_that_drips() {
    let start = b"GET / HTTP/1.1\r\nHost: ";
    times_out("refusals", HEADER_TIMEOUT, start, Some(b"a"));
}

/// Empty lines are no request, so nothing is refused; and they do not make
/// a connection last.
#[test]
fn empty_lines_that_drip() {
    on_every("keep-alive", |step| {
        let server = Server::start(step);
        let since = Instant::now();
        let mut client = server.connect();
        drip(&mut client, b"\r\n");
        Replies::new(&mut client).expect_end();
        assert!(since.elapsed() >= KEEPALIVE_TIMEOUT, "{:?}", since.elapsed());
    });
}

#[test]
fn a_second_head_that_drips() {
    on_every("keep-alive", |step| {
        let server = Server::start(step);
        let mut client = server.connect();
        client.send(KEEPING);
        assert_eq!(Replies::new(&mut client).next(false).unwrap().status, 200);
        let since = Instant::now();
        drip(&mut client, b"G");
        expect_timeout(&mut client, since, HEADER_TIMEOUT);
    });
}

#[test]
fn a_body_that_stops() {
    let start = b"POST /api/echo HTTP/1.1\r\nHost: a\r\n\
        Content-Length: 5\r\n\r\nhell";
    times_out("bodies", BODY_TIMEOUT, start, None);
}

#[test]
fn a_body_that_drips_in_chunks() {
    let start = b"POST /api/echo HTTP/1.1\r\nHost: a\r\n\
        Transfer-Encoding: chunked\r\n\r\n";
    let chunk = b"1\r\nx\r\n";
    times_out("bodies", BODY_TIMEOUT, start, Some(chunk));
}

/// Nothing was asked, so there is no response.
#[test]
fn an_idle_connection_ends_without_a_word() {
    on_every("keep-alive", |step| {
        let server = Server::start(step);
        let start = Instant::now();
        let mut client = server.connect();
        client.send(KEEPING);
        let mut replies = Replies::new(&mut client);
        assert_eq!(replies.next(false).unwrap().status, 200);
        replies.expect_end();
        assert!(start.elapsed() >= KEEPALIVE_TIMEOUT, "{:?}", start.elapsed());
    });
}

/// A client that asks and does not read has its time, and then the next has
/// its turn. That it takes a byte now and then changes nothing.
#[test]
fn responses_that_are_not_taken() {
    on_every("keep-alive", |step| {
        let server = Server::start(step);
        let start = Instant::now();
        let mut greedy = server.connect();
        let mut next = server.connect();
        next.send(REQUEST);
        let requests = KEEPING.repeat(1000);
        let mut stream = greedy.stream();
        stream.set_nonblocking(true).unwrap();
        let deadline = next.deadline();
        while !next.has_something() {
            assert!(!deadline.is_over(), "too late");
            match stream.write(&requests) {
                Err(error) if error.kind() != ErrorKind::WouldBlock => break,
                _ => {}
            }
            // Nor is this a byte that makes room for another.
            let _ = stream.read(&mut [0]);
            thread::sleep(Duration::from_millis(100));
        }
        stream.set_nonblocking(false).unwrap();
        let reply = Replies::new(&mut next).next(false).unwrap();
        assert_eq!(reply.status, 200);
        assert!(start.elapsed() >= SEND_TIMEOUT, "{:?}", start.elapsed());
        server.wait_for_note("connection timed out");
        drop(greedy.receive_until(|_| false));
    });
}
