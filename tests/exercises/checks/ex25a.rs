//! 25a A promise kept: what is said to be stored survives a power cut.

use std::fs;

use super::expect::{is_silent, with_file as launch};
use super::prelude::*;

const STORES: &str = "stores lines";
const PROMISES: &str = "promises nothing before the disk has confirmed it";

pub const CHECKS: &[Check] = checks![
    STORES, 2, needs [], Passes,
        read "On the disk before anybody hears it", stores;
    PROMISES, 4, needs [STORES], Fails,
        read "On the disk before anybody hears it", promises;
    "has the name of its file on the disk", 2, needs [STORES], Fails,
        read "On the disk before anybody hears it", named;
    "cuts off half a line, and nothing else", 3, needs [STORES], Fails,
        read "Half a block", cuts;
    "tells which line is damaged, and changes nothing", 3, needs [STORES],
        Fails, read "Half a block", damaged;
    "has what it has promised whenever it is killed", 4, needs [PROMISES],
        Waits, read "Half a block", killed;
    TIDY, 1, needs [STORES], Passes,
        read "On the disk before anybody hears it",
        |lab| tidy::check(lab, &launch(lab).start()?, |client| {
            say(client, "get 9", "none")
        });
];

/// Bytes of a record.
const RECORD: usize = 128;

fn say(client: &mut Client, line: &str, response: &str) -> Outcome {
    let (line, response) = (format!("{line}\n"), format!("{response}\n"));
    round_trip(client, line.as_bytes(), response.as_bytes())
}

/// Stores these lines, and ends.
fn store(lab: &Lab, lines: &[&str]) -> Outcome {
    let program = launch(lab).start()?;
    let mut client = program.connect()?;
    for (line, number) in lines.iter().zip(1..) {
        say(&mut client, line, &format!("stored {number}"))?;
    }
    program.signal(libc::SIGKILL);
    program.wait(program.patience()).map(drop)
}

/// It has exactly these, and takes one more.
fn expect(lab: &Lab, lines: &[&str]) -> Outcome {
    let program = launch(lab).start()?;
    let mut client = program.connect()?;
    for (line, number) in lines.iter().chain(&["none"]).zip(1..) {
        say(&mut client, &format!("get {number}"), line)?;
    }
    let number = lines.len() + 1;
    say(&mut client, "one more", &format!("stored {number}"))?;
    program.signal(libc::SIGKILL);
    program.wait(program.patience())?;
    let program = launch(lab).start()?;
    let mut client = program.connect()?;
    say(&mut client, &format!("get {number}"), "one more")
}

fn stores(lab: &Lab) -> Outcome {
    let long = "x".repeat(119);
    store(lab, &["one", &long, ""])?;
    expect(lab, &["one", &long, ""])
}

fn promises(lab: &Lab) -> Outcome {
    for (lines, errors) in [(1, "EIO"), (2, "0+EIO"), (3, "0+0+EIO")] {
        let program = launch(lab).shim(&format!("fsync={errors}")).start()?;
        let most = (lines - 1) * b"stored 1\n".len();
        is_silent(&program, &"one\n".repeat(lines), most)?;
    }
    Ok(())
}

fn named(lab: &Lab) -> Outcome {
    const NAME: &str =
        "a new file's name is in the directory: that has to be synced";
    let program = launch(lab).shim("dirsync=EIO").spawn()?;
    program.expect_exit(1).likely(NAME)?;
    // Killed before the first sync of all: the name is there already.
    let path = Tree::new(lab).path("lines");
    // It may be there, or not.
    let _ = fs::remove_file(&path);
    let program = launch(lab).shim("die=1").spawn()?;
    program.wait(program.patience())?;
    ensure(path.exists(), || {
        program.failed("the file, and then a sync of its directory", "no file")
    })
    .likely(NAME)
}

/// Changes the file.
fn change(lab: &Lab, change: impl FnOnce(&mut Vec<u8>)) -> Outcome<Vec<u8>> {
    let path = Tree::new(lab).path("lines");
    let mut bytes = fs::read(&path)
        .map_err(|error| Trouble::blocked(format!("the file: {error}")))?;
    change(&mut bytes);
    fs::write(&path, &bytes)
        .map_err(|error| Trouble::blocked(format!("the file: {error}")))?;
    Ok(bytes)
}

fn cuts(lab: &Lab) -> Outcome {
    const HALF: &str = "the last one was never confirmed: it is cut off";
    store(lab, &["one", "two", "three"])?;
    change(lab, |bytes| bytes.truncate(3 * RECORD - 1))?;
    expect(lab, &["one", "two"]).likely(HALF)?;
    change(lab, |bytes| bytes[2 * RECORD + 10] ^= 1)?;
    expect(lab, &["one", "two"]).likely(HALF)?;
    change(lab, |bytes| bytes[2 * RECORD..].fill(0))?;
    expect(lab, &["one", "two"]).likely(HALF)
}

fn damaged(lab: &Lab) -> Outcome {
    const ONCE: &str = "it was good once: what is behind it shows that";
    store(lab, &["one", "two", "three"])?;
    let expect = |number: usize, bytes: Vec<u8>| {
        let program = launch(lab).spawn()?;
        let line = program.expect_complaint(1).likely(ONCE)?;
        let is_told = line.contains(&format!("line {number} "));
        ensure(is_told, || program.failed(format!("line {number}"), &line))?;
        let now = fs::read(Tree::new(lab).path("lines")).unwrap_or_default();
        let is_there = now == bytes;
        ensure(is_there, || program.failed("the file as it was", "another"))
    };
    expect(2, change(lab, |bytes| bytes[RECORD + 10] ^= 1)?)?;
    change(lab, |bytes| bytes[RECORD + 10] ^= 1)?;
    expect(1, change(lab, |bytes| bytes[..2 * RECORD].rotate_left(RECORD))?)
}

/// It is killed before each of its calls that write something.
fn killed(lab: &Lab) -> Outcome {
    let line = |number: usize| format!("{number} {}", "x".repeat(100));
    for number in 1..=24 {
        // It is there, and what was in it has gone.
        Tree::new(lab).file("lines", "")?;
        let program = launch(lab).shim(&format!("die={number}")).spawn()?;
        let mut promised = 0;
        if program.await_announcement(1).is_ok()
            && let Ok(mut client) = program.connect()
        {
            while promised < 9
                && client
                    .send(format!("{}\n", line(promised)).as_bytes())
                    .is_ok()
                && client.line().is_ok_and(|it| it.starts_with(b"stored"))
            {
                promised += 1;
            }
        }
        program.signal(libc::SIGKILL);
        program.wait(program.patience())?;
        let program = launch(lab).start()?;
        let mut client = program.connect()?;
        for at in 0..promised {
            say(&mut client, &format!("get {}", at + 1), &line(at))?;
        }
        client.send(format!("get {}\n", promised + 1).as_bytes())?;
        let next = client.line()?;
        let next = String::from_utf8_lossy(&next);
        let next = next.trim_end();
        ensure(next == "none" || next == line(promised), || {
            client.failed("the next line, or none", next)
        })?;
    }
    Ok(())
}
