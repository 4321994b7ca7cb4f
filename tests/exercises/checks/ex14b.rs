//! 14b The middleman: two connections, two directions, two ends.

use std::net::Ipv4Addr;
use std::thread;

use super::ex14a::swap;
use super::expect::end_in_turn;
use super::prelude::*;
use crate::lab::client::End;
use crate::lab::peer::{BlackHole, Peer};

const CARRIES: &str = "carries bytes both ways";
const HALF: &str = "passes the end of one direction on, and no more";
const BOTH: &str = "carries 16 MB each way, and both ways at the same time";

pub const CHECKS: &[Check] = checks![
    CARRIES, 1, needs [], Passes, read "The system calls", carries;
    HALF, 2, needs [CARRIES], Fails, read "Closing is removing", half_close;
    BOTH, 3, needs [CARRIES], Fails, read "Asking for one thing at a time",
        both;
    "neither grows nor spins while one side does not read, or has gone", 4,
        needs [HALF, BOTH], Waits, read "Asking for one thing at a time",
        sleeps;
    "serves others while it connects, and when it is refused", 3,
        needs [CARRIES], Fails, read "Asking for one thing at a time",
        connects;
    TIDY, 1, needs [HALF], Waits, read "Closing is removing", leaves_nothing;
];

/// The program, and the server to which it connects.
fn proxy(lab: &Lab) -> Outcome<(Program, Peer)> {
    let peer = Peer::open((Ipv4Addr::LOCALHOST, 0))?;
    let to = peer.address().to_string();
    Ok((lab.server_with(&["--to", &to])?, peer))
}

/// A client, and the server's end of its other connection.
fn pair(program: &Program, peer: &Peer) -> Outcome<(Client, Client)> {
    let near = program.connect()?;
    let far = peer.accept(program.lab(), program, "far")?;
    Ok((near, far))
}

fn talk(near: &mut Client, far: &mut Client) -> Outcome {
    near.send(b"How do you do?\n")?;
    far.expect(b"How do you do?\n")?;
    far.send(b"Well.\n")?;
    near.expect(b"Well.\n").likely("a pair has two ways")
}

fn carries(lab: &Lab) -> Outcome {
    let (program, peer) = proxy(lab)?;
    let (mut near, mut far) = pair(&program, &peer)?;
    talk(&mut near, &mut far)
}

fn half_close(lab: &Lab) -> Outcome {
    let (program, peer) = proxy(lab)?;
    let (mut near, mut far) = pair(&program, &peer)?;
    end_in_turn(&mut near, &mut far)?;
    let (mut near, mut far) = pair(&program, &peer)?;
    end_in_turn(&mut far, &mut near)
}

const TAKE: &str = "write takes a part, or nothing (EAGAIN): keep the rest, \
                    and wait for EPOLLOUT on the side for it";

fn one_way(from: &mut Client, to: &mut Client, bytes: &[u8]) -> Outcome {
    // At first nobody reads. (If neither side did, the two kernels would
    // ignore each other for seconds.)
    let rest = &bytes[from.pour(bytes)?..];
    thread::scope(|scope| {
        scope.spawn(|| from.send(rest));
        swap(to, b"", bytes).likely(TAKE)
    })
}

fn both(lab: &Lab) -> Outcome {
    let (program, peer) = proxy(lab)?;
    let (mut near, mut far) = pair(&program, &peer)?;
    // More than fits into the buffers of four sockets.
    let bytes = letters(16 << 20);
    one_way(&mut near, &mut far, &bytes)?;
    one_way(&mut far, &mut near, &bytes)?;
    let some = &bytes[..4 << 20];
    thread::scope(|scope| {
        let other = scope.spawn(|| swap(&mut far, some, some));
        swap(&mut near, some, some)
            .and_then(|()| other.join().unwrap_or(Ok(())))
            .likely(TAKE)
    })
}

/// One pair whose far side does not read, one that is served, and one whose
/// near side goes.
fn sleeps(lab: &Lab) -> Outcome {
    let (program, peer) = proxy(lab)?;
    let mut stuck = pair(&program, &peer)?;
    stuck.0.flood(&letters(64 * 1024))?;
    let (mut near, mut far) = pair(&program, &peer)?;
    talk(&mut near, &mut far)?;
    cost::expect_memory(&program, 8 * 1024)?;
    program.expect_idle().likely(
        "its buffer is full: do not ask for EPOLLIN until there is room",
    )?;
    near.finish()?;
    far.expect_eof()?;
    // Nothing can be received from it, and there is nothing to send to it.
    let rows = || proc::own_rows(program.pid()).len();
    let before = rows();
    near.reset()?;
    program.eventually("is reset", || (rows() < before).then_some(()))?;
    program.expect_idle().likely(
        "a reset is told of every socket in the list, whatever one asks \
         for: take it out while there is nothing to ask for",
    )
}

fn connects(lab: &Lab) -> Outcome {
    let (program, peer) = proxy(lab)?;
    let (mut near, mut far) = pair(&program, &peer)?;
    // From now on it takes minutes to connect to the other side.
    let hole = BlackHole::of(peer)?;
    let mut waiting = program.connect()?;
    waiting.send(b"hello\n")?;
    program.expect_idle()?;
    talk(&mut near, &mut far).likely(
        "connect on a socket with SOCK_NONBLOCK says EINPROGRESS; EPOLLOUT \
         tells when that is over",
    )?;
    // And from now on it is refused.
    drop(hole);
    let (_, end) = program.connect()?.receive(1)?;
    ensure(matches!(end, End::Eof | End::Reset), || {
        program.failed("the client's connection is closed", end.words())
    })
    .likely("SO_ERROR says whether the connection has come about")?;
    talk(&mut near, &mut far)
        .likely("the end of one pair is not the end of the others")
}

fn leaves_nothing(lab: &Lab) -> Outcome {
    let (program, peer) = proxy(lab)?;
    tidy::check(lab, &program, |near| {
        let mut far = peer.accept(lab, &program, "far")?;
        talk(near, &mut far)?;
        near.finish()?;
        far.expect_eof()
    })
}
