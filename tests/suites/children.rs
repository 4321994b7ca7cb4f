//! Steps that give each client a process: what parent and children owe each
//! other.

use crate::lab::client::Client;
use crate::lab::program::Program;
use crate::lab::{Outcome, proc, tidy};
use crate::many::{busy_crowd, go_on};
use crate::steps::{Step, launch, on_every};

/// A server with clients, each with the process that serves it.
fn family(step: &Step, count: usize) -> Outcome<(Program, Vec<Client>)> {
    let server = step.server()?;
    let clients = busy_crowd(&server, count)?;
    assert_eq!(proc::children(server.pid()).len(), count);
    Ok((server, clients))
}

fn expect_no_children(server: &Program) -> Outcome {
    server.eventually("has no children left", || {
        proc::children(server.pid()).is_empty().then_some(())
    })
}

#[test]
fn the_parent_has_no_clients_socket_and_a_child_no_listener() -> Outcome {
    on_every("processes", |step| {
        let (server, clients) = family(step, 3)?;
        server.await_sockets(1)?;
        for child in proc::children(server.pid()) {
            assert_eq!(proc::socket_count(child), 1);
            let rows = proc::own_rows(child);
            assert!(rows.iter().all(|row| row.state != proc::LISTEN));
        }
        drop(clients);
        expect_no_children(&server)
    })
}

/// Signals do not queue: one stands for all that have ended meanwhile.
#[test]
fn thirty_children_that_end_at_once_are_waited_for() -> Outcome {
    on_every("processes", |step| {
        let (server, clients) = family(step, 30)?;
        let children = proc::children(server.pid());
        server.signal(libc::SIGSTOP);
        drop(clients);
        assert_eq!(tidy::left_alive(&server, &children), None);
        assert_eq!(proc::children(server.pid()).len(), 30, "zombies");
        server.signal(libc::SIGCONT);
        expect_no_children(&server)?;
        step.exchange(&server)
    })
}

#[test]
fn no_child_outlives_its_parent() -> Outcome {
    on_every("processes", |step| {
        for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGKILL] {
            let (server, _clients) = family(step, 3)?;
            let children = proc::children(server.pid());
            server.signal(signal);
            let ended = server.wait(server.patience())?;
            assert_eq!(ended.status.success(), signal != libc::SIGKILL);
            assert_eq!(tidy::left_alive(&server, &children), None);
        }
        Ok(())
    })
}

/// Whatever ends a child: by a signal that nix knows, or by one that it does
/// not, its client alone is lost, and its place is free.
#[test]
fn a_child_that_is_killed_is_one_clients_loss() -> Outcome {
    on_every("processes", |step| {
        for signal in [libc::SIGKILL, libc::SIGABRT, libc::SIGRTMIN() + 3] {
            let (server, mut clients) = family(step, 2)?;
            let children = proc::children(server.pid());
            proc::kill(children[0], signal);
            assert!(clients.remove(0).receive(1)?.0.is_empty());
            server.eventually("has waited for it", || {
                let left = proc::children(server.pid());
                (left == children[1..]).then_some(())
            })?;
            go_on(&mut clients[0])?;
            step.exchange(&server)?;
        }
        Ok(())
    })
}

/// It must not keep the server from hearing.
#[test]
fn blocked_signals_are_unblocked() -> Outcome {
    on_every("clean-exit", |step| {
        let server =
            step.launch(&["127.0.0.1:0"])?.signals_blocked().start()?;
        step.exchange(&server)?;
        expect_no_children(&server)?;
        server.interrupt()
    })
}

/// The shell that becomes the server had a child already.
#[test]
fn children_from_before_are_not_counted() -> Outcome {
    on_every("processes", |step| {
        let script = "sleep 0.2 & exec \"$0\" 127.0.0.1:0 --children 1";
        let arguments = ["-c", script, &step.program];
        let server = launch("/bin/sh", &arguments)?.start()?;
        expect_no_children(&server)?;
        step.exchange(&server)?;
        expect_no_children(&server)
    })
}
