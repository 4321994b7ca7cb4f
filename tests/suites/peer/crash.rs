//! A ledger whose process is killed, or whose disk fails.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::process::Stdio;
use std::thread;

use ::peer::block::Block;
use ::peer::kind::Kind;
use ::peer::messages::Get;

use super::ledger::{command, expect_printed, post, start};
use super::{Fake, end};
use crate::calls::{can_trace, traces};
use crate::lab::launch::Launch;
use crate::lab::scratch::Scratch;
use crate::lab::{Outcome, proc};
use crate::steps::{Step, launch, on_every, peer, skip_here};

/// A step under strace, which does something to some calls of all threads;
/// `None`, after saying so, if there is none.
pub fn injected(step: &Step, inject: &str, flags: &[&str]) -> Option<Launch> {
    if !can_trace() {
        skip_here("no strace", "install strace, and allow ptrace(2)");
        return None;
    }
    let calls = inject.split(':').next().unwrap();
    let (trace, inject) =
        (format!("trace={calls}"), format!("inject={inject}"));
    let strace = ["strace", "-f", "-qq", "-o", "trace", "-e", &trace];
    let strace = launch("/usr/bin/env", &strace).unwrap();
    let step = ["-e", &inject, &step.program, "127.0.0.1:0"];
    Some(strace.with(&step).with(flags))
}

/// The blocks of others that a peer hears before the node dies, or until it
/// has heard so many.
fn hear(fake: &mut Fake, most: usize) -> Vec<Block> {
    let mut heard = Vec::new();
    while heard.len() < most {
        match fake.frame() {
            Ok((0x20, block)) => heard.push(Block::parse(&block).unwrap()),
            Ok((0x22, get)) => {
                // It may be gone by now.
                let _ = fake.send(Kind::NotFound, &get[..40]);
            }
            _ => break,
        }
    }
    heard
}

/// A node that is to say five lines is killed at such a call, when a thread
/// makes it for the so-manieth time. Whether it was.
fn is_killed(step: &Step, call: &str, number: usize) -> Outcome<bool> {
    let (scratch, there) = (Scratch::new().unwrap(), peer()?);
    let typed = scratch.path().join("typed");
    fs::write(&typed, "1\n2\n3\n4\n5\n").unwrap();
    let data = scratch.path().join("data");
    let name = there.address().to_string();
    let flags = ["--data", data.to_str().unwrap(), "--peer", &name];
    // The key is not what this is about.
    start(step, &flags[..2])?.end_by(libc::SIGINT)?;
    let kill = format!("{call}:signal=KILL:when={number}");
    let Some(node) = injected(step, &kill, &flags) else { return Ok(false) };
    let node = node.stdin(File::open(typed).unwrap()).spawn()?;
    let mut heard = Vec::new();
    if let Ok(client) = there.accept_one(&node)
        && let Ok(mut fake) = Fake::open(&node, client, 1, 1)
    {
        heard = hear(&mut fake, 5);
    }
    let is_killed = heard.len() < 5;
    if !is_killed {
        proc::kill(proc::newest(node.pid()), libc::SIGKILL);
    }
    node.wait(node.patience())?;
    // What somebody has heard is there, and what follows it follows it.
    let node = start(step, &flags)?;
    let mut fake = Fake::open(&node, there.accept_one(&node)?, 1, 2)?;
    node.type_in(b"again\n")?;
    let again = hear(&mut fake, 1).remove(0);
    let is_next = again.seq() >= heard.len() as u64;
    let last = heard.last().map(Block::id).unwrap_or_default();
    let follows = again.seq() > heard.len() as u64 || again.previous() == last;
    assert!(is_next && follows, "{number}: {heard:?}, and then {again:?}");
    end(&node, vec![fake])?;
    let log = command(step, &["log", &data.to_string_lossy()], 0)?;
    for (line, block) in log.lines().zip(&heard) {
        let said = String::from_utf8_lossy(block.body());
        assert_eq!(line, format!("{block:?}: {said}"), "{number}");
    }
    command(step, &["fsck", &data.to_string_lossy()], 0)?;
    Ok(is_killed)
}

