//! 03c Not for ever: connecting with a limit.

use std::time::{Duration, Instant};

use super::Check;
use crate::lab::fixtures::own_address;
use crate::lab::program::Program;
use crate::lab::{Advice, BlackHole, Lab, Outcome, Peer, proc, show, time};

const CONNECTS: &str = "connects to an address that accepts";
const LIMIT: &str = "gives up after the limit, and not before";
const EACH: &str = "gives each address the whole limit";
const REFUSED: &str = "takes a refusal that comes late for a refusal";
const SIGNALS: &str = "keeps the limit when signals arrive";
const BLOCKING: &str = "hands over a socket that waits again";

pub const CHECKS: &[Check] = checks![
    CONNECTS, 1, needs [], Passes, read "The handshake from the client",
        connects;
    LIMIT, 3, needs [CONNECTS], Fails, read "The handshake from the client",
        limit;
    EACH, 1, needs [LIMIT], Waits, read "The handshake from the client", each;
    REFUSED, 2, needs [LIMIT], Waits, read "connect(2)", refused;
    SIGNALS, 2, needs [LIMIT], Waits, read "The handshake from the client",
        signals;
    BLOCKING, 1, needs [CONNECTS], Passes, read "connect(2)", blocking;
];

/// A limit in milliseconds: short, for those who wait for it.
const SHORT: u64 = 300;

fn start(
    lab: &Lab,
    limit: u64,
    shim: &str,
    addresses: &[std::net::SocketAddr],
) -> Outcome<(Program, Instant)> {
    let mut args = vec![limit.to_string()];
    args.extend(addresses.iter().map(ToString::to_string));
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let now = Instant::now();
    let launch = lab.launch(&args);
    let launch = if shim.is_empty() { launch } else { launch.shim(shim) };
    Ok((launch.spawn()?, now))
}

/// The program calls at `peer`, not earlier than `earliest` after `start`.
fn reaches(
    lab: &Lab,
    program: &Program,
    peer: &Peer,
    (start, earliest): (Instant, u64),
) -> Outcome {
    let client = peer.accept(lab, program, "server")?;
    let passed = start.elapsed();
    if passed < Duration::from_millis(earliest) {
        let got = format!("it came after {} ms", passed.as_millis());
        let expected = format!("it comes here after {earliest} ms, not before");
        return Err(program.failed(expected, got))
            .likely("it gave up too early");
    }
    program.expect_line(&format!("connected to {}", peer.address()))?;
    client.close();
    program.expect_exit(0)?;
    Ok(())
}

fn good() -> Outcome<Peer> {
    Peer::open(([127, 0, 0, 1], 0))
}

fn hole() -> Outcome<BlackHole> {
    BlackHole::open(own_address()?.ip())
}

fn connects(lab: &Lab) -> Outcome {
    let nobody = own_address()?;
    let peer = good()?;
    let addresses = [nobody, peer.address()];
    let (program, start) = start(lab, 2000, "", &addresses)?;
    reaches(lab, &program, &peer, (start, 0))
}

fn limit(lab: &Lab) -> Outcome {
    let (hole, peer) = (hole()?, good()?);
    let addresses = [hole.address(), peer.address()];
    let (program, start) = start(lab, SHORT, "", &addresses)?;
    let outcome = reaches(lab, &program, &peer, (start, SHORT));
    outcome.likely(
        "a non-blocking connect returns EINPROGRESS; poll then waits as long \
         as you say",
    )
}

fn each(lab: &Lab) -> Outcome {
    let (first, second, peer) = (hole()?, hole()?, good()?);
    let addresses = [first.address(), second.address(), peer.address()];
    let (program, start) = start(lab, SHORT, "", &addresses)?;
    let outcome = reaches(lab, &program, &peer, (start, 2 * SHORT));
    outcome
        .likely("each address has a limit of its own, from its own start")
        .expecting(
            "the third address after twice the limit: each address \
            has a limit of its own",
        )
}

fn refused(lab: &Lab) -> Outcome {
    let (hole, peer) = (hole()?, good()?);
    let silent = hole.address();
    let addresses = [silent, peer.address()];
    let (program, start) = start(lab, 20_000, "", &addresses)?;
    let calls = time::eventually(time::PATIENCE, program.pid(), || {
        let rows = proc::own_rows(program.pid());
        let calling = |row: &proc::Row| {
            row.remote == silent && row.state == proc::SYN_SENT
        };
        rows.iter().any(calling).then_some(())
    });
    if calls.is_none() {
        let expected = format!("it calls {silent}, which does not accept");
        return Err(program.failed(expected, "it does not"));
    }
    // The next time that the kernel knocks, nobody lives there.
    drop(hole);
    lab.log().event(format!("{silent} begins to refuse"));
    let guess = "poll says that it is decided, not how: SO_ERROR knows";
    reaches(lab, &program, &peer, (start, 0)).likely(guess)?;
    let ended = program.expect_exit(0)?;
    let stderr = String::from_utf8_lossy(&ended.stderr).into_owned();
    let mut lines = stderr.lines();
    if lines.any(|line| {
        line.contains(&silent.to_string())
            && line.to_lowercase().contains("refused")
    }) {
        return Ok(());
    }
    let expected = format!("on stderr a line with {silent} and `refused`");
    let got = show::bytes(&ended.stderr);
    Err(program.failed(expected, got)).likely(guess)
}

fn signals(lab: &Lab) -> Outcome {
    let (hole, peer) = (hole()?, good()?);
    let addresses = [hole.address(), peer.address()];
    let (program, start) = start(lab, SHORT, "alarm=1", &addresses)?;
    let outcome = reaches(lab, &program, &peer, (start, SHORT));
    outcome.likely(
        "after EINTR only what is left of the limit may be waited for: keep \
         the time at which it ends",
    )
}

fn blocking(lab: &Lab) -> Outcome {
    let guess = "who gets the socket expects that read waits: take \
                 O_NONBLOCK away again";
    let peer = good()?;
    let (program, _) = start(lab, 2000, "", &[peer.address()])?;
    let client = peer.accept(lab, &program, "server")?;
    program.expect_line(&format!("connected to {}", peer.address()))?;
    let flags = proc::socket_flags(program.pid());
    if flags.iter().any(|flags| flags & libc::O_NONBLOCK != 0) {
        return Err(program.failed(
            "a socket without O_NONBLOCK in /proc/PID/fdinfo",
            "one with it",
        ))
        .likely(guess);
    }
    client.close();
    program.expect_exit(0).likely(guess)?;
    Ok(())
}
