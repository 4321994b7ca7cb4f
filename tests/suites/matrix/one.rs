//! What a single client sees of a step.

use std::process::Stdio;
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

/// When something has been said to it, it has been told before what there is.
pub fn says_what_it_has(step: &Step) -> Outcome<bool> {
    let one = step.launch(&["127.0.0.1:0"])?.stdin(Stdio::piped()).start()?;
    let flags = ["0", "--trace", "--peer", &one.address()?.to_string()];
    let other = step.launch(&flags)?.start()?;
    one.type_in(b"hi\n")?;
    other.await_stdout("what is said", |printed| {
        String::from_utf8_lossy(printed).contains(": hi\n").then_some(())
    })?;
    let frames = other.expect_behind("<- READY", "BLOCK ")?;
    Ok(frames.contains("<- HAVE "))
}
