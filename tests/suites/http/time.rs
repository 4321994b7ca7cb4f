//! Limits of time, in every step that has them. Lower bounds are strict: too
//! early is wrong on every machine. Upper bounds are those of every wait, and
//! fair: time in which the server waited for a processor does not count.

use std::thread;
use std::time::{Duration, Instant};

use nix::libc;

use super::{accepted, expect_refusal};
use crate::lab::Outcome;
use crate::lab::program::Program;
use crate::steps::{KEEPING, REQUEST, drip, on_each, on_every, with};

/// The limits of the steps that serve one client at a time, and of those
/// that serve many. What waits longer than half a minute, tests/core lets pass
/// without waiting; a loop has a clock that can run faster.
const HEADER_TIMEOUT: [u64; 2] = [5, 10];
const BODY_TIMEOUT: [u64; 2] = [10, 60];
const KEEPALIVE_TIMEOUT: [u64; 2] = [2, 10];
/// Of those that serve one at a time.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);

/// How much faster the clock of a loop runs, where its limit is a long one.
const SPEED: u32 = 50;

/// Runs a suite on every step with a capability, on its server and with its
/// limit: not where that is too long to be waited for.
fn on_every_limit(
    capability: &str,
    limits: [u64; 2],
    suite: impl Fn(&Program, Duration) -> Outcome + Sync,
) -> Outcome {
    on_every(capability, |step| {
        let seconds = limits[usize::from(step.does("concurrency"))];
        let limit = Duration::from_secs(seconds);
        if seconds <= 30 {
            return suite(&step.server()?, limit);
        }
        if !step.does("event-loop") {
            return Ok(());
        }
        suite(&step.under(&format!("speed={SPEED}"))?, limit / SPEED)
    })
}

fn expect_passed(since: Instant, limit: Duration) -> Outcome {
    let time = since.elapsed();
    assert!(time >= limit, "too early: {time:?}");
    Ok(())
}

/// A request that begins with `start`, and then drips, is out of time after
/// `limit`: there is a 408, and then the end.
fn times_out(
    capability: &str,
    limits: [u64; 2],
    start: &[u8],
    drops: &[u8],
) -> Outcome {
    on_every_limit(capability, limits, |server, limit| {
        let since = Instant::now();
        // It is there when the client is accepted: on a busy machine a fast
        // clock might pass the limit of an idle connection before.
        server.signal(libc::SIGSTOP);
        let mut client = server.connect()?;
        client.send(start)?;
        server.signal(libc::SIGCONT);
        drip(server, &mut client, drops)?;
        expect_refusal(&mut client, 408)?;
        expect_passed(since, limit)
    })
}

#[test]
fn a_head_that_drips() -> Outcome {
    let start = b"GET / HTTP/1.1\r\nHost: ";
    times_out("refusals", HEADER_TIMEOUT, start, b"a")
}

/// Empty lines are no request, so nothing is refused; and they do not make
/// a connection last.
#[test]
fn empty_lines_that_drip() -> Outcome {
    on_every_limit("keep-alive", KEEPALIVE_TIMEOUT, |server, limit| {
        let since = Instant::now();
        let mut client = server.connect()?;
        drip(server, &mut client, b"\r\n")?;
        client.expect_eof()?;
        expect_passed(since, limit)
    })
}

#[test]
fn a_body_that_drips_in_chunks() -> Outcome {
    let start = b"POST /api/echo HTTP/1.1\r\nHost: a\r\n\
        Transfer-Encoding: chunked\r\n\r\n";
    times_out("bodies", BODY_TIMEOUT, start, b"1\r\nx\r\n")
}

/// Nothing was asked, so there is no response.
#[test]
fn an_idle_connection_ends_without_a_word() -> Outcome {
    on_every_limit("keep-alive", KEEPALIVE_TIMEOUT, |server, limit| {
        let since = Instant::now();
        let mut client = server.connect()?;
        accepted(&mut client, KEEPING)?;
        client.expect_eof()?;
        expect_passed(since, limit)
    })
}

/// A client that asks and does not read has its time, and then the next has
/// its turn. That it takes a byte now and then changes nothing.
#[test]
fn responses_that_are_not_taken() -> Outcome {
    let steps = with("keep-alive").filter(|step| !step.does("concurrency"));
    on_each(&steps.collect::<Vec<_>>(), |step| {
        let since = Instant::now();
        let (server, mut greedy) = step.connected()?;
        let mut next = server.connect()?;
        next.send(REQUEST)?;
        let requests = KEEPING.repeat(1000);
        let deadline = server.deadline();
        // Nor is the byte that it takes one that makes room for another.
        while !next.has_something() && greedy.nibble(&requests) {
            assert!(!deadline.is_over(), "too late");
            thread::sleep(Duration::from_millis(100));
        }
        assert_eq!(next.response()?.status, 200);
        expect_passed(since, SEND_TIMEOUT)?;
        server.expect_note("connection timed out")
    })
}
