//! What steps with persistent connections do that no single request shows.

use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use super::replies::Replies;
use crate::common::steps::{step, with};
use crate::common::tools::assert_same;
use crate::common::{Client, Server, pattern, proc};

fn post(client: &mut Client, fields: &str) {
    let start = "POST /api/echo HTTP/1.1\r\nHost: a\r\n";
    client.send(format!("{start}{fields}\r\n").as_bytes());
}

#[test]
fn a_client_that_waits_for_100() {
    for step in with("bodies") {
        let server = Server::start(step);
        let mut client = server.connect();
        for body in [&b"hello"[..], b"again"] {
            post(&mut client, "Expect: 100-continue\r\nContent-Length: 5\r\n");
            client.expect(b"HTTP/1.1 100 Continue\r\n\r\n");
            client.send(body);
            let reply = Replies::new(&mut client).next(false).unwrap();
            assert_eq!((reply.status, &*reply.body), (200, body));
        }
    }
}

#[test]
fn responses_keep_the_order_of_a_thousand_requests() {
    for step in with("bodies") {
        let server = Server::start(step);
        let mut client = server.connect();
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
        client.send(&requests);
        let mut replies = Replies::new(&mut client);
        for number in 0..1000 {
            let reply = replies.next(false).unwrap();
            assert_eq!(reply.body, number.to_string().as_bytes());
        }
        replies.expect_nothing();
    }
}

#[test]
fn the_largest_body_comes_back_to_a_slow_reader() {
    for step in with("bodies") {
        let server = Server::start(step);
        let mut client = server.connect();
        let body = pattern(1024 * 1024);
        let mut since = Instant::now();
        for _ in 0..3 {
            // On a busy machine a limit of the server's may be over.
            if since.elapsed() > Duration::from_secs(1) {
                client = server.connect();
            }
            since = Instant::now();
            post(&mut client, "Content-Length: 1048576\r\n");
            client.send(&body);
            // Not a byte is read before the server waits for us, or for the
            // next request.
            client.wait_until_read();
            if since.elapsed() < Duration::from_secs(4) {
                let reply = Replies::new(&mut client).next(false).unwrap();
                assert_same(&reply.body, &body);
                since = Instant::now();
            }
        }
    }
}

/// The response arrives, although the client is still sending when it comes.
#[test]
fn a_body_that_is_too_large_is_refused_in_words() {
    for step in with("keep-alive") {
        let server = Server::start(step);
        let mut client = server.connect();
        post(&mut client, "Content-Length: 8388608\r\n");
        client.try_send(&pattern(8 * 1024 * 1024));
        let mut replies = Replies::new(&mut client);
        let reply = replies.next(false).unwrap();
        assert_eq!((reply.status, reply.closes()), (413, true));
        replies.expect_end();
    }
}

/// The server stops reading when nobody takes its responses: its memory does
/// not grow with what a client asks for.
#[test]
fn a_pipeline_that_is_not_read() {
    const REQUESTS: usize = 100_000;
    const REQUEST: &[u8] = b"GET /api/ HTTP/1.1\r\nHost: a\r\n\r\n";
    for step in with("keep-alive") {
        let server = Server::start(step);
        let mut client = server.connect();
        client.send(REQUEST);
        assert_eq!(Replies::new(&mut client).next(false).unwrap().status, 200);
        let before = proc::memory(server.pid());
        let mut stream = client.stream();
        let sender = thread::spawn(move || {
            let bytes = REQUEST.repeat(100);
            for _ in 0..REQUESTS / 100 {
                stream.write_all(&bytes).unwrap();
            }
        });
        let mut most = 0;
        let mut replies = Replies::new(&mut client);
        for number in 0..REQUESTS {
            assert_eq!(replies.next(false).unwrap().status, 200);
            if number % 1000 == 0 {
                most = most.max(proc::memory(server.pid()));
            }
        }
        replies.expect_nothing();
        sender.join().unwrap();
        assert!(most < before + 1024, "{before} KiB became {most}");
    }
}

/// Step 06 finds the end of a body by its length, and knows no other way.
#[test]
fn step06_drops_bodies_of_a_known_length() {
    let server = Server::start(step("step06"));
    let mut client = server.connect();
    let get = |client: &mut Client, fields: &str, body: &[u8]| {
        let start = "GET /api/ HTTP/1.1\r\nHost: a\r\n";
        client.send(format!("{start}{fields}\r\n").as_bytes());
        client.send(body);
        Replies::new(client).next(false).unwrap()
    };
    let body = pattern(1024 * 1024);
    let reply = get(&mut client, "Content-Length: 1048576\r\n", &body);
    assert_eq!(reply.body, b"{\"request\": 1}\n");
    let reply = get(&mut client, "", b"");
    assert_eq!(reply.body, b"{\"request\": 2}\n");
    for (fields, status) in [
        ("Content-Length: 1048577\r\n", 413),
        ("Content-Length: 5\r\nExpect: 100-continue\r\n", 417),
        ("Transfer-Encoding: chunked\r\n", 501),
    ] {
        let mut client = server.connect();
        let reply = get(&mut client, fields, b"");
        assert_eq!((reply.status, reply.closes()), (status, true), "{fields}");
    }
}

/// RFC 9110 section 9.3.2: whatever is wrong with it.
#[test]
fn a_refusal_to_head_has_no_body() {
    for step in with("refusals") {
        let server = Server::start(step);
        for head in [
            "HEAD / HTTP/9.9\r\nHost: a\r\n\r\n",
            "HEAD / HTTP/1.1\r\nHost : a\r\n\r\n",
            "HEAD /\r\n\r\n",
            "HEAD /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "HEAD / HTTP/1.1\r\nHost: a",
        ] {
            let mut client = server.connect();
            client.send(head.as_bytes());
            client.finish();
            let mut replies = Replies::new(&mut client);
            let reply = replies.next(true).unwrap();
            assert!(reply.status >= 400 && reply.closes(), "{head:?}");
            // Not a byte behind the head.
            replies.expect_end();
        }
    }
}
