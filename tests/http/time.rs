//! Limits of time, in every step that has them. Lower bounds are strict: too
//! early is wrong on every machine. Upper bounds are patient: too late may
//! be the machine's fault.

use std::io::ErrorKind;
use std::thread;
use std::time::{Duration, Instant};

use crate::common::steps::{Capability, STEPS, Step};
use crate::common::{Server, Wire};
use crate::replies::Replies;

const HEAD_TIME: Duration = Duration::from_secs(5);
const BODY_TIME: Duration = Duration::from_secs(10);
const IDLE_TIME: Duration = Duration::from_secs(2);
const WRITE_TIME: Duration = Duration::from_secs(5);

/// Much more than any limit, and much less than a client takes that drips.
const PATIENT: Duration = Duration::from_secs(40);

/// All of these at once: each waits, and none works.
fn for_each(capability: Capability, test: fn(&Step)) {
    thread::scope(|scope| {
        for step in STEPS {
            if step.can.contains(&capability) {
                scope.spawn(move || test(step));
            }
        }
    });
}

/// Panics unless there is a 408 after `limit`, and then the end.
fn expect_timeout(wire: &mut Wire, since: Instant, limit: Duration) {
    let mut replies = Replies::new(wire);
    let reply = replies.next(false).expect("an answer");
    let time = since.elapsed();
    assert_eq!((reply.status, reply.closes), (408, true));
    assert!(time >= limit, "too early: {time:?}");
    assert!(time < PATIENT, "too late: {time:?}");
    replies.expect_end();
}

/// Sends a byte every tenth of a second until there is an answer.
fn drip(wire: &mut Wire, byte: &[u8]) {
    let start = Instant::now();
    while start.elapsed() < PATIENT && !wire.has_something() {
        if !wire.try_send(byte) {
            break;
        }
        // The interval between two drips.
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_head_that_stops() {
    for_each(Capability::RefusesNonsense, |step| {
        let server = Server::start(step);
        let start = Instant::now();
        let mut wire = server.connect();
        wire.send(b"GET / HTTP/1.1\r\nHost: a");
        expect_timeout(&mut wire, start, HEAD_TIME);
    });
}

#[test]
fn a_head_that_drips() {
    for_each(Capability::RefusesNonsense, |step| {
        let server = Server::start(step);
        let start = Instant::now();
        let mut wire = server.connect();
        wire.send(b"GET / HTTP/1.1\r\nHost: ");
        drip(&mut wire, b"a");
        expect_timeout(&mut wire, start, HEAD_TIME);
    });
}

#[test]
fn a_second_head_that_drips() {
    for_each(Capability::KeepsConnection, |step| {
        let server = Server::start(step);
        let mut wire = server.connect();
        wire.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(Replies::new(&mut wire).next(false).unwrap().status, 200);
        let start = Instant::now();
        drip(&mut wire, b"G");
        expect_timeout(&mut wire, start, HEAD_TIME);
    });
}

#[test]
fn empty_lines_that_drip() {
    for_each(Capability::KeepsConnection, |step| {
        let server = Server::start(step);
        let start = Instant::now();
        let mut wire = server.connect();
        drip(&mut wire, b"\r\n");
        expect_timeout(&mut wire, start, HEAD_TIME);
    });
}

#[test]
fn a_body_that_stops() {
    for_each(Capability::TakesBodies, |step| {
        let server = Server::start(step);
        let start = Instant::now();
        let mut wire = server.connect();
        wire.send(
            b"POST /api/echo HTTP/1.1\r\nHost: a\r\n\
              Content-Length: 5\r\n\r\nhell",
        );
        expect_timeout(&mut wire, start, BODY_TIME);
    });
}

#[test]
fn a_body_that_drips_in_chunks() {
    for_each(Capability::TakesBodies, |step| {
        let server = Server::start(step);
        let start = Instant::now();
        let mut wire = server.connect();
        wire.send(
            b"POST /api/echo HTTP/1.1\r\nHost: a\r\n\
              Transfer-Encoding: chunked\r\n\r\n",
        );
        drip(&mut wire, b"1\r\nx\r\n");
        expect_timeout(&mut wire, start, BODY_TIME);
    });
}

/// Nothing was asked, so nothing is answered.
#[test]
fn an_idle_connection_ends_without_a_word() {
    for_each(Capability::KeepsConnection, |step| {
        let server = Server::start(step);
        let start = Instant::now();
        let mut wire = server.connect();
        wire.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        let mut replies = Replies::new(&mut wire);
        assert_eq!(replies.next(false).unwrap().status, 200);
        replies.expect_end();
        assert!(start.elapsed() >= IDLE_TIME, "{:?}", start.elapsed());
        assert!(start.elapsed() < PATIENT, "{:?}", start.elapsed());
    });
}

/// A client that asks and does not read has its time, and then the next has
/// its turn. That it takes a byte now and then changes nothing.
#[test]
fn answers_that_are_not_taken() {
    for_each(Capability::KeepsConnection, |step| {
        let server = Server::start(step);
        let start = Instant::now();
        let mut greedy = server.connect();
        let mut next = server.connect();
        next.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        let requests = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1000);
        let mut stream = greedy.stream();
        stream.set_nonblocking(true).unwrap();
        while !next.has_something() && start.elapsed() < PATIENT {
            match std::io::Write::write(&mut stream, &requests) {
                Err(error) if error.kind() != ErrorKind::WouldBlock => break,
                _ => {}
            }
            thread::sleep(Duration::from_millis(100));
        }
        stream.set_nonblocking(false).unwrap();
        let reply = Replies::new(&mut next).next(false).unwrap();
        assert_eq!(reply.status, 200);
        assert!(start.elapsed() >= WRITE_TIME, "{:?}", start.elapsed());
        server.wait_for_note("connection timed out");
        drop(greedy.receive_until(|_| false));
    });
}
