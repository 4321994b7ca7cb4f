//! 01a Two addresses: several listeners, announced as they really are.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use super::{Check, TIDY};
use crate::lab::fixtures::own_address;
use crate::lab::{Advice, Lab, Outcome, Trouble, proc, show, tidy};

const PORT: &str = "announces the port it really has";
const LISTENS: &str = "listens at every address, and there only";
const ACCEPTS: &str = "accepts and closes at every address";
const ALL_OR_NONE: &str = "announces nothing if one address cannot be had";

pub const CHECKS: &[Check] = checks![
    PORT, 1, needs [], Fails, read "getsockname(2)", real_port;
    LISTENS, 3, needs [PORT], Waits, read "listen(2)", every_address;
    ACCEPTS, 1, needs [LISTENS], Waits, read "accept4(2)", every_listener;
    ALL_OR_NONE, 2, needs [PORT], Waits, read "bind(2)", all_or_none;
    TIDY, 1, needs [PORT], Waits, read "close(2)",
        |lab| tidy::check(lab, &lab.server()?, |c| c.expect_eof());
];

/// The port's two bytes, the other way round.
fn swapped(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip(), address.port().swap_bytes())
}

fn real_port(lab: &Lab) -> Outcome {
    // More than once: some ports read the same from both sides.
    (0..3).try_for_each(|_| real_port_once(lab))
}

fn real_port_once(lab: &Lab) -> Outcome {
    let program = lab.server().likely_if(
        "port 0",
        "the argument was printed: what the kernel chose says getsockname",
    )?;
    let said = program.address()?;
    let rows = proc::own_rows(program.pid());
    let listening: Vec<SocketAddr> = rows
        .iter()
        .filter(|row| row.state == proc::LISTEN)
        .map(|row| row.local)
        .collect();
    if listening.contains(&said) {
        return Ok(());
    }
    let really: Vec<String> =
        listening.iter().map(ToString::to_string).collect();
    let got = format!("it listens on {}", really.join(", "));
    let failed = Err(program.failed(format!("it listens on {said}"), got));
    if listening.contains(&swapped(said)) {
        return failed.likely(
            "the bytes of the port are in network order, high one first: \
             from_be",
        );
    }
    failed
}

fn every_address(lab: &Lab) -> Outcome {
    let (second, third) = (own_address()?, own_address()?);
    let any_port = format!("{}:0", third.ip());
    let (second_text, count) = (second.to_string(), 3);
    let args = ["127.0.0.1:0", &second_text, &any_port];
    let program = lab.launch(&args).addresses(count).start().likely_if(
        "such lines",
        "each argument is one address: open them all before announcing any",
    )?;
    let said = program.addresses();
    let wanted = [None, Some(second.ip()), Some(third.ip())];
    for (address, wanted) in said.iter().zip(wanted) {
        let ip = wanted.unwrap_or(Ipv4Addr::LOCALHOST.into());
        if address.ip() != ip {
            let got = format!("`listening on {address}`");
            let failed = program.failed(
                format!("a line about {ip}, in the arguments' order"),
                got,
            );
            return Err(failed).likely(
                "the address announced is not the one asked for: was it \
                 bound to 0.0.0.0, every interface?",
            );
        }
    }
    if said.get(1) != Some(&second) {
        let got = said.get(1).map_or(String::new(), ToString::to_string);
        let failed = Err(program.failed(format!("port of {second}"), got));
        return failed.likely(
            "the bytes of the port must be in network order, high one \
             first: to_be",
        );
    }
    let rows = proc::own_rows(program.pid());
    for address in &said {
        let is_listener = |row: &&proc::Row| {
            row.local == *address && row.state == proc::LISTEN
        };
        if rows.iter().filter(is_listener).count() != 1 {
            let got = rows
                .iter()
                .map(|row| format!("{} in state {:02X}", row.local, row.state));
            let got: Vec<String> = got.collect();
            let expected = format!(
                "a socket on {address} in state 0A (LISTEN), in \
                 /proc/PID/net/tcp"
            );
            let failed = Err(program.failed(expected, got.join(", ")));
            return failed.likely(
                "a socket that is bound but not given to listen does not \
                 wait for anybody",
            );
        }
    }
    Ok(())
}

fn every_listener(lab: &Lab) -> Outcome {
    let second = format!("{}:0", own_address()?.ip());
    let args = ["127.0.0.1:0", &second];
    let program = lab.launch(&args).addresses(2).start()?;
    for address in program.addresses().into_iter().rev() {
        let mut client = program.connect_to(address)?;
        client
            .expect_eof()
            .likely("nobody accepts and closes at this address")?;
    }
    Ok(())
}

fn all_or_none(lab: &Lab) -> Outcome {
    let taken = TcpListener::bind("127.0.0.1:0");
    let taken = taken.and_then(|taken| Ok((taken.local_addr()?, taken)));
    let (address, _holder) = taken.map_err(|error| {
        Trouble::blocked(format!("cannot take a port: {error}"))
    })?;
    let address = address.to_string();
    let program =
        lab.launch(&["127.0.0.1:0", &address, "127.0.0.1:0"]).spawn()?;
    let ended = program
        .wait(Duration::from_secs(5))
        .likely("the failure of one address must end the program")?;
    if !ended.stdout.is_empty() {
        let got = format!("on stdout {}", show::bytes(&ended.stdout));
        let failed = program.failed("nothing on stdout", got);
        return Err(failed)
            .likely("an address was announced before all of them were open");
    }
    if ended.status.code() != Some(1) {
        let got = crate::lab::program::describe(ended.status);
        return Err(program.failed("exit status 1", got));
    }
    let stderr = String::from_utf8_lossy(&ended.stderr).into_owned();
    if !stderr.contains(&address) {
        let got = format!("on stderr {}", show::bytes(&ended.stderr));
        let expected = format!("a line on stderr that names {address}");
        return Err(program.failed(expected, got));
    }
    Ok(())
}
