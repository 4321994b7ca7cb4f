//! 01a Two addresses: several listeners, announced as they really are.

use std::net::{Ipv4Addr, SocketAddr};

use super::prelude::*;
use crate::lab::Peer;
use crate::lab::fixtures::own_address;

const PORT: &str = "announces the port it really has";
const LISTENS: &str = "listens at every address, and there only";

pub const CHECKS: &[Check] = checks![
    // More than once: some ports read the same from both sides.
    PORT, 1, needs [], Fails, read "getsockname(2)",
        |lab| (0..3).try_for_each(|_| real_port(lab));
    LISTENS, 3, needs [PORT], Waits, read "listen(2)", every_address;
    "accepts and closes at every address", 1, needs [LISTENS], Waits,
        read "accept4(2)", every_listener;
    "announces nothing if one address cannot be had", 2, needs [PORT], Waits,
        read "bind(2)", all_or_none;
    TIDY, 1, needs [PORT], Waits, read "close(2)",
        |lab| tidy::check(lab, &lab.server()?, |c| c.expect_eof());
];

fn real_port(lab: &Lab) -> Outcome {
    let program = lab.server().likely_if(
        "port 0",
        "the argument was printed: what the kernel chose says getsockname",
    )?;
    let said = program.address()?;
    let rows = proc::own_rows(program.pid()).into_iter();
    let listeners = rows.filter(|row| row.state == proc::LISTEN);
    let really: Vec<SocketAddr> = listeners.map(|row| row.local).collect();
    let swapped = SocketAddr::new(said.ip(), said.port().swap_bytes());
    ensure(really.contains(&said), || {
        let got = format!("it listens on {really:?}");
        program.failed(format!("it listens on {said}"), got)
    })
    .likely_if(
        &swapped.to_string(),
        "the bytes of the port are in network order, high one first: from_be",
    )
}

fn every_address(lab: &Lab) -> Outcome {
    let (second, third) = (own_address(), own_address().ip());
    let any_port = format!("{third}:0");
    let args = ["127.0.0.1:0", &second.to_string(), &any_port];
    let program = lab.launch(&args).addresses(3).start().likely_if(
        "such lines",
        "each argument is one address: open them all before announcing any",
    )?;
    let said = program.addresses();
    for (address, ip) in
        said.iter().zip([Ipv4Addr::LOCALHOST.into(), second.ip(), third])
    {
        ensure(address.ip() == ip, || {
            program.failed(
                format!("a line about {ip}, in the arguments' order"),
                format!("`listening on {address}`"),
            )
        })
        .likely(
            "the address announced is not the one asked for: was it bound to \
             0.0.0.0, every interface?",
        )?;
    }
    ensure(said[1] == second, || {
        program.failed(format!("port of {second}"), said[1].to_string())
    })
    .likely(
        "the bytes of the port must be in network order, high one first: \
         to_be",
    )?;
    let rows = proc::own_rows(program.pid());
    said.iter().try_for_each(|address| {
        let listens = |row: &&proc::Row| {
            row.local == *address && row.state == proc::LISTEN
        };
        ensure(rows.iter().filter(listens).count() == 1, || {
            let got: Vec<String> = rows
                .iter()
                .map(|row| format!("{} in state {:02X}", row.local, row.state))
                .collect();
            let expected = format!(
                "a socket on {address} in state 0A (LISTEN), in \
                 /proc/PID/net/tcp"
            );
            program.failed(expected, got.join(", "))
        })
        .likely(
            "a socket that is bound but not given to listen does not wait for \
             anybody",
        )
    })
}

fn every_listener(lab: &Lab) -> Outcome {
    let second = format!("{}:0", own_address().ip());
    let program = lab.launch(&["127.0.0.1:0", &second]).addresses(2).start()?;
    program.addresses().into_iter().rev().try_for_each(|address| {
        let mut client = program.connect_to(address)?;
        client.expect_eof().likely("nobody accepts and closes at this address")
    })
}

fn all_or_none(lab: &Lab) -> Outcome {
    let taken = Peer::open((Ipv4Addr::LOCALHOST, 0))?;
    let address = taken.address().to_string();
    let program =
        lab.launch(&["127.0.0.1:0", &address, "127.0.0.1:0"]).spawn()?;
    let ended = program
        .wait(time::PATIENCE)
        .likely("the failure of one address must end the program")?;
    ensure(ended.stdout.is_empty(), || {
        let got = format!("on stdout {}", show::bytes(&ended.stdout));
        program.failed("nothing on stdout", got)
    })
    .likely("an address was announced before all of them were open")?;
    exits_naming(&program, 1, &[&address])
}
