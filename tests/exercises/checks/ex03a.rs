//! 03a A pipe with two ends: two directions, and the end of each.

use std::net::Ipv4Addr;

use super::expect::end_in_turn;
use super::prelude::*;
use crate::lab::Peer;
use crate::lab::fixtures::own_address;

const CARRIES: &str = "carries what the left side says to the right";
const FIRST: &str = "lets the right side speak first";
const HALF: &str = "passes the end of one direction on, and no more";

pub const CHECKS: &[Check] = checks![
    CARRIES, 1, needs [], Passes, read "The handshake from the client", carries;
    FIRST, 1, needs [CARRIES], Fails, read "Two things to wait for",
        speaks_first;
    "carries one way while the other is stuck", 3, needs [FIRST], Waits,
        read "Two things to wait for", stuck;
    HALF, 2, needs [CARRIES], Fails, read "shutdown(2)", half_close;
    "ends with status 0 when both sides have ended", 1, needs [HALF], Waits,
        read "shutdown(2)", ends;
    "says which address refuses", 1, needs [], Passes, read "connect(2)",
        refused;
];

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
    // The right side reads nothing yet, and speaks. (What acknowledges its
    // bytes lets the kernel take some more of the other way's.)
    let bytes = letters(1 << 20);
    for _ in 0..8 {
        right.send(&bytes).and_then(|()| left.expect(&bytes)).likely(
            "the way from right to left is free, but nobody carries there \
             while it is stuck in write on the other way",
        )?;
    }
    let (received, _) = right.receive(sent)?;
    ensure(received.len() == sent, || {
        let got = format!("{} of them", received.len());
        right.failed(format!("all {sent} bytes"), got)
    })
}

fn half_close(lab: &Lab) -> Outcome {
    let (_program, mut left, mut right) = between(lab)?;
    end_in_turn(&mut left, &mut right)?;
    let (_program, mut left, mut right) = between(lab)?;
    end_in_turn(&mut right, &mut left)
}

fn ends(lab: &Lab) -> Outcome {
    let (program, mut left, mut right) = between(lab)?;
    left.finish()?;
    right.finish()?;
    program.expect_exit(0)?;
    Ok(())
}

fn refused(lab: &Lab) -> Outcome {
    let peer = Peer::open((Ipv4Addr::LOCALHOST, 0))?;
    let nobody = own_address().to_string();
    let here = peer.address().to_string();
    let program = lab.launch(&[&here, &nobody]).spawn()?;
    exits_naming(&program, 1, &[&nobody])
}
