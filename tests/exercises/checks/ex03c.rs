//! 03c Not for ever: connecting with a limit.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::expect::calls;
use super::prelude::*;
use crate::lab::fixtures::own_address;
use crate::lab::{BlackHole, Peer};

const CONNECTS: &str = "connects to an address that accepts";
const LIMIT: &str = "gives up after the limit, and not before";

pub const CHECKS: &[Check] = checks![
    CONNECTS, 1, needs [], Passes, read "The handshake from the client",
        connects;
    LIMIT, 3, needs [CONNECTS], Fails, read "The handshake from the client",
        |lab| reaches_behind(lab, 1, "").likely(
            "a non-blocking connect returns EINPROGRESS; poll then waits as \
             long as you say",
        );
    "gives each address the whole limit", 1, needs [LIMIT], Waits,
        read "The handshake from the client",
        |lab| reaches_behind(lab, 2, "").expecting(
            "the third address after twice the limit: each address has a \
             limit of its own",
        );
    "takes a refusal that comes late for a refusal", 2, needs [LIMIT], Waits,
        read "connect(2)", refused;
    "keeps the limit when signals arrive", 2, needs [LIMIT], Waits,
        read "The handshake from the client",
        |lab| reaches_behind(lab, 1, "alarm=1").likely(
            "after EINTR only what is left of the limit may be waited for: \
             keep the time at which it ends",
        );
    "hands over a socket that waits again", 1, needs [CONNECTS], Passes,
        read "connect(2)", blocking;
];

/// A limit in milliseconds: short, for those who wait for it.
const SHORT: u64 = 300;

/// The program, to be started with a limit for each of these addresses.
fn launch(lab: &Lab, limit: u64, addresses: &[SocketAddr]) -> Launch {
    let mut args = vec![limit.to_string()];
    args.extend(addresses.iter().map(ToString::to_string));
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    lab.launch(&args)
}

fn good() -> Outcome<Peer> {
    Peer::open(([127, 0, 0, 1], 0))
}

fn hole() -> Outcome<BlackHole> {
    BlackHole::open(own_address().ip())
}

fn connects(lab: &Lab) -> Outcome {
    let (nobody, peer) = (own_address(), good()?);
    let program = launch(lab, 2000, &[nobody, peer.address()]).spawn()?;
    calls(&program, &peer).map(drop)
}

/// It reaches the peer behind so many silent addresses, after each one's
/// limit and not before.
fn reaches_behind(lab: &Lab, silent: u32, shim: &str) -> Outcome {
    let holes: Vec<BlackHole> =
        (0..silent).map(|_| hole()).collect::<Outcome<_>>()?;
    let peer = good()?;
    let mut addresses: Vec<SocketAddr> =
        holes.iter().map(BlackHole::address).collect();
    addresses.push(peer.address());
    let launch = launch(lab, SHORT, &addresses);
    let launch = if shim.is_empty() { launch } else { launch.shim(shim) };
    let start = Instant::now();
    let program = launch.spawn()?;
    let passed = calls(&program, &peer)?.duration_since(start);
    let earliest = Duration::from_millis(SHORT) * silent;
    ensure(passed >= earliest, || {
        let earliest = earliest.as_millis();
        let expected = format!("it comes here after {earliest} ms, not before");
        let got = format!("it came after {} ms", passed.as_millis());
        program.failed(expected, got)
    })
    .likely("it gave up too early")
}

fn refused(lab: &Lab) -> Outcome {
    let (hole, peer) = (hole()?, good()?);
    let silent = hole.address();
    let program = launch(lab, 20_000, &[silent, peer.address()]).spawn()?;
    let what = format!("calls {silent}, which does not accept");
    program.eventually(&what, || {
        let rows = proc::own_rows(program.pid());
        let calling = |row: &proc::Row| {
            row.remote == silent && row.state == proc::SYN_SENT
        };
        rows.iter().any(calling).then_some(())
    })?;
    // The next time that the kernel knocks, nobody lives there.
    drop(hole);
    lab.log().event(format!("{silent} begins to refuse"));
    let guess = "poll says that it is decided, not how: SO_ERROR knows";
    calls(&program, &peer).likely(guess)?;
    exits_naming(&program, 0, &[&silent.to_string(), "refused"]).likely(guess)
}

fn blocking(lab: &Lab) -> Outcome {
    let guess = "who gets the socket expects that read waits: take \
                 O_NONBLOCK away again";
    let peer = good()?;
    let program = launch(lab, 2000, &[peer.address()]).spawn()?;
    let client = peer.accept_one(&program)?;
    program.expect_line(&format!("connected to {}", peer.address()))?;
    let flags = proc::socket_flags(program.pid());
    ensure(flags.iter().all(|flags| flags & libc::O_NONBLOCK == 0), || {
        let expected = "a socket without O_NONBLOCK in /proc/PID/fdinfo";
        program.failed(expected, "one with it")
    })
    .likely(guess)?;
    client.close();
    program.expect_exit(0).likely(guess)?;
    Ok(())
}
