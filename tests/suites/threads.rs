//! Steps that give each client a thread: what threads share, and what they
//! leave.

use crate::lab::program::Program;
use crate::lab::{Outcome, proc};
use crate::many::{BOUND, bounded, busy_crowd, crowd, go_on, stay};
use crate::steps::{KEEPING, on_each, on_every, page, with};

/// It sleeps, and not because nobody calls.
fn expect_waiting(server: &Program, count: u32) -> Outcome {
    server.eventually("lets no one in", || {
        let sleeps = proc::sleeps_in(server.pid())? == "futex()";
        (sleeps && server.queue().ok()? == count).then_some(())
    })
}

#[test]
fn the_next_client_waits_and_is_served_when_one_leaves() -> Outcome {
    let steps: Vec<_> = with("threads").collect();
    let steps = steps.into_iter().filter(|step| !step.does("busy-503"));
    on_each(&steps.collect::<Vec<_>>(), |step| {
        let server = bounded(step)?;
        let mut clients = busy_crowd(&server, BOUND)?;
        // Two more, which it does not let in.
        let waiting = [server.connect()?, server.connect()?];
        expect_waiting(&server, 2)?;
        for (left, mut next) in [1, 0].into_iter().zip(waiting) {
            next.send(KEEPING)?;
            expect_waiting(&server, left + 1)?;
            assert!(!next.has_something());
            // Main is the one that serves nobody.
            assert_eq!(proc::threads(server.pid()).len(), BOUND + 1);
            server.expect_idle()?;
            drop(clients.remove(0));
            page(&mut next)?;
            stay(&mut next)?;
            clients.push(next);
        }
        // Nobody was served at the cost of another; and it hears Ctrl-C.
        clients.iter_mut().try_for_each(go_on)?;
        server.interrupt()
    })
}

/// The C library keeps some stacks for the next threads: 40 MiB of address
/// space. The pages in them it gives back.
#[test]
fn stacks_do_not_pile_up() -> Outcome {
    const CLIENTS: usize = 100;
    const STACK: u64 = 2 * 1024;
    on_every("threads", |step| {
        let server = step.server()?;
        let pid = server.pid();
        let sizes = || (proc::data(pid).unwrap(), proc::memory(pid).unwrap());
        let mut first = None;
        for _ in 0..3 {
            let clients = crowd(&server, CLIENTS)?;
            let with_all = proc::data(pid).unwrap();
            drop(clients);
            server.eventually("has one thread", || {
                (proc::threads(pid).len() == 1).then_some(())
            })?;
            let (data, memory) = sizes();
            assert!(data + CLIENTS as u64 / 2 * STACK < with_all);
            let (data_then, memory_then) = *first.get_or_insert(sizes());
            assert!(data <= data_then + 10 * STACK, "{data_then} to {data}");
            let limit = memory_then + 1024;
            assert!(memory <= limit, "{memory_then} to {memory} KiB");
        }
        server.interrupt()
    })
}
