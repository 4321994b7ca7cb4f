//! Step 03: both directions at once, to the last byte.

use std::io::Write;
use std::thread;

use crate::common::steps::step;
use crate::common::tools::assert_same;
use crate::common::{Host, Program, Running, Wire, no_shim, pattern};

const LARGE: usize = 8 << 20;

/// The client with an input that the test holds, and what it connects to.
pub fn client(host: &Host) -> Program {
    let address = host.address().to_string();
    Program::new(step("step03").program, &[&address]).with_input()
}

/// The client, connected: its process and the server's end.
pub fn connected() -> (Running, Wire) {
    let host = Host::open();
    let running = client(&host).start();
    let wire = host.accept(&running.story);
    (running, wire)
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
    let (mut running, mut wire) = connected();
    running.wait_for_note(&format!("connected to {}", wire.own_address()));
    running.type_in(b"a line\n");
    wire.expect(b"a line\n");
    wire.send(b"an answer\n");
    expect_printed(&running, b"an answer\n");
    running.end_input();
    wire.expect_end();
    drop(wire);
    running.wait().expect_status(0);
}

#[test]
fn the_server_may_speak_first() {
    let (running, mut wire) = connected();
    wire.send(b"welcome\n");
    expect_printed(&running, b"welcome\n");
}

#[test]
fn the_answer_may_follow_the_end_of_the_question() {
    let (mut running, mut wire) = connected();
    running.type_in(b"question");
    running.end_input();
    assert_same(&wire.receive_all(), b"question");
    wire.send(b"answer");
    drop(wire);
    let ended = running.wait();
    ended.expect_status(0);
    assert_same(&ended.stdout, b"answer");
}

#[test]
fn every_value_of_a_byte_both_ways() {
    let (mut running, mut wire) = connected();
    let all: Vec<u8> = (0..=255).collect();
    running.type_in(&all);
    wire.expect(&all);
    wire.send(&all);
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
    let (mut running, mut wire) = connected();
    let (question, answer) = (pattern(LARGE), pattern(LARGE + 1));
    let typist = type_all(&mut running, question.clone());
    wire.send(&answer);
    assert_same(&wire.receive_all(), &question);
    typist.join().unwrap();
    wire.send(b"the last word");
    drop(wire);
    let ended = running.wait();
    ended.expect_status(0);
    assert_same(&ended.stdout, &[&answer[..], b"the last word"].concat());
}

#[test]
fn a_server_that_listens_to_the_end_before_it_speaks() {
    let (mut running, mut wire) = connected();
    let (question, answer) = (pattern(LARGE), pattern(LARGE + 1));
    let typist = type_all(&mut running, question.clone());
    // The end of the stream comes after the last byte, not before.
    assert_same(&wire.receive_all(), &question);
    typist.join().unwrap();
    wire.send(&answer);
    drop(wire);
    let ended = running.wait();
    ended.expect_status(0);
    assert_same(&ended.stdout, &answer);
}

#[test]
fn a_kernel_that_takes_and_gives_little() {
    for what in ["w=7", "r=3", "eintr=2", "eintr=3", "w=7,r=3,eintr=5"] {
        let host = Host::open();
        let Some(program) = client(&host).shim(what) else {
            return no_shim("a_kernel_that_takes_and_gives_little");
        };
        let mut running = program.start();
        let mut wire = host.accept(&running.story);
        running.expect_shim();
        let bytes = pattern(40_000);
        let typist = type_all(&mut running, bytes.clone());
        assert_same(&wire.receive_all(), &bytes);
        typist.join().unwrap();
        wire.send(&bytes);
        drop(wire);
        let ended = running.wait();
        ended.expect_status(0);
        assert_same(&ended.stdout, &bytes);
    }
}
