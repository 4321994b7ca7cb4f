//! After its clients a server has what it had before: descriptors,
//! threads, children, memory. And it idles when nobody is there.

use std::time::{Duration, Instant};

use crate::common::proc::{self, Resources};
use crate::common::steps::{REQUEST, Speaks, Step, lasting_servers, step};
use crate::common::tools::PATIENCE;
use crate::common::{Client, Server, eventually, time};

const CLIENTS: usize = 100;

/// What a hundred clients may cost for good, in KiB: the allocator keeps
/// some of what it got, but nothing per client.
const MEMORY: u64 = 512;

/// Waits until the server has again what it had.
fn back_to(before: &Resources, server: &Server) {
    let pid = server.pid();
    let back = time::eventually(PATIENCE, pid, || {
        (Resources::of(pid) == *before).then_some(())
    });
    let now = Resources::of(pid);
    assert!(back.is_some(), "before: {before:#?}\nnow: {now:#?}");
}

/// A server that has had its first client, and so has all it ever needs.
fn warm(step: &Step) -> (Server, Resources) {
    let server = Server::start(step);
    let fresh = Resources::of(server.pid());
    step.exchange(&server);
    back_to(&fresh, &server);
    (server, fresh)
}

#[test]
fn a_hundred_clients_leave_nothing_behind() {
    for step in lasting_servers() {
        let (server, before) = warm(step);
        let memory = proc::memory(server.pid());
        for _ in 0..CLIENTS {
            step.exchange(&server);
        }
        back_to(&before, &server);
        let now = proc::memory(server.pid());
        assert!(now <= memory + MEMORY, "{memory} KiB grew to {now} KiB");
    }
}

#[test]
fn clients_who_break_off_leave_nothing_behind() {
    for step in lasting_servers() {
        let (server, before) = warm(step);
        let memory = proc::memory(server.pid());
        for turn in 0..CLIENTS {
            let mut client = server.connect();
            match turn % 4 {
                // Nothing said, and gone; or gone with a reset.
                0 => drop(client),
                1 => client.reset(),
                // In the middle of a sentence.
                2 => {
                    client.try_send(b"GET / HT");
                    client.reset();
                }
                // Gone before the response.
                _ => drop(client.try_send(REQUEST)),
            }
        }
        step.exchange(&server);
        back_to(&before, &server);
        let now = proc::memory(server.pid());
        assert!(now <= memory + MEMORY, "{memory} KiB grew to {now} KiB");
    }
}

#[test]
fn a_hundred_at_once_are_all_served() {
    for step in lasting_servers() {
        let (server, before) = warm(step);
        let mut clients: Vec<Client> =
            (0..CLIENTS).map(|_| server.connect()).collect();
        // The last of them speaks first: who is served in turn is not
        // served by luck.
        for client in clients.iter_mut().rev() {
            match step.speaks {
                Speaks::Echo => client.send(b"ping\n"),
                _ => client.send(REQUEST),
            }
            client.finish();
        }
        for client in &mut clients {
            let response = client.receive_all();
            assert!(!response.is_empty());
        }
        drop(clients);
        back_to(&before, &server);
    }
}

/// The share of a processor that the server wants in the next second.
fn share(server: &Server, waiting: &mut Client) -> f64 {
    let before = proc::wanted(server.pid());
    let start = Instant::now();
    // The interval is what is measured; nothing arrives meanwhile.
    let _ = waiting.read(&mut [0], Duration::from_secs(1));
    let wanted = proc::wanted(server.pid()).saturating_sub(before);
    wanted.as_secs_f64() / start.elapsed().as_secs_f64()
}

#[test]
fn no_descriptor_left_is_waited_out() {
    for step in lasting_servers() {
        let (server, before) = warm(step);
        step.exhaust_descriptors(&server);
        let mut client = server.connect();
        let share = share(&server, &mut client);
        assert!(share < 0.3, "spins: {:.0} % of a processor", share * 100.0);
        assert!(server.is_alive());
        assert_eq!(proc::queue(server.address), 1, "nobody is let in");

        server.limit_descriptors(64);
        step.request(&mut client);
        drop(client);
        step.exchange(&server);
        back_to(&before, &server);
    }
}

#[test]
fn nobody_there_is_nothing_to_do() {
    for step in lasting_servers() {
        let (server, _) = warm(step);
        let mut silent = server.connect();
        let share = share(&server, &mut silent);
        assert!(share < 0.1, "spins: {:.0} % of a processor", share * 100.0);
    }
}

#[test]
fn step01_says_that_no_descriptor_is_left() {
    let step = step("step01");
    let server = Server::start(step);
    eventually("the server waits", || {
        proc::sleeps_in(server.pid(), libc::SYS_accept4).then_some(())
    });
    server.limit_descriptors(3);
    // The accept that is waiting has its descriptor already.
    step.exchange(&server);
    server.wait().expect_status(0);

    let shim = Server::start_shim(step, "accept=EMFILE");
    let Some(server) = shim else {
        return crate::common::no_shim(
            "step01_says_that_no_descriptor_is_left",
        );
    };
    let line = "step01: cannot accept: too many open files";
    server.wait().expect_failure(1, line);
}
