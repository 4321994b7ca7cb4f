//! The behaviour matrix: what each step claims it does, and that it lacks
//! what a later step brings.

use std::time::{Duration, Instant};

use crate::cgi;
use crate::lab::fixtures::pattern;
use crate::lab::{Outcome, proc};
use crate::many::{bounded, crowd, full};
use crate::steps::{
    KEEPING, REQUEST, STEPS, Speaks, Step, on_each, page, peer,
};

/// What a step may bring, and how to see whether it is there. Nothing is
/// decided by time: a `false` is something that was seen to happen otherwise.
type Probe = (&'static str, fn(&Step) -> Outcome<bool>);

const PROBES: [Probe; 21] = [
    ("greeting", greets),
    ("echo", echoes),
    ("next-client", serves_the_next),
    ("quick-restart", returns_at_once),
    ("client", connects),
    ("http", speaks_http),
    ("timeouts", ends_silence),
    ("refusals", refuses_nonsense),
    ("keep-alive", keeps_connection),
    ("bodies", takes_bodies),
    ("files", serves_files),
    ("concurrency", serves_beside_silence),
    ("processes", has_a_process_for_each),
    ("busy-503", refuses_when_full),
    ("threads", has_a_thread_for_each),
    ("pool", has_its_threads_before),
    ("event-loop", serves_all_in_one_thread),
    ("light-clients", keeps_little_for_each),
    ("clean-exit", exits_cleanly),
    ("cgi", runs_programs),
    ("drain", finishes_what_it_owes),
];

fn is_seen(capability: &str, step: &Step) -> Outcome<bool> {
    let mut probes = PROBES.iter();
    let probe = probes.find(|(name, _)| *name == capability);
    println!("{} {capability}", step.name);
    probe.unwrap_or_else(|| panic!("no probe for {capability}")).1(step)
}

fn on_every_step(suite: impl Fn(&Step) -> Outcome + Sync) -> Outcome {
    on_each(&STEPS.iter().collect::<Vec<_>>(), suite)
}

#[test]
fn every_step_does_what_it_claims() -> Outcome {
    on_every_step(|step| {
        for claim in step.capabilities() {
            assert!(is_seen(claim, step)?, "{} {claim}", step.name);
        }
        Ok(())
    })
}

#[test]
fn every_step_lacks_what_it_says() -> Outcome {
    on_every_step(|step| {
        for lack in &step.lacks {
            assert!(!is_seen(lack, step)?, "{} {lack}", step.name);
        }
        Ok(())
    })
}

fn greets(step: &Step) -> Outcome<bool> {
    step.exchange(&step.server()?)?;
    Ok(step.speaks == Speaks::Greeting)
}

fn echoes(step: &Step) -> Outcome<bool> {
    let (_server, mut client) = step.connected()?;
    let bytes = pattern(1000);
    // A server that does not read may have closed.
    let _ = client.send(&bytes).and_then(|()| client.finish());
    Ok(client.receive(usize::MAX)?.0 == bytes)
}

fn serves_the_next(step: &Step) -> Outcome<bool> {
    let server = step.server()?;
    step.exchange(&server)?;
    // Where nobody listens any more, the kernel refuses; or it accepts
    // while the program is ending, and then resets.
    let Ok(mut client) = server.connect() else { return Ok(false) };
    step.ask(&mut client)?;
    Ok(!client.receive(1)?.0.is_empty())
}

fn returns_at_once(step: &Step) -> Outcome<bool> {
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

fn connects(step: &Step) -> Outcome<bool> {
    let peer = peer()?;
    let address = peer.address().to_string();
    let program = step.launch(&[&address])?.spawn()?;
    program.eventually("connects, or ends", || match peer.take() {
        Some(_) => Some(true),
        None => program.ended().map(|_| false),
    })
}

fn speaks_http(step: &Step) -> Outcome<bool> {
    let (_server, mut client) = step.connected()?;
    client.send(REQUEST)?;
    Ok(client.receive(9)?.0 == b"HTTP/1.1 ")
}

fn ends_silence(step: &Step) -> Outcome<bool> {
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

fn refuses_nonsense(step: &Step) -> Outcome<bool> {
    let (_server, mut client) = step.connected()?;
    client.send(b"nonsense\r\n\r\n")?;
    Ok(client.response()?.status == 400)
}

fn keeps_connection(step: &Step) -> Outcome<bool> {
    let (_server, mut client) = step.connected()?;
    client.send(KEEPING)?;
    page(&mut client)?;
    let is_sent = client.send(KEEPING).is_ok();
    Ok(is_sent && !client.receive(1)?.0.is_empty())
}

fn takes_bodies(step: &Step) -> Outcome<bool> {
    let (_server, mut client) = step.connected()?;
    client.send(
        b"POST /api/echo HTTP/1.1\r\nHost: localhost\r\n\
          Content-Length: 5\r\n\r\nhello",
    )?;
    Ok(client.response()?.body == b"hello")
}

fn serves_files(step: &Step) -> Outcome<bool> {
    let (_server, mut client) = step.connected()?;
    client.send(b"GET /notes.txt HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
    let notes = include_bytes!("../../steps/08-files/site/notes.txt");
    Ok(client.response()?.body == notes)
}

fn serves_beside_silence(step: &Step) -> Outcome<bool> {
    let (server, silent) = step.connected()?;
    server.eventually("lets the first client in", || {
        server.queue().ok().filter(|waiting| *waiting == 0)
    })?;
    let mut second = server.connect()?;
    step.ask(&mut second)?;
    let mut looks = 0;
    let served = server.eventually("serves a second client, or not", || {
        if second.has_something() {
            // Beside the silent one, or after it was sent away?
            return Some(!silent.has_something());
        }
        // The server sleeps, and not because nobody calls: so it will
        // serve nobody until the silent one speaks. Seen ten times, it is
        // no passing state.
        let waits = matches!(server.queue(), Ok(1))
            && proc::waits_in(server.pid(), "read()");
        looks = if waits { looks + 1 } else { 0 };
        (looks == 10).then_some(false)
    })?;
    // In turn: as soon as the first has left, the second is served.
    drop(silent);
    assert!(!second.receive(1)?.0.is_empty());
    Ok(served)
}

fn has_a_process_for_each(step: &Step) -> Outcome<bool> {
    let (server, mut client) = step.connected()?;
    client.send(KEEPING)?;
    page(&mut client)?;
    Ok(!proc::children(server.pid()).is_empty())
}

fn has_a_thread_for_each(step: &Step) -> Outcome<bool> {
    let (server, mut client) = step.connected()?;
    client.send(KEEPING)?;
    page(&mut client)?;
    Ok(proc::threads(server.pid()).len() == 2)
}

fn has_its_threads_before(step: &Step) -> Outcome<bool> {
    let server = step.server()?;
    Ok(proc::threads(server.pid()).len() > 1)
}

fn serves_all_in_one_thread(step: &Step) -> Outcome<bool> {
    if !step.does("concurrency") {
        return Ok(false);
    }
    let server = bounded(step)?;
    let _clients = crowd(&server, 2)?;
    let threads = proc::threads(server.pid()).len();
    Ok(threads == 1 && proc::children(server.pid()).is_empty())
}

fn keeps_little_for_each(step: &Step) -> Outcome<bool> {
    const CLIENTS: usize = 200;
    if !step.does("event-loop") {
        return Ok(false);
    }
    let server = step.server()?;
    drop(crowd(&server, 1)?);
    let before = proc::private_memory(server.pid());
    let _clients = crowd(&server, CLIENTS)?;
    let kilobytes = proc::private_memory(server.pid()) - before;
    Ok(kilobytes < CLIENTS)
}

fn refuses_when_full(step: &Step) -> Outcome<bool> {
    if !step.does("concurrency") {
        return Ok(false);
    }
    let server = bounded(step)?;
    let _clients = full(step, &server)?;
    let mut next = server.connect()?;
    next.send(REQUEST)?;
    let mut looks = 0;
    server.eventually("refuses the next client, or does not", || {
        if next.has_something() {
            return Some(next.response().is_ok_and(|got| got.status == 503));
        }
        // It sleeps, and not because nobody calls; ten times, as above.
        let call = proc::sleeps_in(server.pid());
        let waits = matches!(server.queue(), Ok(1))
            && call.is_some_and(|call| call != "accept4()");
        looks = if waits { looks + 1 } else { 0 };
        (looks == 10).then_some(false)
    })
}

fn exits_cleanly(step: &Step) -> Outcome<bool> {
    let server = step.server()?;
    server.signal(libc::SIGTERM);
    Ok(server.wait(server.patience())?.status.success())
}

fn runs_programs(step: &Step) -> Outcome<bool> {
    let (_server, mut client) = step.connected()?;
    Ok(cgi::get(&mut client, "hello.sh")?.status == 200)
}

fn finishes_what_it_owes(step: &Step) -> Outcome<bool> {
    let (server, mut client) = step.connected()?;
    client.send(KEEPING)?;
    page(&mut client)?;
    let (begin, rest) = KEEPING.split_at(9);
    client.send(begin)?;
    client.wait_until_read()?;
    server.await_call(step.waits_in("read()"))?;
    server.signal(libc::SIGTERM);
    // It has ended, or no longer listens.
    server.eventually("hears the signal", || server.queue().err().map(drop))?;
    let _ = client.send(rest);
    Ok(page(&mut client).is_ok_and(|response| response.says("close")))
}

#[test]
fn what_a_step_brings_is_lacking_before() {
    for (index, step) in STEPS.iter().enumerate().skip(1) {
        for claim in &step.brings {
            let lacks = |step: &Step| step.lacks.contains(claim);
            let is_lacking = STEPS[..index].iter().any(lacks);
            let name = &step.name;
            assert!(is_lacking, "which step before {name} lacks {claim}?");
        }
    }
}
