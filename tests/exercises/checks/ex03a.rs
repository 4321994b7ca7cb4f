//! 03a A pipe with two ends: two directions, and the end of each.

use std::net::Ipv4Addr;

use super::{Answer, Check, Starter, Table, Verdict};
use crate::lab::client::Client;
use crate::lab::place::{letters, own_address};
use crate::lab::program::Program;
use crate::lab::{Advice, Lab, Outcome, Peer};

const CARRIES: &str = "carries what the left side says to the right";
const FIRST: &str = "lets the right side speak first";
const STUCK: &str = "carries one way while the other is stuck";
const HALF: &str = "passes the end of one direction on, and no more";
const ENDS: &str = "ends with status 0 when both sides have ended";
const REFUSED: &str = "says which address refuses";

pub const TABLE: Table = Table {
    id: "03a",
    checks: &[
        Check {
            name: CARRIES,
            points: 1,
            needs: &[],
            read: "The call to the other side",
            starter: Starter::Passes,
            run: carries,
        },
        Check {
            name: FIRST,
            points: 1,
            needs: &[CARRIES],
            read: "Two things to wait for",
            starter: Starter::Fails,
            run: speaks_first,
        },
        Check {
            name: STUCK,
            points: 3,
            needs: &[FIRST],
            read: "Two things to wait for",
            starter: Starter::Waits,
            run: stuck,
        },
        Check {
            name: HALF,
            points: 2,
            needs: &[CARRIES],
            read: "shutdown(2)",
            starter: Starter::Fails,
            run: half_close,
        },
        Check {
            name: ENDS,
            points: 1,
            needs: &[HALF],
            read: "shutdown(2)",
            starter: Starter::Waits,
            run: ends,
        },
        Check {
            name: REFUSED,
            points: 1,
            needs: &[],
            read: "connect(2)",
            starter: Starter::Passes,
            run: refused,
        },
    ],
    answers: &[
        Answer {
            name: "believes that bytes are text",
            find: "stream::write_all(to, &buffer[..count])?;",
            replace: "stream::write_all(to, String::from_utf8_lossy(\
                &buffer[..count]).as_bytes())?;",
            verdict: Verdict::Fails(CARRIES, "first difference"),
        },
        Answer {
            name: "one direction after the other",
            find: "let back = carry(right, left);\n        let there = \
                there.join().unwrap_or(Err(Errno::EIO));",
            replace: "let there = there.join().unwrap_or(Err(Errno::EIO));\n\
                let back = carry(right, left);",
            verdict: Verdict::Fails(FIRST, "both sides wait for each other"),
        },
        Answer {
            name: "takes turns",
            find: "    thread::scope(|scope| {",
            replace: "    let mut buffer = [0; 16 * 1024];
    for fd in [left, right] {
        let time = nix::sys::time::TimeVal::new(0, 1000);
        socket::setsockopt(fd, socket::sockopt::ReceiveTimeout, &time)?;
    }
    while std::env::args().count() == 3 {
        for (from, to) in [(left, right), (right, left)] {
            match stream::read(from, &mut buffer) {
                Ok(0) => {
                    socket::shutdown(to.as_raw_fd(), Shutdown::Write)?;
                }
                Ok(count) => stream::write_all(to, &buffer[..count])?,
                Err(_) => {}
            }
        }
    }
    thread::scope(|scope| {",
            verdict: Verdict::Fails(STUCK, "while it is stuck in write"),
        },
        Answer {
            name: "no half-close",
            find: "match socket::shutdown(to.as_raw_fd(), Shutdown::Write) {",
            replace: "match Ok(()) {",
            verdict: Verdict::Fails(HALF, "shutdown"),
        },
        Answer {
            name: "closes both directions at the first end",
            find: "Shutdown::Write)",
            replace: "Shutdown::Both)",
            verdict: Verdict::Fails(HALF, "one direction"),
        },
        Answer {
            name: "ends with the first direction",
            find: "        let there = there.join().unwrap_or(Err(Errno::EIO));",
            replace: "        if back.is_ok() { std::process::exit(0) }\n        \
                let there = there.join().unwrap_or(Err(Errno::EIO));",
            verdict: Verdict::Fails(HALF, "one direction"),
        },
        Answer {
            name: "takes the end for a failure",
            find: "        there.and(back)",
            replace: "        there.and(back).and(Err(Errno::EPIPE))",
            verdict: Verdict::Fails(ENDS, "exit status 1"),
        },
        Answer {
            name: "keeps the address to itself",
            find: "format!(\"cannot connect to {address}: {errno}\")",
            replace: "format!(\"cannot connect: {errno}\")",
            verdict: Verdict::Fails(REFUSED, "names"),
        },
        Answer {
            name: "a small buffer",
            find: "[0; 16 * 1024]",
            replace: "[0; 1000]",
            verdict: Verdict::AlsoRight,
        },
    ],
};

/// The program between two servers of ours.
fn between(lab: &Lab) -> Outcome<(Program, Client, Client)> {
    let left = Peer::open((Ipv4Addr::LOCALHOST, 0))?;
    let right = Peer::open((Ipv4Addr::LOCALHOST, 0))?;
    let args = [left.address(), right.address()].map(|a| a.to_string());
    let program = lab.launch(&[&args[0], &args[1]]).spawn()?;
    let left = left.accept(lab, &program, "left")?;
    let right = right.accept(lab, &program, "right")?;
    Ok((program, left, right))
}

fn carries(lab: &Lab) -> Outcome {
    let (_program, mut left, mut right) = between(lab)?;
    let bytes: Vec<u8> = (0..=255).collect();
    left.send(&bytes)?;
    right.expect(&bytes).likely("bytes are not text")?;
    left.send(b"and more")?;
    right.expect(b"and more")
}

fn speaks_first(lab: &Lab) -> Outcome {
    let (_program, mut left, mut right) = between(lab)?;
    right.send(b"good morning")?;
    left.expect(b"good morning").likely(
        "the program waits for the left side, and the right side speaks",
    )?;
    left.send(b"good evening")?;
    right.expect(b"good evening")
}

fn stuck(lab: &Lab) -> Outcome {
    let (_program, mut left, mut right) = between(lab)?;
    let sent = left.flood(&letters(64 * 1024))?;
    // The right side reads nothing yet, and speaks.
    let bytes = letters(1 << 20);
    right.send(&bytes).and_then(|()| left.expect(&bytes)).likely(
        "the way from right to left is free, but nobody carries there while \
         it is stuck in write on the other way",
    )?;
    let (received, _) = right.receive(sent)?;
    if received.len() == sent {
        return Ok(());
    }
    let got = format!("{} of them", received.len());
    Err(right.failed(format!("all {sent} bytes"), got))
}

fn half_close(lab: &Lab) -> Outcome {
    for turn in 0..2 {
        let (_program, left, right) = between(lab)?;
        let (mut one, mut other) =
            if turn == 0 { (left, right) } else { (right, left) };
        let bytes = letters(100_000);
        one.send(&bytes)?;
        one.finish()?;
        other.expect(&bytes)?;
        other
            .expect_eof()
            .likely("the end of the stream must be passed on with shutdown")?;
        // One side has said all; the other has just begun.
        let guess = "the end of one direction is not the end of the other";
        other.send(b"an answer").likely(guess)?;
        one.expect(b"an answer").likely(guess)?;
        other.finish().likely(guess)?;
        one.expect_eof().likely(guess)?;
    }
    Ok(())
}

fn ends(lab: &Lab) -> Outcome {
    let (program, mut left, mut right) = between(lab)?;
    left.finish()?;
    right.finish()?;
    program.expect_exit(0)?;
    Ok(())
}

fn refused(lab: &Lab) -> Outcome {
    let door = Peer::open((Ipv4Addr::LOCALHOST, 0))?;
    let nobody = own_address()?.to_string();
    let here = door.address().to_string();
    let program = lab.launch(&[&here, &nobody]).spawn()?;
    let ended = program.expect_exit(1)?;
    let stderr = String::from_utf8_lossy(&ended.stderr).into_owned();
    if stderr.contains(&nobody) {
        return Ok(());
    }
    let expected = format!("a line on stderr that names {nobody}");
    Err(program.failed(expected, format!("{stderr:?}")))
}
