//! Steps with a loop for each processor: how they share the clients, and how
//! they end together.

use std::collections::BTreeSet;
use std::fs;

use nix::sys::resource::{Resource::RLIMIT_NOFILE, setrlimit};
use shared::net::listener::Listener;
use shared::sync::processors;

use crate::failures::expect_failure;
use crate::lab::client::Client;
use crate::lab::program::Program;
use crate::lab::{Outcome, proc};
use crate::steps::{KEEPING, Step, on_every, page};

/// The listening sockets that a server has open.
pub fn listeners(server: &Program) -> Vec<proc::Row> {
    let mut rows = proc::own_rows(server.pid());
    rows.retain(|row| row.state == proc::LISTEN);
    rows
}

fn server(step: &Step, arguments: &[&str]) -> Outcome<Program> {
    step.launch(&["127.0.0.1:0"])?.with(arguments).start()
}

/// How many clients each worker has had, and then all of them, each with one
/// request and an end that is well.
fn clients(told: &str) -> Vec<usize> {
    let lines = told.lines();
    let counts = lines.filter_map(|line| line.split_once(" clients, "));
    let counts = counts.map(|(before, after)| {
        let count = before.rsplit(' ').next().unwrap();
        let rest = format!("{count} requests, 0 refused, 0 failed");
        assert_eq!(after, rest, "{told}");
        count.parse().unwrap()
    });
    counts.collect()
}

#[test]
fn each_loop_has_its_listener_and_its_clients() -> Outcome {
    on_every("cores", |step| {
        let server = server(step, &["--workers", "4"])?;
        let address = server.address()?;
        let rows = listeners(&server).into_iter();
        assert!(rows.clone().all(|row| row.local == address));
        assert_eq!(rows.map(|row| row.inode).collect::<BTreeSet<_>>().len(), 4);
        for _ in 0..400 {
            step.exchange(&server)?;
        }
        server.signal(libc::SIGUSR1);
        server.expect_note("all workers: 400 clients, ")?;
        step.exchange(&server)?;
        let told = String::from_utf8(server.end_by(libc::SIGTERM)?.stderr);
        let counts = clients(&told.unwrap());
        let (then, now) = counts.split_at(5);
        for (counts, sum) in [(then, 400), (now, 401)] {
            assert!(counts[..4].iter().all(|count| *count > 0), "{counts:?}");
            assert_eq!(counts[..4].iter().sum::<usize>(), sum);
            assert_eq!(counts[4..], [sum]);
        }
        Ok(())
    })
}

/// Not even if the other is ready to share it.
#[test]
fn a_port_is_shared_with_nobody_else() -> Outcome {
    on_every("cores", |step| {
        let own = server(step, &[])?;
        let foreign = Listener::open_group(([127, 0, 0, 1], 0).into(), 2);
        let foreign = foreign.unwrap();
        for address in [own.address()?, foreign[0].address()] {
            let address = address.to_string();
            let reason = format!(
                "address already in use; another step may be running, or \
                 choose a port: {} 127.0.0.1:8081",
                step.program
            );
            let launch = step.launch(&[&address])?;
            expect_failure(step, launch, &address, &reason)?;
        }
        Ok(())
    })
}

/// The other threads are where they may be.
#[test]
fn a_pinned_loop_has_one_processor() -> Outcome {
    on_every("cores", |step| {
        let numbers = processors::allowed().unwrap();
        for pins in [3, 0] {
            let flags = ["--workers", "3", "--pin"];
            let server = server(step, &flags[..2 + pins / 3])?;
            let masks = || {
                let tasks = proc::list(server.pid(), "task").into_iter();
                let masks = tasks.filter_map(|task| {
                    let text = fs::read_to_string(task.join("status")).ok()?;
                    let (_, rest) = text.split_once("Cpus_allowed_list:\t")?;
                    Some(rest.lines().next()?.to_string())
                });
                masks.collect::<Vec<_>>()
            };
            let all = masks()[0].clone();
            let mut wanted = vec![all; masks().len() - pins];
            let pinned = numbers.iter().cycle().take(pins);
            wanted.extend(pinned.map(usize::to_string));
            wanted.sort();
            server.eventually(&format!("has {wanted:?}"), || {
                let mut masks = masks();
                masks.sort();
                (masks == wanted).then_some(())
            })?;
        }
        Ok(())
    })
}

/// They are connected, for all that they know. There are more than a loop
/// accepts at once, when the end has not begun.
#[test]
fn who_waits_in_a_queue_at_the_end_is_served() -> Outcome {
    const CLIENTS: usize = 400;
    on_every("cores", |step| {
        let server = server(step, &["--workers", "2"])?;
        server.signal(libc::SIGSTOP);
        let mut clients = server.connect_many(CLIENTS)?;
        for client in &mut clients {
            client.send(KEEPING)?;
        }
        server.signal(libc::SIGTERM);
        server.signal(libc::SIGCONT);
        clients.iter_mut().try_for_each(|it| page(it).map(drop))?;
        clients.iter_mut().try_for_each(Client::expect_eof)?;
        drop(clients);
        let told = server.expect_notes(0)?;
        assert_eq!(self::clients(&told)[2..], [CLIENTS]);
        Ok(())
    })
}

/// Without one of its loops it would look as if all were well: as long as no
/// client comes to that one.
#[test]
fn a_loop_that_cannot_start_ends_all() -> Outcome {
    on_every("cores", |step| {
        let in_one = step.in_one_loop();
        let had = proc::list(server(step, in_one)?.pid(), "fd").len();
        let limit = libc::rlim_t::try_from(had - 1).unwrap();
        let launch = step.launch(&["127.0.0.1:0"])?.with(in_one);
        let limit = move || Ok(setrlimit(RLIMIT_NOFILE, limit, limit)?);
        // SAFETY: the closure makes a system call and nothing else.
        let launch = unsafe { launch.before(limit) };
        let no_descriptor = "cannot use epoll: too many open files\n";
        let no_thread = "cannot start a thread: try again\n";
        let second = step.launch(&["127.0.0.1:0", "--workers", "4"])?;
        let second = second.shim("thread=3");
        for (launch, why) in [(launch, no_descriptor), (second, no_thread)] {
            let notes = launch.spawn()?.expect_notes(1)?;
            let line = format!("{}: {why}", step.name);
            assert!(notes.contains(&line), "{notes}");
        }
        Ok(())
    })
}
