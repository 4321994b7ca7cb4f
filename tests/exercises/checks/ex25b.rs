//! 25b All of them together: one sync for all who wait. The disk waits at a
//! gate: a pipe, out of which each sync reads a byte.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use super::expect::{is_silent, with_file as launch};
use super::prelude::*;

const STORES: &str = "stores lines";
const BUSY: &str = "answers while the disk is busy";

pub const CHECKS: &[Check] = checks![
    STORES, 2, needs [], Passes,
        read "On the disk before anybody hears it", |lab| {
            let program = launch(lab).start()?;
            let mut client = program.connect()?;
            round_trip(&mut client, b"one\ntwo\n", b"stored 1\nstored 2\n")?;
            round_trip(&mut program.connect()?, b"how many\n", b"2\n")
        };
    BUSY, 3, needs [STORES], Fails,
        read "On the disk before anybody hears it", busy;
    "has one sync for all who wait", 5, needs [BUSY], Waits,
        read "On the disk before anybody hears it", together;
    "says nothing when the disk fails", 3, needs [STORES], Passes,
        read "On the disk before anybody hears it", |lab| {
            let program = launch(lab).shim("fsync=EIO").start()?;
            is_silent(&program, "one\n", 0)
        };
    TIDY, 1, needs [STORES], Passes,
        read "On the disk before anybody hears it",
        |lab| tidy::check(lab, &launch(lab).start()?, |client| {
            round_trip(client, b"how many\n", b"0\n")
        });
];

/// The program, whose disk waits at a gate.
fn gated(lab: &Lab) -> Outcome<Program> {
    let tree = Tree::new(lab);
    tree.pipe("gate")?;
    let gate = tree.path("gate");
    launch(lab).shim(&format!("gate={}", gate.display())).start()
}

/// The gate, once a sync waits there: a pipe has another end then.
fn gate(program: &Program) -> Outcome<File> {
    let path = Tree::new(program.lab()).path("gate");
    program.eventually("has one more sync: somebody waits for it", || {
        let mut options = File::options();
        options.write(true).custom_flags(libc::O_NONBLOCK);
        options.open(&path).ok()
    })
}

fn pass(mut gate: File) -> Outcome {
    gate.write_all(b"!").map_err(|_| Trouble::blocked("the gate is closed"))
}

fn count(program: &Program, expected: usize) -> Outcome {
    let expected = format!("{expected}\n");
    round_trip(&mut program.connect()?, b"how many\n", expected.as_bytes())
}

fn busy(lab: &Lab) -> Outcome {
    let program = gated(lab)?;
    let mut client = program.connect()?;
    client.send(b"one\n")?;
    let gate = gate(&program)?;
    count(&program, 0).likely(
        "who asks how many there are does not wait for the disk: nobody has \
         the lock during a sync",
    )?;
    pass(gate)?;
    client.expect(b"stored 1\n")?;
    count(&program, 1)
}

fn together(lab: &Lab) -> Outcome {
    let program = gated(lab)?;
    let mut first = program.connect()?;
    first.send(b"one\n")?;
    let open = gate(&program)?;
    ensure(!first.has_something(), || {
        first.failed("no word before the disk has it", "stored 1")
    })?;
    let mut others = program.connect_many(20)?;
    for (other, line) in others.iter_mut().zip(1..) {
        other.send(format!("line {line}\n").as_bytes())?;
        other.wait_until_read()?;
    }
    let path = Tree::new(lab).path("lines");
    program.eventually("writes while the disk is busy", || {
        let lines = std::fs::read_to_string(&path).ok()?;
        (lines.lines().count() == 21).then_some(())
    })?;
    pass(open)?;
    first.expect(b"stored 1\n")?;
    let next = gate(&program)?;
    count(&program, 1).likely(
        "the other lines: each was written after that sync had begun, and it \
         says nothing about them",
    )?;
    pass(next)?;
    let mut numbers = Vec::new();
    for other in &mut others {
        let line = other.line().likely("one sync is enough for all of them")?;
        numbers.push(String::from_utf8_lossy(&line).trim_end().to_string());
    }
    numbers.sort_by_key(|it| it.len());
    numbers.sort_by_key(|it| it.rsplit(' ').next()?.parse::<u32>().ok());
    let expected = (2..=21).map(|it| format!("stored {it}"));
    ensure(numbers.iter().cloned().eq(expected), || {
        program.failed("stored 2 to 21, each once", format!("{numbers:?}"))
    })?;
    count(&program, 21)
}
