//! 22a Enough is enough: limits of requests, and of clients.

use std::time::{Duration, Instant};

use super::http::{expect, refused};
use super::prelude::*;

const SERVES: &str = "counts the bytes of a body";
const SECOND: Duration = Duration::from_secs(1);

pub const CHECKS: &[Check] = checks![
    SERVES, 1, needs [], Passes, read "Enough for each",
        |lab| again(|| talk(&mut lab.server()?.connect()?));
    "refuses what is longer than that, and is heard", 5, needs [SERVES], Fails,
        read "Enough for each", refuses;
    "gives a head one second", 3, needs [SERVES], Fails,
        read "Enough for each", late;
    "serves a hundred at a time", 4, needs [SERVES], Fails,
        read "Enough for each", hundred;
    TIDY, 1, needs [SERVES], Passes, read "Enough for each",
        |lab| again(|| tidy::check(lab, &lab.server()?, talk));
];

/// A request with a target, a head and a body of so many bytes.
fn request(target: usize, head: usize, body: usize) -> String {
    let start = format!(
        "POST /{} HTTP/1.1\r\nHost: a\r\nContent-Length: {body}\r\nPad: ",
        "t".repeat(target - 1)
    );
    let pad = "p".repeat(head - start.len() - 4);
    format!("{start}{pad}\r\n\r\n{}", "b".repeat(body))
}

fn talk(client: &mut Client) -> Outcome {
    client.send(request(9, 100, 65_536).as_bytes())?;
    expect(client, b"65536 bytes\n").map(drop)
}

/// What has which status, even if the rest of it does not come.
fn refuses(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    for (status, request) in [
        (200, &*request(4096, 5000, 0)),
        (200, &request(9, 8192, 0)),
        (414, &request(4097, 5000, 0)[..4102]),
        (431, &request(9, 20_000, 0)[..8193]),
        (413, &request(9, 100, 65_537)[..100]),
    ] {
        let send = || {
            let mut client = program.connect()?;
            client.send(request.as_bytes())?;
            refused(&mut client, &[status])
                .likely("longer than that is too long, whatever is to come")?;
            Ok(client)
        };
        again(|| linger::check(send)).likely(UNREAD)?;
    }
    Ok(())
}

fn late(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let (since, patience) = (Instant::now(), program.deadline());
    let (mut last, mut gap) = (since, Duration::ZERO);
    let mut client = program.connect()?;
    while !client.is_readable()? {
        ensure(!patience.is_over(), || client.failed("408", "nothing"))
            .likely("the second is for all of it, and not for each read")?;
        gap = gap.max(last.elapsed());
        last = Instant::now();
        client.drip();
    }
    gap = gap.max(last.elapsed());
    refused(&mut client, &[408])?;
    let sooner = || client.failed("408 after a second", "sooner");
    ensure(since.elapsed() >= SECOND, sooner)?;
    // If this machine has kept a byte for a second, that proves nothing.
    if gap < SECOND { Ok(()) } else { late(lab) }
}

/// On a busy machine a head may be too late for its second: then once more.
fn again(mut attempt: impl FnMut() -> Outcome) -> Outcome {
    (0..4).find_map(|_| attempt().ok()).map_or_else(attempt, Ok)
}

/// A hundred clients at the same time, who still have to send a body.
fn crowd(program: &Program) -> Outcome<Vec<Client>> {
    let head = &request(9, 100, 1)[..100];
    let mut clients: Vec<Client> = Vec::new();
    again(|| {
        clients.clear();
        await_sleep(program)?;
        for _ in 0..100 {
            let mut client = program.connect()?;
            client.send(head.as_bytes())?;
            clients.push(client);
        }
        await_sleep(program)?;
        ensure(!clients.iter().any(Client::has_something), || {
            program.failed("all hundred are served", "some are refused")
        })
    })
    .likely("who goes gives the place back, however they go")?;
    Ok(clients)
}

fn hundred(lab: &Lab) -> Outcome {
    let program = lab.server()?;
    let clients = crowd(&program)?;
    let mut other = program.connect()?;
    let response = refused(&mut other, &[503])?;
    let has_field = response.field("Retry-After").is_some();
    ensure(has_field, || other.failed("Retry-After", response.head()))?;
    drop((clients, other));
    (0..1000).try_for_each(|_| program.connect()?.reset())?;
    crowd(&program)?;
    let peak = proc::peak_memory(program.pid());
    ensure(peak.is_none_or(|peak| peak < 16 << 10), || {
        program.failed("never more than 16 MiB", format!("{peak:?} kB"))
    })
}
