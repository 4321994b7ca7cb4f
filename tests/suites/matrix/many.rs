//! What several clients see of a step, and the kernel.

use crate::lab::client::Client;
use crate::lab::program::Program;
use crate::lab::{Outcome, proc};
use crate::many::{BOUND, bounded, crowd, full, with_room};
use crate::steps::{KEEPING, REQUEST, Step, page};

/// Whether the next client hears something. If not, the server sleeps, says
/// `sleeps`, and not because nobody calls: so it will serve nobody until
/// others speak. Seen ten times, it is no passing state.
fn is_heard(
    server: &Program,
    next: &Client,
    sleeps: impl Fn() -> bool,
) -> Outcome<bool> {
    let mut looks = 0;
    server.eventually("serves the next client, or does not", || {
        if next.has_something() {
            return Some(true);
        }
        let waits = matches!(server.queue(), Ok(1)) && sleeps();
        looks = if waits { looks + 1 } else { 0 };
        (looks == 10).then_some(false)
    })
}

pub fn serves_beside_silence(step: &Step) -> Outcome<bool> {
    let (server, silent) = step.connected()?;
    server.eventually("lets the first client in", || {
        server.queue().ok().filter(|waiting| *waiting == 0)
    })?;
    let mut second = server.connect()?;
    step.ask(&mut second)?;
    let sleeps = || proc::waits_in(server.pid(), "read()");
    let is_heard = is_heard(&server, &second, sleeps)?;
    // Beside the silent one, or after it was sent away?
    let is_beside = is_heard && !silent.has_something();
    // In turn: as soon as the first has left, the second is served.
    drop(silent);
    assert!(!second.receive(1)?.0.is_empty());
    Ok(is_beside)
}

/// What is seen of its process while it has a client.
pub fn has(step: &Step, seen: fn(i32) -> bool) -> Outcome<bool> {
    let server = step.server()?;
    let _client = crowd(&server, 1)?;
    Ok(seen(server.pid()))
}

pub fn has_its_threads_before(step: &Step) -> Outcome<bool> {
    let server = step.server()?;
    Ok(proc::threads(server.pid()).len() > 1)
}

/// Whatever other threads there may be.
pub fn serves_all_in_one_thread(step: &Step) -> Outcome<bool> {
    if !step.does("concurrency") {
        return Ok(false);
    }
    let room = with_room(step, BOUND)?;
    let server = room.with(step.in_one_loop()).start()?;
    let _clients = crowd(&server, BOUND)?;
    let threads = proc::threads(server.pid()).len();
    Ok(threads < BOUND && proc::children(server.pid()).is_empty())
}

pub fn keeps_little_for_each(step: &Step) -> Outcome<bool> {
    const CLIENTS: usize = 200;
    if !step.does("event-loop") {
        return Ok(false);
    }
    let server = step.server()?;
    drop(crowd(&server, 1)?);
    let before = proc::private_memory(server.pid());
    let _clients = crowd(&server, CLIENTS)?;
    // The kernel may have taken some back meanwhile.
    let after = proc::private_memory(server.pid());
    Ok(after.saturating_sub(before) < CLIENTS)
}

pub fn refuses_when_full(step: &Step) -> Outcome<bool> {
    if !step.does("concurrency") {
        return Ok(false);
    }
    let server = bounded(step)?;
    let _clients = full(step, &server)?;
    let mut next = server.connect()?;
    next.send(REQUEST)?;
    let is_heard = is_heard(&server, &next, || {
        let call = proc::sleeps_in(server.pid());
        call.is_some_and(|call| call != "accept4()")
    })?;
    Ok(is_heard && next.response().is_ok_and(|got| got.status == 503))
}

pub fn finishes_what_it_owes(step: &Step) -> Outcome<bool> {
    let server = step.server()?;
    let mut client = crowd(&server, 1)?.remove(0);
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
