//! After its clients a server has what it had before: descriptors,
//! threads, children, memory. And it idles when nobody is there.

use std::thread;
use std::time::Duration;

use crate::lab::Outcome;
use crate::lab::proc::{self, Resources};
use crate::lab::program::Program;
use crate::lab::time;
use crate::many::{crowd, with_room};
use crate::steps::{REQUEST, Step, new_shells, ours};

const CLIENTS: usize = 100;

/// A server that has had its first client, and so has all it ever needs.
struct Warm {
    server: Program,
    before: Resources,
    /// What it may need from now on, in KiB.
    most_memory: Option<u64>,
}

fn warm(step: &Step) -> Outcome<Warm> {
    let has_room = step.does("concurrency");
    let server = match has_room {
        true => with_room(step, CLIENTS)?.with(step.in_one_loop()).start()?,
        false => step.server()?,
    };
    // Each loop has what it needs once it waits.
    server.await_call(step.waits_in("accept4()"))?;
    let before = server.resources();
    let mut warm = Warm { server, before, most_memory: None };
    step.exchange(&warm.server)?;
    if has_room {
        // Memory that a thread has used stays with the next in its place.
        drop(crowd(&warm.server, CLIENTS)?);
    }
    warm.server.expect_back(&warm.before)?;
    // The allocator keeps some of what it got, but nothing per client. It has
    // an arena for each of the first threads.
    let has_threads = step.does("threads") || step.does("pool");
    let may_keep = if has_threads { 2048 } else { 512 };
    let memory = proc::memory(warm.server.pid());
    warm.most_memory = memory.map(|memory| memory + may_keep);
    Ok(warm)
}

/// Runs a suite on servers that last, one after the other: what they cost is
/// looked at.
fn on_warm_shells(suite: impl Fn(&Step, &Warm) -> Outcome) -> Outcome {
    let mut steps = new_shells("next-client").into_iter();
    steps.try_for_each(|step| suite(step, &warm(step)?))
}

#[test]
fn a_hundred_clients_leave_nothing_behind() -> Outcome {
    on_warm_shells(|step, warm| {
        for turn in 0..CLIENTS {
            let mut client = warm.server.connect()?;
            match turn % 5 {
                // Nothing said, and gone; or gone with a reset.
                0 => drop(client),
                1 => client.reset()?,
                // In the middle of a sentence.
                2 => {
                    client.send(b"GET / HT")?;
                    client.reset()?;
                }
                // Gone before the response.
                3 => client.send(REQUEST)?,
                _ => {
                    drop(client);
                    step.exchange(&warm.server)?;
                }
            }
        }
        // It has again what it had, and needs no more memory for it.
        warm.server.expect_back(&warm.before)?;
        let (most, now) = (warm.most_memory, proc::memory(warm.server.pid()));
        let is_small = now.is_some() && now <= most;
        assert!(is_small, "{now:?} KiB, at most {most:?}");
        Ok(())
    })
}

#[test]
fn a_hundred_at_once_are_all_served() -> Outcome {
    on_warm_shells(|step, warm| {
        let mut clients = warm.server.connect_many(CLIENTS)?;
        // The last of them speaks first: who is served in turn is not
        // served by luck.
        for client in clients.iter_mut().rev() {
            step.ask(client)?;
            client.finish()?;
        }
        for client in &mut clients {
            assert!(!client.receive_all()?.is_empty());
        }
        drop(clients);
        warm.server.expect_back(&warm.before)
    })
}

/// Nothing arrives: it sleeps, and does not wake up again and again.
fn expect_rest(server: &Program) -> Outcome {
    let wakes = || -> u64 {
        let threads = proc::threads(server.pid());
        threads.iter().map(|thread| thread.switches).sum()
    };
    let before = wakes();
    thread::sleep(Duration::from_secs(1));
    let count = wakes() - before;
    assert!(count < 50, "woke up {count} times");
    server.expect_idle()
}

/// Lets three clients wait while there is no descriptor for them, and says
/// whether the first was let in soon after there was one.
fn waits_for_descriptors(step: &Step, server: &Program) -> Outcome<bool> {
    step.exhaust_descriptors(server)?;
    let clients = server.connect_many(3)?;
    expect_rest(server)?;
    assert!(server.ended().is_none());
    assert_eq!(server.queue()?, 3, "nobody is let in");

    server.limit_descriptors(64)?;
    let let_in = || server.queue().ok().filter(|&waiting| waiting < 3);
    let soon = Duration::from_millis(200);
    let is_soon = time::eventually(soon, server.pid(), let_in).is_some();
    for mut client in clients {
        step.request(&mut client)?;
    }
    Ok(is_soon)
}

#[test]
fn no_descriptor_left_is_waited_out() -> Outcome {
    on_warm_shells(|step, warm| {
        let server = &warm.server;
        // A busy machine may be late; a server that pauses for longer always
        // is.
        let mut attempts = 1;
        while !waits_for_descriptors(step, server)? {
            assert!(attempts < 5, "they could have been let in before");
            attempts += 1;
        }
        step.exchange(server)?;
        warm.server.expect_back(&warm.before)
    })
}

#[test]
fn nobody_there_is_nothing_to_do() -> Outcome {
    on_warm_shells(|_, warm| {
        let _silent = warm.server.connect()?;
        expect_rest(&warm.server)
    })
}

#[test]
fn step01_says_that_no_descriptor_is_left() -> Outcome {
    let Some(step) = ours("step01") else { return Ok(()) };
    let server = step.server()?;
    server.await_call("accept4()")?;
    server.limit_descriptors(3)?;
    // The accept that is waiting has its descriptor already.
    step.exchange(&server)?;
    server.expect_exit(0)?;

    let ended = step.under("accept=EMFILE")?.expect_exit(1)?;
    let line = b"step01: cannot accept: too many open files\n";
    assert_eq!(ended.stderr, line);
    Ok(())
}