/// At every call that writes something, until it is over before it is killed.
/// The least number of those that there must be.
const CALLS: [(&str, usize); 3] =
    [("pwrite64", 5), ("fdatasync", 5), ("write", 12)];

#[test]
fn nothing_that_was_heard_is_lost() -> Outcome {
    on_every("ledger", |step| {
        let until_over = |call: &str, least: usize| -> Outcome {
            let last = (1..).find_map(|it| match is_killed(step, call, it) {
                Ok(true) => None,
                Ok(false) => Some(Ok(it)),
                Err(trouble) => Some(Err(trouble)),
            });
            let last = last.unwrap()?;
            assert!(last > least || !can_trace(), "{call}: {last}");
            Ok(())
        };
        thread::scope(|scope| {
            let all = CALLS.map(|(call, least)| {
                scope.spawn(move || until_over(call, least))
            });
            all.into_iter().try_for_each(|it| it.join().unwrap())
        })
    })
}

/// Which call fails for a node that says lines, and how.
const FAILURES: [(&str, &str); 4] = [
    ("fdatasync:error=EIO:when=2", "I/O error"),
    ("pwrite64:error=EIO:when=2", "I/O error"),
    ("pwrite64:error=ENOSPC:when=2", "no space left on device"),
    ("fdatasync:error=ENOSPC:when=2", "no space left on device"),
];

#[test]
fn a_disk_that_fails_is_told_and_asked_no_more() -> Outcome {
    on_every("ledger", |step| {
        for (inject, why) in FAILURES {
            let (scratch, there) = (Scratch::new().unwrap(), peer()?);
            let name = there.address().to_string();
            let data = scratch.path().to_str().unwrap();
            let flags = ["--data", data, "--peer", &name];
            start(step, &flags[..2])?.end_by(libc::SIGINT)?;
            let node = injected(step, inject, &flags);
            let Some(node) = node else { return Ok(()) };
            let node = node.stdin(Stdio::piped()).start()?;
            let mut fake = Fake::open(&node, there.accept_one(&node)?, 1, 1)?;
            node.type_in(b"first\n")?;
            let first = hear(&mut fake, 1).remove(0);
            node.type_in(b"second\nthird\n")?;
            let note = format!("failed: {why}: nothing is said or kept now");
            node.expect_note(&note)?;
            assert_eq!(post(&node, "fourth")?, 503, "{inject}");
            // Others are served: what was said before is still there.
            let get = Get::new(first.author(), 0).encode();
            fake.send(Kind::Get, &get)?;
            assert_eq!(hear(&mut fake, 1), [first], "{inject}");
            proc::kill(proc::newest(node.pid()), libc::SIGINT);
            let ended = node.expect_exit(1)?;
            let notes = String::from_utf8_lossy(&ended.stderr).into_owned();
            assert_eq!(notes.matches(&note).count(), 1, "{notes}");
            let calls: String = traces(&node).collect();
            let count = calls.matches("fdatasync(").count();
            assert!(count <= 2, "{inject}: {calls}");
            let log = command(step, &["log", data], 0)?;
            assert!(log.contains("#0: first\n"), "{log}");
        }
        // Before there is anything.
        let scratch = Scratch::new().unwrap();
        let flags = ["--data", scratch.path().to_str().unwrap()];
        let full = "fallocate:error=ENOSPC:when=1";
        let Some(node) = injected(step, full, &flags) else { return Ok(()) };
        let line = node.spawn()?.expect_complaint(1)?;
        assert!(line.ends_with("no space left on device"), "{line}");
        Ok(())
    })
}

