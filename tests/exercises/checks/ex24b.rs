//! 24b Back off: each wait has a limit, which doubles, and is drawn below it.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::prelude::*;
use crate::lab::{Peer, fixtures::own_address};

const DIALS: &str = "dials again, and waits before that as it says";
const DOUBLES: &str = "doubles the limit of its waits, up to the cap";

pub const CHECKS: &[Check] = checks![
    DIALS, 2, needs [], Passes, read "Not all at the same time", dials;
    DOUBLES, 4, needs [DIALS], Fails, read "Not all at the same time", doubles;
    "draws each wait below its limit", 4, needs [DOUBLES], Waits,
        read "Not all at the same time", draws;
    "begins anew when a connection has lasted, and only then", 4,
        needs [DIALS], Fails, read "Not all at the same time", lasts;
    "dials at once when a line is typed, and begins anew", 3, needs [DIALS],
        Fails, read "Not all at the same time", hurries;
];

const HOUR: u64 = 3_600_000;

fn launch(lab: &Lab, address: SocketAddr, times: [u64; 3]) -> Launch {
    let address = address.to_string();
    let [base, cap, steady] = times.map(|ms| ms.to_string());
    let times = ["--base", &base, "--cap", &cap, "--steady", &steady];
    lab.launch(&[&address]).with(&times)
}

/// The first waits that it tells behind `line`, once there are so many.
fn waits(program: &Program, line: &str, count: usize) -> Outcome<Vec<u64>> {
    let wait = |line: &str| {
        line.strip_prefix("retry in ")?.strip_suffix(" ms")?.parse().ok()
    };
    let what = format!("{count} times `retry in N ms`");
    program.await_stdout(&what, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let lines = text.split_once(line)?.1.lines();
        let waits: Vec<u64> = lines.filter_map(wait).take(count).collect();
        (waits.len() == count).then_some(waits)
    })
}

/// Waits of which one at least is above `most`, or not.
fn above(program: &Program, waits: &[u64], most: u64, is: bool) -> Outcome {
    ensure(waits.iter().any(|wait| *wait > most) == is, || {
        let expected = if is { "one of these is" } else { "none of these is" };
        let expected = format!("{expected} above {most} ms");
        program.failed(expected, format!("{waits:?}"))
    })
}

fn dials(lab: &Lab) -> Outcome {
    let peer = Peer::open(([127, 0, 0, 1], 0))?;
    let program = launch(lab, peer.address(), [50, 50, HOUR]).spawn()?;
    let mut client = peer.accept_one(&program)?;
    for count in 1..=5 {
        let since = Instant::now();
        client.close();
        let wait = waits(&program, "", count)?[count - 1];
        client = peer.accept_one(&program)?;
        ensure(since.elapsed() >= Duration::from_millis(wait), || {
            let got = format!("sooner, after {:?}", since.elapsed());
            program.failed(format!("it dials again {wait} ms later"), got)
        })?;
    }
    Ok(())
}

fn doubles(lab: &Lab) -> Outcome {
    let program = launch(lab, own_address(), [1, 32, HOUR]).spawn()?;
    let mut all = Vec::new();
    for doublings in 0..70 {
        all = waits(&program, "", doublings + 1)?;
        above(&program, &all[doublings..], 1 << doublings.min(5), false)
            .likely("1, 2, 4 … and 32: no wait is longer than its limit")?;
    }
    above(&program, &all, 16, true).likely("each limit is twice the last")
}

fn draws(lab: &Lab) -> Outcome {
    let launch = || launch(lab, own_address(), [1, 32, HOUR]);
    let (one, other) = (launch().spawn()?, launch().spawn()?);
    let all = waits(&one, "", 70)?;
    let short = all[6..].iter().any(|wait| *wait < 16);
    ensure(short, || one.failed("some below 16 ms", format!("{all:?}")))
        .likely("none is at hand sooner: draw from 0 up to the limit")?;
    let differ = waits(&other, "", 70)? != all;
    ensure(differ, || other.failed("waits of its own", "those of another"))
}

fn lasts(lab: &Lab) -> Outcome {
    let peer = Peer::open(([127, 0, 0, 1], 0))?;
    let program = launch(lab, peer.address(), [1, 16, HOUR]).spawn()?;
    for _ in 0..30 {
        peer.accept_silently(&program)?.close();
    }
    above(&program, &waits(&program, "", 30)?, 1, true)
        .likely("a connection that ends at once is one more failure")?;
    let address = own_address();
    let program = launch(lab, address, [1, 1024, 20]).spawn()?;
    waits(&program, "", 11)?;
    let peer = Peer::open(address)?;
    for _ in 0..3 {
        let client = peer.accept_one(&program)?;
        await_sleep(&program)?;
        std::thread::sleep(Duration::from_millis(20));
        client.close();
    }
    above(&program, &waits(&program, "connected\n", 3)?, 1, false)
        .likely("after a connection of 20 ms the limit is the base again")
}

fn hurries(lab: &Lab) -> Outcome {
    let launch = launch(lab, own_address(), [HOUR / 4, HOUR, HOUR]);
    let program = launch.stdin(Stdio::piped()).spawn()?;
    for count in 1..=12 {
        let waits = waits(&program, "", count)
            .likely("who types a line will not wait for an hour")?;
        above(&program, &waits, HOUR / 4, false)
            .likely("now the limit is the base again")?;
        program.type_in(b"\n")?;
    }
    Ok(())
}
