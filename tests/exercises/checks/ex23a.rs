//! 23a Never talk to yourself: one link to each other node, under any name.

use std::process::Stdio;

use super::expect::exchange;
use super::prelude::*;
use crate::lab::{BlackHole, Peer, fixtures::own_address};

const GREETS: &str = "says who it is, and who its peers are";

pub const CHECKS: &[Check] = checks![
    GREETS, 1, needs [], Passes, read "Who is it?", |lab| {
        let program = start(lab)?;
        let line = dialled(&program, 1)?.line();
        let line = line.likely("both say hello, and none waits for it")?;
        let mut client = program.connect()?;
        client.expect(&line)?;
        client.send(b"hello 7\n")?;
        rests(&program, 1, "7\n")
    };
    "dials on, whatever becomes of an address", 3, needs [GREETS], Fails,
        read "Both ends dial", dials_on;
    "has no link to itself", 3, needs [GREETS], Fails, read "Who is it?",
        itself;
    "closes a second link, if its id is the smaller one", 4,
        needs [GREETS], Fails, read "Both ends dial", |lab| twice(lab, true);
    "leaves that to the other one, if its id is the larger one", 2,
        needs [GREETS], Passes, read "Both ends dial", |lab| twice(lab, false);
    TIDY, 1, needs [GREETS], Passes, read "Both ends dial", |lab| {
        tidy::check(lab, &start(lab)?, |client| client.line().map(drop))
    };
];

fn start(lab: &Lab) -> Outcome<Program> {
    lab.launch(&["127.0.0.1:0"]).stdin(Stdio::piped()).start()
}

/// The program is told an address, which is new, and connects to it.
fn dialled(program: &Program, ip: u8) -> Outcome<Client> {
    let peer = Peer::open(([127, 0, 0, ip], 0))?;
    program.type_in(format!("{}\n", peer.address()).as_bytes())?;
    peer.accept(program.lab(), program, "dialled")
}

/// It has so many connections, knows these nodes, and does nothing more.
fn rests(program: &Program, count: usize, nodes: &str) -> Outcome {
    program.eventually(&format!("has {count} connections left"), || {
        let sockets = proc::own_rows(program.pid()).len();
        (sockets == 1 + count).then_some(())
    })?;
    await_sleep(program)?;
    let mut client = program.connect()?;
    client.line()?;
    exchange(&mut client, b"peers\n", nodes.as_bytes())
}

fn dials_on(lab: &Lab) -> Outcome {
    let program = start(lab)?;
    let hole = BlackHole::open([127, 0, 0, 1].into())?;
    let lines = format!("nobody\n{}\n{}\n", own_address(), hole.address());
    program.type_in(lines.as_bytes())?;
    dialled(&program, 1)
        .map(drop)
        .likely("whoever does not respond holds up no other address")
}

fn itself(lab: &Lab) -> Outcome {
    let program = start(lab)?;
    let port = program.address()?.port();
    for ip in ["127.0.0.1", "0.0.0.0", "[::ffff:127.0.0.1]"] {
        program.type_in(format!("{ip}:{port}\n").as_bytes())?;
    }
    await_sleep(&program)?;
    let guess = "a node has many addresses, but one id: who says yours is you";
    rests(&program, 0, "").likely(guess)?;
    // So does a socket that is connected with itself.
    let mut echo = dialled(&program, 2)?;
    let line = echo.line()?;
    echo.send(&line)?;
    echo.expect_eof().likely(guess)
}

/// Two connections with a node, however they came about. Which of them is a
/// link first is for us to say.
fn twice(lab: &Lab, decides: bool) -> Outcome {
    let (id, count) = if decides { (u64::MAX, 1) } else { (0, 2) };
    let line = format!("{id}\n");
    for dials in [[true, true], [true, false], [false, true], [false, false]] {
        let program = start(lab)?;
        let connect = |dials| match dials {
            true => dialled(&program, 1),
            false => program.connect(),
        };
        let (mut first, mut second) = (connect(dials[0])?, connect(dials[1])?);
        for client in [&mut first, &mut second] {
            client.line()?;
            client.send(format!("hello {line}").as_bytes())?;
            client.wait_until_read()?;
            await_sleep(&program)?;
        }
        if decides {
            second
                .expect_eof()
                .likely("the node with the smaller id closes the second one")?;
        }
        rests(&program, count, &line)
            .likely("if both close one, each may close what the other keeps")?;
        first.close();
        rests(&program, count - 1, &line.repeat(count - 1))
            .likely("with a connection ends its link, and no other")?;
    }
    Ok(())
}
