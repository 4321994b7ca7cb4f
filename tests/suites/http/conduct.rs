//! What steps with persistent connections do that no single request shows.

use std::thread;
use std::time::{Duration, Instant};

use super::{accepted, expect_refusal};
use crate::lab::client::Client;
use crate::lab::fixtures::pattern;
use crate::lab::show::assert_same;
use crate::lab::{Advice, Outcome, proc};
use crate::steps::{new_shells, on_every, ours, with};

fn post(fields: &str, body: &[u8]) -> Vec<u8> {
    let start = "POST /api/echo HTTP/1.1\r\nHost: a\r\n";
    [format!("{start}{fields}\r\n").as_bytes(), body].concat()
}

#[test]
fn the_largest_body_comes_back_to_a_slow_reader() -> Outcome {
    for step in new_shells("bodies") {
        let (server, mut client) = step.connected()?;
        let body = pattern(1024 * 1024);
        let mut since = Instant::now();
        for _ in 0..3 {
            // On a busy machine a limit of the server's may be over.
            if since.elapsed() > Duration::from_secs(1) {
                client = server.connect()?;
            }
            since = Instant::now();
            client.send(&post("Content-Length: 1048576\r\n", &body))?;
            // Not a byte is read before the server waits for us, or for the
            // next request.
            client.wait_until_read()?;
            if since.elapsed() < Duration::from_secs(4) {
                assert_same(&client.response()?.body, &body);
                since = Instant::now();
            }
        }
    }
    Ok(())
}

/// The response arrives, although more was sent than has been read when it
/// comes.
#[test]
fn a_body_that_is_too_large_is_refused_in_words() -> Outcome {
    on_every("keep-alive", |step| {
        let (_server, mut client) = step.connected()?;
        // Not all of it: who hears of the refusal sends no more.
        let part = pattern(256 * 1024);
        client.send(&post("Content-Length: 8388608\r\n", &part))?;
        expect_refusal(&mut client, 413)
    })
}

/// The server stops reading when nobody takes its responses: its memory does
/// not grow with what a client asks for.
#[test]
fn a_pipeline_that_is_not_read() -> Outcome {
    const REQUESTS: usize = 100_000;
    const REQUEST: &[u8] = b"GET /api/ HTTP/1.1\r\nHost: a\r\n\r\n";
    for step in new_shells("keep-alive") {
        let (server, mut client) = step.connected()?;
        accepted(&mut client, REQUEST)?;
        let before = proc::peak_memory(server.pid());
        let mut sender = client.twin()?;
        let sender = thread::spawn(move || {
            sender.send(&REQUEST.repeat(REQUESTS))?;
            sender.finish()
        });
        // Nothing is read before nothing more can be written.
        step.await_stuck(&server, &mut client)?;
        let all = client.receive_all()?;
        sender.join().unwrap()?;
        let most = proc::peak_memory(server.pid());
        let limit = before.map(|before| before + 1024);
        assert!(most < limit, "{before:?} KiB became {most:?}");
        // Only now is there time to look at them: a slow client is left.
        let all = String::from_utf8(all).unwrap();
        let rest = |start: &'static str| {
            all.lines().filter_map(move |line| line.strip_prefix(start))
        };
        assert_eq!(rest("HTTP/1.1 200 OK").count(), REQUESTS);
        // In their order, after the first.
        let numbers = rest("{\"request\": ").filter_map(|number| {
            number.strip_suffix('}')?.parse::<usize>().ok()
        });
        assert!(numbers.eq(2..REQUESTS + 2), "{}", step.name);
    }
    Ok(())
}

/// Step 06 finds the end of a body by its length, and knows no other way.
#[test]
fn step06_drops_bodies_of_a_known_length() -> Outcome {
    let Some(step) = ours("step06") else { return Ok(()) };
    let (server, mut client) = step.connected()?;
    let get = |client: &mut Client, fields: &str, body: &[u8]| {
        let start = "GET /api/ HTTP/1.1\r\nHost: a\r\n";
        client.send(format!("{start}{fields}\r\n").as_bytes())?;
        client.send(body)
    };
    let body = pattern(1024 * 1024);
    get(&mut client, "Content-Length: 1048576\r\n", &body)?;
    assert_eq!(client.response()?.body, b"{\"request\": 1}\n");
    get(&mut client, "", b"")?;
    assert_eq!(client.response()?.body, b"{\"request\": 2}\n");
    for (fields, status) in [
        ("Content-Length: 1048577\r\n", 413),
        ("Content-Length: 5\r\nExpect: 100-continue\r\n", 417),
        ("Transfer-Encoding: chunked\r\n", 501),
    ] {
        let mut client = server.connect()?;
        get(&mut client, fields, b"")?;
        expect_refusal(&mut client, status).about(fields)?;
    }
    Ok(())
}

/// RFC 9110 section 9.3.2: whatever is wrong with it.
#[test]
fn a_refusal_to_head_has_no_body() -> Outcome {
    for step in with("refusals") {
        let server = step.server()?;
        for head in [
            "HEAD / HTTP/9.9\r\nHost: a\r\n\r\n",
            "HEAD / HTTP/1.1\r\nHost : a\r\n\r\n",
            "HEAD /\r\n\r\n",
            "HEAD /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "HEAD / HTTP/1.1\r\nHost: a",
        ] {
            let mut client = server.connect()?;
            client.send(head.as_bytes())?;
            client.finish()?;
            let response = client.response_head()?;
            let is_refusal = response.status >= 400 && response.says("close");
            assert!(is_refusal, "{head:?}");
            // Not a byte behind the head.
            client.expect_eof()?;
        }
    }
    Ok(())
}
