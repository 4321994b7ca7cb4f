//! 01b Back at once: TIME_WAIT, and the length of the waiting queue.

use std::net::SocketAddr;
use std::time::Instant;

use super::prelude::*;
use crate::lab::diag;
use crate::lab::fixtures::own_address;

const GREETS: &str = "greets a client";

pub const CHECKS: &[Check] = checks![
    GREETS, 1, needs [], Passes, read "accept4(2)",
        |lab| greeted(&mut lab.server_with(&["5"])?.connect()?);
    "has a queue as long as was asked for", 2, needs [GREETS], Fails,
        read "listen(2)", queue;
    "starts again at once on the same port", 3, needs [GREETS], Fails,
        read "bind(2)", again;
    "is refused while another copy runs", 2, needs [GREETS], Passes,
        read "bind(2)", two_copies;
    TIDY, 1, needs [GREETS], Passes, read "close(2)",
        |lab| tidy::check(lab, &lab.server_with(&["5"])?, greeted);
];

fn greeted(client: &mut Client) -> Outcome {
    let (greeting, _) = client.receive(4)?;
    ensure(!greeting.is_empty(), || {
        client.failed("a greeting, then end of file", "nothing")
    })?;
    client.drain_to_eof()
}

fn queue(lab: &Lab) -> Outcome {
    for wanted in [5, 17] {
        let program = lab.server_with(&[&wanted.to_string()])?;
        let address = program.address()?;
        let found = diag::queue_limit(address).map_err(|error| {
            Trouble::blocked(format!("sock_diag does not reply: {error}"))
        })?;
        ensure(found == Some(wanted), || {
            let got = format!("a queue of {}", found.unwrap_or(0));
            program.failed(format!("a queue of {wanted} at {address}"), got)
        })
        .likely("the length of the queue is the second argument of listen")?;
    }
    Ok(())
}

/// Runs the server at `address`, and has it close a connection first.
fn run_once(lab: &Lab, address: &str) -> Outcome {
    let program = lab.launch(&[address, "5"]).start()?;
    greeted(&mut program.connect()?)?;
    let local: Option<SocketAddr> = address.parse().ok();
    let what = "keeps a socket in TIME_WAIT, since it closes first";
    program.eventually(what, || {
        let rows = proc::tcp_rows(program.pid());
        let mut rows = rows.iter().filter(|row| Some(row.local) == local);
        rows.any(|row| row.state == proc::TIME_WAIT).then_some(())
    })?;
    lab.log().event("the server closed first, and is killed");
    program.signal(libc::SIGKILL);
    program.wait(time::PATIENCE)?;
    Ok(())
}

fn again(lab: &Lab) -> Outcome {
    let guess = "the port is kept by a connection in TIME_WAIT, which \
                 SO_REUSEADDR lets you ignore; both runs must set it, before \
                 bind";
    let address = own_address().to_string();
    run_once(lab, &address)?;
    let start = Instant::now();
    let program = lab.launch(&[&address, "5"]).start().likely(guess)?;
    // However slow the machine: after a minute the port is free anyway.
    let seconds = start.elapsed().as_secs();
    ensure(seconds <= 45, || {
        let got = format!("it announced itself after {seconds} s");
        program.failed("it starts at once", got)
    })
    .likely(guess)?;
    greeted(&mut program.connect()?)
}

fn two_copies(lab: &Lab) -> Outcome {
    let address = own_address().to_string();
    let first = lab.launch(&[&address, "5"]).start()?;
    let second = lab.launch(&[&address, "5"]).spawn()?;
    exits_naming(&second, 1, &[&address]).likely_if(
        "it goes on",
        "SO_REUSEPORT lets both have the port, and shares the clients",
    )?;
    greeted(&mut first.connect()?)
}
