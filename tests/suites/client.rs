//! Step 03: both directions at once, to the last byte.

use std::io::Write;
use std::process::Stdio;
use std::thread;

use crate::lab::client::Client;
use crate::lab::fixtures::pattern;
use crate::lab::launch::Launch;
use crate::lab::program::Program;
use crate::lab::show::assert_same;
use crate::lab::{Outcome, Peer};
use crate::steps::{SHIMS, peer, step};

const LARGE: usize = 8 << 20;

/// The client with an input that the test holds, and what it connects to.
pub fn client(peer: &Peer) -> Outcome<Launch> {
    let launch = step("step03").launch(&[&peer.address().to_string()])?;
    Ok(launch.stdin(Stdio::piped()))
}

/// The client, connected: its process and the server's end.
pub fn connected() -> Outcome<(Program, Client)> {
    connected_by(|launch| launch)
}

/// The same, described further.
pub fn connected_by(
    describe: impl FnOnce(Launch) -> Launch,
) -> Outcome<(Program, Client)> {
    let peer = peer()?;
    connected_to(&peer, describe(client(&peer)?))
}

/// The same, started in another way.
pub fn connected_to(peer: &Peer, launch: Launch) -> Outcome<(Program, Client)> {
    let program = launch.spawn()?;
    let client = peer.accept_one(&program)?;
    Ok((program, client))
}

/// Types all of `bytes` in a thread, then ends the input.
fn type_all(
    program: &Program,
    bytes: Vec<u8>,
) -> Outcome<thread::JoinHandle<()>> {
    let mut input = program.take_input()?;
    Ok(thread::spawn(move || input.write_all(&bytes).unwrap()))
}

#[test]
fn what_is_typed_arrives_and_what_is_said_is_printed() -> Outcome {
    let (program, mut client) = connected()?;
    program.expect_note(&format!("connected to {}", client.own_address()?))?;
    program.type_in(b"a line\n")?;
    client.expect(b"a line\n")?;
    client.send(b"a response\n")?;
    program.await_stdout("what was sent", |printed| {
        (printed == b"a response\n").then_some(())
    })?;
    program.end_input();
    client.expect_eof()?;
    drop(client);
    program.expect_exit(0).map(drop)
}

#[test]
fn a_server_that_speaks_to_the_end_before_it_listens() -> Outcome {
    // Whoever sends all before reading waits here for ever: each side's
    // buffers are full, and each waits for the other to read.
    let (program, mut client) = connected()?;
    let (question, response) = (pattern(LARGE), pattern(LARGE + 1));
    let typist = type_all(&program, question.clone())?;
    client.send(&response)?;
    assert_same(&client.receive_all()?, &question);
    typist.join().unwrap();
    client.send(b"the last word")?;
    drop(client);
    let ended = program.expect_exit(0)?;
    assert_same(&ended.stdout, &[&response[..], b"the last word"].concat());
    Ok(())
}

/// Also where a kernel takes and gives little.
#[test]
fn a_server_that_listens_to_the_end_before_it_speaks() -> Outcome {
    let little = SHIMS.map(|shim| (shim, 40_000));
    for (shim, length) in little.into_iter().chain([("", LARGE)]) {
        let (program, mut client) = connected_by(|it| it.shim(shim))?;
        let bytes = pattern(length);
        let typist = type_all(&program, bytes.clone())?;
        // The end of the stream comes after the last byte, not before.
        assert_same(&client.receive_all()?, &bytes);
        typist.join().unwrap();
        let response = [&bytes[..], b"the last word"].concat();
        client.send(&response)?;
        drop(client);
        assert_same(&program.expect_exit(0)?.stdout, &response);
    }
    Ok(())
}
