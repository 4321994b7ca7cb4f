//! The behaviour matrix: what each step claims it does, and that it lacks
//! what a later step brings.

use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::common::Response;
use crate::common::steps::{KEEPING, REQUEST, STEPS, Speaks, Step};
use crate::common::{Client, Peer, Program, Server, eventually, pattern, proc};

/// What a step may bring, and how to see whether it is there. Nothing is
/// decided by time: a `false` is something that was seen to happen otherwise.
type Probe = (&'static str, fn(&Step) -> bool);

const PROBES: [Probe; 12] = [
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
];

fn is_seen(capability: &str, step: &Step) -> bool {
    let mut probes = PROBES.iter();
    let probe = probes.find(|(name, _)| *name == capability);
    println!("{} {capability}", step.name);
    probe.unwrap_or_else(|| panic!("no probe for {capability}")).1(step)
}

#[test]
fn every_step_does_what_it_claims() {
    on_every_step(|step| {
        for claim in step.capabilities() {
            assert!(is_seen(claim, step), "{} {claim}", step.name);
        }
    });
}

#[test]
fn every_step_lacks_what_it_says() {
    on_every_step(|step| {
        for lack in &step.lacks {
            assert!(!is_seen(lack, step), "{} {lack}", step.name);
        }
    });
}

fn on_every_step(suite: impl Fn(&Step) + Sync) {
    let suite = &suite;
    thread::scope(|scope| {
        for step in STEPS.iter() {
            scope.spawn(move || suite(step));
        }
    });
}

/// Lets the client of such a step speak. Returns the first words of the
/// response; empty, if the connection ended without one.
fn first_words(step: &Step, client: &mut Client) -> Vec<u8> {
    match step.speaks {
        Speaks::Echo => client.send(b"ping\n"),
        Speaks::Http => client.send(REQUEST),
        Speaks::Greeting | Speaks::Client => {}
    }
    client.receive_until(|bytes| !bytes.is_empty()).0
}

fn greets(step: &Step) -> bool {
    let server = Server::start(step);
    step.exchange(&server);
    step.speaks == Speaks::Greeting
}

fn echoes(step: &Step) -> bool {
    let server = Server::start(step);
    let mut client = server.connect();
    let bytes = pattern(1000);
    client.try_send(&bytes);
    client.finish();
    client.receive_until(|_| false).0 == bytes
}

fn serves_the_next(step: &Step) -> bool {
    let server = Server::start(step);
    step.exchange(&server);
    // Where nobody listens any more, the kernel refuses; or it accepts
    // while the program is ending, and then resets.
    let Ok(stream) = TcpStream::connect(server.address) else { return false };
    let mut client = Client::over(stream, &server.transcript);
    !first_words(step, &mut client).is_empty()
}

fn returns_at_once(step: &Step) -> bool {
    let server = Server::start(step);
    let address = server.address;
    let mut client = server.connect();
    step.request(&mut client);
    // The server's side closes first, so it is the server's address that
    // the kernel keeps for a minute.
    if step.does("next-client") {
        server.signal(libc::SIGTERM);
        server.wait().expect_signal(libc::SIGTERM);
    } else {
        server.wait().expect_status(0);
    }
    client.expect_end();
    drop(client);
    eventually("TIME_WAIT", || proc::in_time_wait(address).then_some(()));

    let again = Program::new(&step.program, &[&address.to_string()]).start();
    let listens = again
        .stdout
        .wait_for(|bytes| bytes.starts_with(b"listening on ").then_some(()));
    if listens.is_none() {
        let ended = again.wait();
        ended.expect_status(1);
        assert!(ended.expect_one_line().contains("address already in use"));
    }
    listens.is_some()
}

fn connects(step: &Step) -> bool {
    let peer = Peer::open();
    let address = peer.address().to_string();
    let program = Program::new(&step.program, &[&address]).start();
    eventually("the program calls, or ends", || {
        if peer.is_called() {
            Some(true)
        } else {
            (!program.is_alive()).then_some(false)
        }
    })
}

fn speaks_http(step: &Step) -> bool {
    let server = Server::start(step);
    let mut client = server.connect();
    client.send(REQUEST);
    let (bytes, _) = client.receive_until(|bytes| bytes.len() >= 9);
    bytes.starts_with(b"HTTP/1.1 ")
}

fn ends_silence(step: &Step) -> bool {
    // Longer than any limit that a step claims.
    const LONG: Duration = Duration::from_secs(6);
    let server = Server::start(step);
    let mut silent = server.connect();
    let start = Instant::now();
    eventually("a silent client is sent away, or not", || {
        if silent.has_something() {
            return Some(true);
        }
        // A limit that is over wakes a program even on a busy machine: one
        // that still sleeps has none.
        let waits = proc::sleeps_in(server.pid(), libc::SYS_read);
        (start.elapsed() > LONG && waits).then_some(false)
    })
}

fn refuses_nonsense(step: &Step) -> bool {
    let server = Server::start(step);
    let mut client = server.connect();
    client.send(b"nonsense\r\n\r\n");
    Response::read(&mut client).status == 400
}

fn keeps_connection(step: &Step) -> bool {
    let server = Server::start(step);
    let mut client = server.connect();
    client.send(KEEPING);
    Response::read(&mut client).expect_page();
    if !client.try_send(KEEPING) {
        return false;
    }
    !client.receive_until(|bytes| !bytes.is_empty()).0.is_empty()
}

fn takes_bodies(step: &Step) -> bool {
    let server = Server::start(step);
    let mut client = server.connect();
    client.send(
        b"POST /api/echo HTTP/1.1\r\nHost: localhost\r\n\
          Content-Length: 5\r\n\r\nhello",
    );
    Response::read(&mut client).body == b"hello"
}

fn serves_files(step: &Step) -> bool {
    let server = Server::start(step);
    let mut client = server.connect();
    client.send(b"GET /notes.txt HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let notes = include_bytes!("../../steps/08-files/site/notes.txt");
    Response::read(&mut client).body == notes
}

fn serves_beside_silence(step: &Step) -> bool {
    let server = Server::start(step);
    let mut silent = server.connect();
    eventually("the first client is let in", || {
        (proc::queue(server.address) == 0).then_some(())
    });
    let mut second = server.connect();
    match step.speaks {
        Speaks::Echo => second.send(b"ping\n"),
        _ => second.send(REQUEST),
    }
    let mut looks = 0;
    let served = eventually("a second client is served, or not", || {
        if second.has_something() {
            // Beside the silent one, or after it was sent away?
            return Some(!silent.has_something());
        }
        // The server sleeps, and not because nobody calls: so it will
        // serve nobody until the silent one speaks. Seen ten times, it is
        // no passing state.
        let waits = proc::queue(server.address) == 1
            && proc::sleeps_in(server.pid(), libc::SYS_read);
        looks = if waits { looks + 1 } else { 0 };
        (looks == 10).then_some(false)
    });
    // In turn: as soon as the first has left, the second is served.
    drop(silent);
    assert!(!second.receive_until(|bytes| !bytes.is_empty()).0.is_empty());
    served
}

#[test]
fn what_a_step_brings_is_lacking_before() {
    for (index, step) in STEPS.iter().enumerate().skip(1) {
        for claim in &step.brings {
            let lacks = |step: &Step| step.lacks.contains(claim);
            let mut earlier = STEPS[..index].iter();
            let is_lacking = earlier.any(lacks);
            assert!(
                is_lacking,
                "which step before {} lacks {claim}?",
                step.name
            );
        }
    }
}
