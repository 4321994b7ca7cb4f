//! Steps with a fixed number of threads: none is added, and none is lost.

use crate::lab::client::Client;
use crate::lab::{Outcome, proc};
use crate::many::{BOUND, bounded, crowd, full, with_room};
use crate::steps::on_every;

/// Those that serve, and those that accept and wait for signals.
const THREADS: usize = BOUND + 2;

/// Whatever clients do, there are as many workers as before: each of them
/// serves a client at the same time as all others.
#[test]
fn no_worker_is_added_and_none_is_lost() -> Outcome {
    const ENDS: [fn(Client) -> Outcome; 5] = [
        Client::reset,
        |client| {
            client.close();
            Ok(())
        },
        |mut client| client.finish(),
        |mut client| {
            client.send(b"GET / HT")?;
            client.reset()
        },
        |mut client| {
            client.send(b"nonsense\r\n\r\n")?;
            assert_eq!(client.response()?.status, 400);
            Ok(())
        },
    ];
    on_every("pool", |step| {
        let server = bounded(step)?;
        let had = server.resources();
        for end in ENDS {
            let mut clients = full(step, &server)?;
            assert_eq!(proc::threads(server.pid()).len(), THREADS);
            server.expect_idle()?;
            clients.drain(..).try_for_each(end)?;
            server.expect_back(&had)?;
        }
        drop(crowd(&server, BOUND)?);
        server.interrupt()
    })
}

/// The first thread accepts, the second serves, and there is no third; or there
/// is none that serves, which is a failure.
#[test]
fn fewer_threads_than_wanted() -> Outcome {
    on_every("pool", |step| {
        let server = with_room(step, BOUND)?.shim("thread=2").spawn()?;
        let why = "cannot start a thread: try again";
        server.expect_failure(1, &format!("{}: {why}", step.name))?;
        let server = with_room(step, BOUND)?.shim("thread=3").start()?;
        server.expect_note("1 of 8 workers: cannot start more: ")?;
        for _ in 0..3 {
            step.exchange(&server)?;
        }
        server.interrupt()
    })
}
