//! 02b Bad neighbours: what one client does must not end the server.

use super::prelude::*;

const GREETS: &str = "tells a client its number, and echoes";
const RESET: &str = "goes on after a reset";

pub const CHECKS: &[Check] = checks![
    GREETS, 1, needs [], Passes, read "read(2)",
        |lab| served(&lab.server()?, 1);
    RESET, 2, needs [GREETS], Fails, read "read(2)", reset;
    "goes on after a client that vanishes during a write", 1, needs [GREETS],
        Fails, read "write takes what it likes", vanished;
    "goes on after an accept that failed", 2, needs [GREETS], Fails,
        read "Waiting, and being short of something", accept;
    "serves forty at once with few descriptors", 2, needs [RESET], Waits,
        read "Waiting, and being short of something", forty;
    TIDY, 1, needs [GREETS], Passes,
        read "Waiting, and being short of something",
        |lab| tidy::check(lab, &lab.server()?, |client| {
            client.receive("client 1\n".len())?;
            talk(client)
        });
];

/// Half a line, and back.
fn talk(client: &mut Client) -> Outcome {
    round_trip(client, b"half a li", b"half a li")
}

/// The client gets this number.
fn greeted(client: &mut Client, number: u32) -> Outcome {
    client.expect(format!("client {number}\n").as_bytes())
}

/// A whole connection; the client must get this number.
fn served(program: &Program, number: u32) -> Outcome {
    let mut client = program.connect()?;
    greeted(&mut client, number)?;
    talk(&mut client)?;
    end(&mut client)
}

fn reset(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let guess = "ECONNRESET and EPIPE are the client's trouble: let this \
                 client go, and wait for the next";
    for number in 1..=3 {
        let mut client = program.connect()?;
        greeted(&mut client, number).likely(guess)?;
        talk(&mut client)?;
        client.reset()?;
    }
    served(&program, 4).likely(guess)
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
    for (number, mut client) in (1..).zip(program.connect_many(40)?) {
        greeted(&mut client, number).likely(
            "descriptors are used up: one is not closed when a client fails",
        )?;
        talk(&mut client)?;
        if number % 2 == 0 { client.close() } else { client.reset()? }
    }
    program
        .await_sockets(1)
        .likely("a descriptor is not closed when a client fails")
}
