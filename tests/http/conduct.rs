//! What steps with persistent connections do that no single request shows.

use std::io::Write;
use std::thread;

use crate::common::steps::{Capability, STEPS, Step};
use crate::common::tools::assert_same;
use crate::common::{Server, Wire, facts, pattern};
use crate::replies::Replies;

/// The steps with persistent connections and bodies.
fn steps() -> impl Iterator<Item = &'static Step> {
    let keeps = |step: &&Step| step.can.contains(&Capability::KeepsConnection);
    STEPS.iter().filter(keeps)
}

fn post(wire: &mut Wire, fields: &str) {
    let start = "POST /api/echo HTTP/1.1\r\nHost: a\r\n";
    wire.send(format!("{start}{fields}\r\n").as_bytes());
}

#[test]
fn a_client_that_waits_for_100() {
    for step in steps() {
        let server = Server::start(step);
        let mut wire = server.connect();
        for body in [&b"hello"[..], b"again"] {
            post(&mut wire, "Expect: 100-continue\r\nContent-Length: 5\r\n");
            wire.expect(b"HTTP/1.1 100 Continue\r\n\r\n");
            wire.send(body);
            let reply = Replies::new(&mut wire).next(false).unwrap();
            assert_eq!((reply.status, &*reply.body), (200, body));
        }
    }
}

#[test]
fn answers_keep_the_order_of_a_thousand_requests() {
    for step in steps() {
        let server = Server::start(step);
        let mut wire = server.connect();
        let requests: Vec<u8> = (0..1000)
            .flat_map(|number| {
                let body = number.to_string();
                format!(
                    "POST /api/echo HTTP/1.1\r\nHost: a\r\n\
                     Content-Length: {}\r\n\r\n{body}",
                    body.len()
                )
                .into_bytes()
            })
            .collect();
        wire.send(&requests);
        let mut replies = Replies::new(&mut wire);
        for number in 0..1000 {
            let reply = replies.next(false).unwrap();
            assert_eq!(reply.body, number.to_string().as_bytes());
        }
        replies.expect_nothing();
    }
}

#[test]
fn the_largest_body_comes_back_to_a_slow_reader() {
    for step in steps() {
        let server = Server::start(step);
        let mut wire = server.connect();
        let body = pattern(1024 * 1024);
        for _ in 0..3 {
            post(&mut wire, "Content-Length: 1048576\r\n");
            wire.send(&body);
            // Not a byte is read before the server waits for us, or for the
            // next request.
            wire.wait_until_read();
            let reply = Replies::new(&mut wire).next(false).unwrap();
            assert_same(&reply.body, &body);
        }
    }
}

/// The answer arrives, although the client is still sending when it comes.
#[test]
fn a_body_that_is_too_large_is_refused_in_words() {
    for step in steps() {
        let server = Server::start(step);
        let mut wire = server.connect();
        post(&mut wire, "Content-Length: 8388608\r\n");
        wire.try_send(&pattern(8 * 1024 * 1024));
        let mut replies = Replies::new(&mut wire);
        let reply = replies.next(false).unwrap();
        assert_eq!((reply.status, reply.closes), (413, true));
        replies.expect_end();
    }
}

/// The server stops reading when nobody takes its answers: its memory does
/// not grow with what a client asks for.
#[test]
fn a_pipeline_that_is_not_read() {
    const REQUESTS: usize = 100_000;
    const REQUEST: &[u8] = b"GET /api/ HTTP/1.1\r\nHost: a\r\n\r\n";
    for step in steps() {
        let server = Server::start(step);
        let mut wire = server.connect();
        wire.send(REQUEST);
        assert_eq!(Replies::new(&mut wire).next(false).unwrap().status, 200);
        let before = facts::memory(server.pid());
        let mut stream = wire.stream();
        let sender = thread::spawn(move || {
            let bytes = REQUEST.repeat(100);
            for _ in 0..REQUESTS / 100 {
                stream.write_all(&bytes).unwrap();
            }
        });
        let mut most = 0;
        let mut replies = Replies::new(&mut wire);
        for number in 0..REQUESTS {
            assert_eq!(replies.next(false).unwrap().status, 200);
            if number % 1000 == 0 {
                most = most.max(facts::memory(server.pid()));
            }
        }
        replies.expect_nothing();
        sender.join().unwrap();
        assert!(most < before + 1024, "{before} KiB became {most}");
    }
}
