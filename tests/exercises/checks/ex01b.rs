//! 01b Back at once: TIME_WAIT, and the length of the waiting queue.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::{Check, TIDY};
use crate::lab::client::Client;
use crate::lab::fixtures::own_address;
use crate::lab::program::{Program, describe};
use crate::lab::{Advice, Lab, Outcome, Trouble, diag, proc, tidy, time};

const GREETS: &str = "greets a client";
const QUEUE: &str = "has a queue as long as was asked for";
const AGAIN: &str = "starts again at once on the same port";
const TWO_COPIES: &str = "is refused while another copy runs";

pub const CHECKS: &[Check] = checks![
    GREETS, 1, needs [], Passes, read "accept4(2)", greets;
    QUEUE, 2, needs [GREETS], Fails, read "listen(2)", queue;
    AGAIN, 3, needs [GREETS], Fails, read "bind(2)", again;
    TWO_COPIES, 2, needs [GREETS], Passes, read "bind(2)", two_copies;
    TIDY, 1, needs [GREETS], Passes, read "close(2)",
        |lab| tidy::check(lab, &lab.server_with(&["5"])?, greeted);
];

fn greeted(client: &mut Client) -> Outcome {
    let (greeting, _) = client.receive(4)?;
    if greeting.is_empty() {
        return Err(client.failed("a greeting, then end of file", "nothing"));
    }
    client.drain_to_eof()
}

fn greets(lab: &Lab) -> Outcome {
    greeted(&mut lab.server_with(&["5"])?.connect()?)
}

fn queue(lab: &Lab) -> Outcome {
    for wanted in [5, 17] {
        let program = lab.server_with(&[&wanted.to_string()])?;
        let address = program.address()?;
        let found = diag::queue_limit(address).map_err(|error| {
            Trouble::blocked(format!("sock_diag does not reply: {error}"))
        })?;
        if found != Some(wanted) {
            let got = match found {
                Some(limit) => format!("a queue of {limit}"),
                None => "no listener".to_string(),
            };
            let expected = format!("a queue of {wanted} at {address}");
            return Err(program.failed(expected, got)).likely(
                "the length of the queue is the second argument of listen",
            );
        }
    }
    Ok(())
}

/// Runs the server at `address`, and has it close a connection first.
fn run_once(lab: &Lab, address: &str) -> Outcome {
    let program = lab.launch(&[address, "5"]).start()?;
    greeted(&mut program.connect()?)?;
    let local: Option<SocketAddr> = address.parse().ok();
    let waits = time::eventually(time::PATIENCE, program.pid(), || {
        let rows = proc::tcp_rows(program.pid());
        let mut rows = rows.iter();
        rows.find(|row| {
            Some(row.local) == local && row.state == proc::TIME_WAIT
        })?;
        Some(())
    });
    if waits.is_none() {
        return Err(program.failed(
            "after the connection a socket in TIME_WAIT: the server closes first",
            "none",
        ));
    }
    lab.log().event("the server closed first, and is killed");
    program.signal(libc::SIGKILL);
    program.wait(time::PATIENCE)?;
    Ok(())
}

fn again(lab: &Lab) -> Outcome {
    let guess = "the port is kept by a connection in TIME_WAIT, which \
                 SO_REUSEADDR lets you ignore; both runs must set it, before \
                 bind";
    let address = own_address()?.to_string();
    run_once(lab, &address)?;
    let start = Instant::now();
    let program = lab.launch(&[&address, "5"]).start().likely(guess)?;
    // However slow the machine: after a minute the port is free anyway.
    let seconds = start.elapsed().as_secs();
    if seconds > 45 {
        let got = format!("it announced itself after {seconds} s");
        return Err(program.failed("it starts at once", got)).likely(guess);
    }
    greeted(&mut program.connect()?)
}

fn two_copies(lab: &Lab) -> Outcome {
    let address = own_address()?.to_string();
    let first = lab.launch(&[&address, "5"]).start()?;
    let second: Program = lab.launch(&[&address, "5"]).spawn()?;
    let ended = second
        .wait(Duration::from_secs(3))
        .expecting("the second copy ends with exit status 1")
        .likely(
            "SO_REUSEPORT lets both have the port, and shares the clients",
        )?;
    if ended.status.code() != Some(1) {
        let got = describe(ended.status);
        return Err(second.failed("exit status 1", got));
    }
    let stderr = String::from_utf8_lossy(&ended.stderr).into_owned();
    if !stderr.contains(&address) {
        let expected = format!("a line on stderr that names {address}");
        return Err(second.failed(expected, format!("{stderr:?}")));
    }
    greeted(&mut first.connect()?)
}
