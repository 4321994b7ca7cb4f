//! 02b Bad neighbours: what one client does must not end the server.

use super::expect::{end, ensure, round_trip};
use super::{Check, TIDY};
use crate::lab::client::Client;
use crate::lab::program::Program;
use crate::lab::{Advice, Lab, Outcome, proc, tidy, time};

const GREETS: &str = "tells a client its number, and echoes";
const RESET: &str = "goes on after a reset";
const VANISHED: &str = "goes on after a client that vanishes during a write";
const ACCEPT: &str = "goes on after an accept that failed";
const FORTY: &str = "serves forty at once with few descriptors";

pub const CHECKS: &[Check] = checks![
    GREETS, 1, needs [], Passes, read "read(2)",
        |lab| served(&lab.server()?, 1);
    RESET, 2, needs [GREETS], Fails, read "read(2)", reset;
    VANISHED, 1, needs [GREETS], Fails, read "write takes what it likes",
        vanished;
    ACCEPT, 2, needs [GREETS], Fails,
        read "Waiting, and being short of something", accept;
    FORTY, 2, needs [RESET], Waits,
        read "Waiting, and being short of something", forty;
    TIDY, 1, needs [GREETS], Passes,
        read "Waiting, and being short of something",
        |lab| {
            tidy::check(lab, &lab.server()?, |client| {
                client.receive("client 1\n".len())?;
                talk(client)
            })
        };
];

/// Half a line, and back.
fn talk(client: &mut Client) -> Outcome {
    round_trip(client, b"half a li", b"half a li")
}

/// A whole connection; the client must get this number.
fn served(program: &Program, number: u32) -> Outcome {
    let mut client = program.connect()?;
    client.expect(format!("client {number}\n").as_bytes())?;
    talk(&mut client)?;
    end(&mut client)
}

fn reset(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    for number in 1..=3 {
        let greeting = format!("client {number}\n");
        let mut client = program.connect()?;
        client.expect(greeting.as_bytes()).likely(
            "ECONNRESET and EPIPE are the client's trouble: let this client \
             go, and wait for the next",
        )?;
        talk(&mut client)?;
        client.reset()?;
    }
    served(&program, 4).likely(
        "ECONNRESET is the client's trouble: let this client go, and wait \
         for the next",
    )
}

fn vanished(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let mut client = program.connect()?;
    client.flood(&[b'x'; 64 * 1024])?;
    client.reset()?;
    served(&program, 2).likely(
        "the client went while its response was being written: EPIPE or \
         ECONNRESET from write, which is its trouble and not the server's",
    )
}

fn accept(lab: &Lab) -> Outcome {
    for (error, meaning) in [
        ("ECONNABORTED", "the client left before accept: there will be others"),
        ("EMFILE", "no descriptor is free, but one will be: try again soon"),
    ] {
        let launch = lab.launch(&["127.0.0.1:0"]);
        let program = launch.shim(&format!("accept={error}")).start()?;
        served(&program, 1)
            .and_then(|()| served(&program, 2))
            .likely(&format!("accept failed with {error}: {meaning}"))?;
    }
    Ok(())
}

fn forty(lab: &Lab) -> Outcome {
    let program = lab.launch(&["127.0.0.1:0"]).descriptors(32).start()?;
    let clients: Outcome<Vec<Client>> =
        (0..40).map(|_| program.connect()).collect();
    for (number, mut client) in (1..).zip(clients?) {
        let greeting = format!("client {number}\n");
        client.expect(greeting.as_bytes()).likely(
            "descriptors are used up: one is not closed when a client fails",
        )?;
        talk(&mut client)?;
        if number % 2 == 0 { client.close() } else { client.reset()? }
    }
    let pid = program.pid();
    let left = time::eventually(time::PATIENCE, pid, || {
        (proc::socket_count(pid) == 1).then_some(())
    });
    ensure(left.is_some(), || {
        let got = format!("{} sockets", proc::socket_count(pid));
        program.failed("one socket left: the listener", got)
    })
    .likely("a descriptor is not closed when a client fails")
}
