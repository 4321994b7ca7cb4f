//! What a single client sees of a step.

use std::time::{Duration, Instant};

use crate::lab::fixtures::pattern;
use crate::lab::{Outcome, proc};
use crate::steps::{KEEPING, Speaks, Step, page, peer};

pub fn greets(step: &Step) -> Outcome<bool> {
    step.exchange(&step.server()?)?;
    Ok(step.speaks == Speaks::Greeting)
}

pub fn echoes(step: &Step) -> Outcome<bool> {
    let (_server, mut client) = step.connected()?;
    let bytes = pattern(1000);
    // A server that does not read may have closed.
    let _ = client.send(&bytes).and_then(|()| client.finish());
    Ok(client.receive(usize::MAX)?.0 == bytes)
}

pub fn serves_the_next(step: &Step) -> Outcome<bool> {
    let server = step.server()?;
    step.exchange(&server)?;
    // Where nobody listens any more, the kernel refuses; or it accepts
    // while the program is ending, and then resets.
    let Ok(mut client) = server.connect() else { return Ok(false) };
    step.ask(&mut client)?;
    Ok(!client.receive(1)?.0.is_empty())
}

pub fn returns_at_once(step: &Step) -> Outcome<bool> {
    let (server, mut client) = step.connected()?;
    let address = server.address()?;
    step.request(&mut client)?;
    // The server's side closes first, so it is the server's address that
    // the kernel keeps for a minute.
    if step.does("next-client") {
        server.end_by(libc::SIGTERM)?;
    } else {
        server.expect_exit(0)?;
    }
    client.expect_eof()?;
    drop(client);
    let us = std::process::id().cast_signed();
    server.eventually("leaves a TIME_WAIT", || {
        let rows = proc::tcp_rows(us);
        let mut kept = rows.iter().filter(|row| row.state == proc::TIME_WAIT);
        kept.find(|row| row.local == address).map(drop)
    })?;

    let again = step.launch(&[&address.to_string()])?.spawn()?;
    if again.await_announcement(1).is_ok() {
        return Ok(true);
    }
    let complaint = again.expect_complaint(1)?;
    assert!(complaint.contains("address already in use"), "{complaint}");
    Ok(false)
}

pub fn connects(step: &Step) -> Outcome<bool> {
    let peer = peer()?;
    let address = peer.address().to_string();
    let program = step.launch(&[&address])?.spawn()?;
    program.eventually("connects, or ends", || match peer.take() {
        Some(_) => Some(true),
        None => program.ended().map(|_| false),
    })
}

/// Whether the response to `request` begins like this.
pub fn starts(step: &Step, request: &[u8], begin: &[u8]) -> Outcome<bool> {
    let (_server, mut client) = step.connected()?;
    client.send(request)?;
    Ok(client.receive(begin.len())?.0 == begin)
}

pub fn ends_silence(step: &Step) -> Outcome<bool> {
    // Longer than any limit that a step claims.
    const LONG: Duration = Duration::from_secs(11);
    let (server, silent) = step.connected()?;
    let start = Instant::now();
    server.eventually("sends a silent client away, or does not", || {
        if silent.has_something() {
            return Some(true);
        }
        // A limit that is over wakes a program even on a busy machine: one
        // that still sleeps has none.
        let waits = proc::waits_in(server.pid(), "read()");
        (start.elapsed() > LONG && waits).then_some(false)
    })
}

pub fn keeps_connection(step: &Step) -> Outcome<bool> {
    let (_server, mut client) = step.connected()?;
    client.send(KEEPING)?;
    page(&mut client)?;
    let is_sent = client.send(KEEPING).is_ok();
    Ok(is_sent && !client.receive(1)?.0.is_empty())
}

pub fn takes_bodies(step: &Step) -> Outcome<bool> {
    let (_server, mut client) = step.connected()?;
    client.send(
        b"POST /api/echo HTTP/1.1\r\nHost: localhost\r\n\
          Content-Length: 5\r\n\r\nhello",
    )?;
    Ok(client.response()?.body == b"hello")
}

pub fn exits_cleanly(step: &Step) -> Outcome<bool> {
    let server = step.server()?;
    server.signal(libc::SIGTERM);
    Ok(server.wait(server.patience())?.status.success())
}

/// Greets a node with its own HELLO, but for who it is, and READY. Its first
/// frame about blocks is HAVE.
pub fn says_what_it_has(step: &Step) -> Outcome<bool> {
    let (_node, mut client) = step.connected()?;
    client.send(b"\xd5")?;
    let (mut hello, _) = client.receive(116)?;
    let Some([session, .., name]) = hello.get_mut(12..21) else {
        return Ok(false);
    };
    (*session, *name) = (!*session, !*name);
    client.send(&hello[1..])?;
    client.send(b"\xd5\x53\x01\x02\0\0\0\0")?;
    // READY, GETPEERS, and the next one.
    let (frames, _) = client.receive(24)?;
    let kinds = frames.chunks(8).filter_map(|it| it.get(3));
    Ok(kinds.eq(&[0x02, 0x10, 0x23]))
}