/// What has been cut off, or changed, is told; nothing is made up for it.
#[test]
fn half_a_block_and_a_damaged_one() -> Outcome {
    on_every("ledger", |step| {
        let (scratch, there) = (Scratch::new().unwrap(), peer()?);
        let name = there.address().to_string();
        let data = scratch.path().to_str().unwrap();
        let flags = ["--data", data, "--peer", &name];
        let node = start(step, &flags)?;
        let mut fake = Fake::open(&node, there.accept_one(&node)?, 1, 1)?;
        node.type_in(b"one\ntwo\nthree\n")?;
        let said = hear(&mut fake, 3);
        end(&node, vec![fake])?;
        let segment = scratch.path().join("seg-000001.blk");
        let whole = fs::read(&segment).unwrap();
        let dump = command(step, &["dump", data], 0)?;
        assert_eq!(named(&dump), whole.len(), "{dump}");
        let file = OpenOptions::new().write(true).open(&segment).unwrap();
        // The last one was being written.
        let last = whole.iter().rposition(|byte| *byte != 0).unwrap();
        file.write_all_at(&[whole[last] ^ 1], last as u64).unwrap();
        let log = || command(step, &["log", data], 0);
        assert_eq!(log()?.lines().count(), 2);
        command(step, &["fsck", data], 0)?;
        file.write_all_at(&whole, 0).unwrap();
        // The first one is damaged: peers have it.
        file.write_all_at(&[whole[100] ^ 1], 100).unwrap();
        assert_eq!(log()?.lines().count(), 2);
        let found = command(step, &["fsck", data], 1)?;
        assert!(found.contains(": #0 is missing\n"), "{found}");
        let node = start(step, &flags)?;
        node.expect_note("seg-000001.blk is damaged from 64 to ")?;
        node.type_in(b"four\n")?;
        let client = there.accept_one(&node)?;
        let mut fake = Fake::new(client);
        fake.greet(1, 2, 0)?;
        fake.expect(Kind::Pong, &[1; 8])?;
        // It has asked for the first, and is told that it is not here: there
        // are others of its own behind that one. It is asked once more.
        node.expect_idle()?;
        fake.send(Kind::Block, said[0].bytes())?;
        drop(fake);
        let mut fake = Fake::open(&node, there.accept_one(&node)?, 1, 3)?;
        if step.does("gossip") {
            // It need not wait for another link to speak.
            expect_printed(&node, &["four"])?;
            let get = Get { author: said[0].author(), from: 3, count: 1 };
            fake.send(Kind::Get, &get.encode())?;
        }
        let four = hear(&mut fake, 1).remove(0);
        assert_eq!((four.seq(), four.previous()), (3, said[2].id()));
        end(&node, vec![fake])?;
        assert_eq!(log()?.lines().count(), 4);
        let found = command(step, &["fsck", data], 1)?;
        assert!(!found.contains("missing"), "{found}");
        // A clean copy.
        let other = scratch.path().join("other");
        let (other, all) =
            (other.to_str().unwrap(), scratch.path().join("all"));
        let all = all.to_str().unwrap();
        command(step, &["export", data, all], 0)?;
        let taken = command(step, &["import", other, all], 0)?;
        assert_eq!(taken, "new: 4\n");
        command(step, &["fsck", other], 0)?;
        let taken = command(step, &["import", other, all], 0)?;
        assert_eq!(taken, "known: 4\n");
        Ok(())
    })
}

/// How many bytes a dump has named: each once, one after the other.
fn named(dump: &str) -> usize {
    let mut end = 0;
    for line in dump.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |place: usize| {
            words.get(place)?.trim_end_matches(':').parse::<usize>().ok()
        };
        let (from, to) = match (number(0), number(1), number(2)) {
            (Some(from), None, Some(to)) if words[1] == "to" => (from, to),
            (Some(from), Some(length), _) => (from, from + length),
            _ => continue,
        };
        assert_eq!(from, end, "{line}");
        end = to;
    }
    end
}
