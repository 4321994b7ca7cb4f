//! Step 03: both directions at once, to the last byte.

use std::io::Write;
use std::thread;

use crate::common::steps::step;
use crate::common::tools::assert_same;
use crate::common::{Client, Peer, Program, Running, no_shim, pattern};

const LARGE: usize = 8 << 20;

/// The client with an input that the test holds, and what it connects to.
pub fn client(peer: &Peer) -> Program {
    let address = peer.address().to_string();
    Program::new(&step("step03").program, &[&address]).with_input()
}

/// The client, connected: its process and the server's end.
pub fn connected() -> (Running, Client) {
    let peer = Peer::open();
    let running = client(&peer).start();
    let client = peer.accept(&running.transcript);
    (running, client)
}

/// Waits until the client has printed exactly `bytes`.
fn expect_printed(running: &Running, bytes: &[u8]) {
    let printed = running.stdout.wait_for(|printed| {
        (printed.len() >= bytes.len()).then(|| printed.to_vec())
    });
    assert_same(&printed.expect("output"), bytes);
}

#[test]
fn what_is_typed_arrives_and_what_is_said_is_printed() {
    let (mut running, mut client) = connected();
    running.wait_for_note(&format!("connected to {}", client.own_address()));
    running.type_in(b"a line\n");
    client.expect(b"a line\n");
    client.send(b"a response\n");
    expect_printed(&running, b"a response\n");
    running.end_input();
    client.expect_end();
    drop(client);
    running.wait().expect_status(0);
}

#[test]
fn the_server_may_speak_first() {
    let (running, mut client) = connected();
    client.send(b"welcome\n");
    expect_printed(&running, b"welcome\n");
}

#[test]
fn the_response_may_follow_the_end_of_the_request() {
    let (mut running, mut client) = connected();
    running.type_in(b"question");
    running.end_input();
    assert_same(&client.receive_all(), b"question");
    client.send(b"response");
    drop(client);
    let ended = running.wait();
    ended.expect_status(0);
    assert_same(&ended.stdout, b"response");
}

#[test]
fn every_value_of_a_byte_both_ways() {
    let (mut running, mut client) = connected();
    let all: Vec<u8> = (0..=255).collect();
    running.type_in(&all);
    client.expect(&all);
    client.send(&all);
    expect_printed(&running, &all);
}

/// Types all of `bytes` in a thread, then ends the input.
fn type_all(running: &mut Running, bytes: Vec<u8>) -> thread::JoinHandle<()> {
    let mut input = running.take_input();
    thread::spawn(move || input.write_all(&bytes).unwrap())
}

#[test]
fn a_server_that_speaks_to_the_end_before_it_listens() {
    // Whoever sends all before reading waits here for ever: each side's
    // buffers are full, and each waits for the other to read.
    let (mut running, mut client) = connected();
    let (question, response) = (pattern(LARGE), pattern(LARGE + 1));
    let typist = type_all(&mut running, question.clone());
    client.send(&response);
    assert_same(&client.receive_all(), &question);
    typist.join().unwrap();
    client.send(b"the last word");
    drop(client);
    let ended = running.wait();
    ended.expect_status(0);
    assert_same(&ended.stdout, &[&response[..], b"the last word"].concat());
}

#[test]
fn a_server_that_listens_to_the_end_before_it_speaks() {
    let (mut running, mut client) = connected();
    let (question, response) = (pattern(LARGE), pattern(LARGE + 1));
    let typist = type_all(&mut running, question.clone());
    // The end of the stream comes after the last byte, not before.
    assert_same(&client.receive_all(), &question);
    typist.join().unwrap();
    client.send(&response);
    drop(client);
    let ended = running.wait();
    ended.expect_status(0);
    assert_same(&ended.stdout, &response);
}

#[test]
fn a_kernel_that_takes_and_gives_little() {
    for what in ["w=7", "r=3", "eintr=2", "eintr=3", "w=7,r=3,eintr=5"] {
        let peer = Peer::open();
        let Some(program) = client(&peer).shim(what) else {
            return no_shim("a_kernel_that_takes_and_gives_little");
        };
        let mut running = program.start();
        let mut client = peer.accept(&running.transcript);
        running.expect_shim();
        let bytes = pattern(40_000);
        let typist = type_all(&mut running, bytes.clone());
        assert_same(&client.receive_all(), &bytes);
        typist.join().unwrap();
        client.send(&bytes);
        drop(client);
        let ended = running.wait();
        ended.expect_status(0);
        assert_same(&ended.stdout, &bytes);
    }
}
