//! Steps whose responses may come late: other threads compute them. Nobody
//! waits for them but those who have asked.

use std::hash::{DefaultHasher, Hasher};
use std::time::Duration;

use crate::files::client::{ask, get, request};
use crate::lab::Outcome;
use crate::lab::client::Client;
use crate::lab::program::Program;
use crate::steps::{KEEPING, Step, on_every, page};

/// A second or less for each in a debug build, and five times as much.
const SLOW: &str = "/api/hash?rounds=2000000";
const SLOWEST: &str = "/api/hash?rounds=10000000";

/// One loop, and one other thread.
fn server(step: &Step, queue: &str) -> Outcome<Program> {
    let flags = ["--threads", "1", "--queue", queue];
    let launch = step.launch(&["127.0.0.1:0"])?.with(&flags);
    launch.with(step.in_one_loop()).start()
}

fn slow(count: usize) -> Vec<u8> {
    request("GET", SLOW, "").repeat(count).into_bytes()
}

/// So many clients, each of which has sent these requests.
fn busy(
    server: &Program,
    count: usize,
    requests: &[u8],
) -> Outcome<Vec<Client>> {
    let mut clients = server.connect_many(count)?;
    for client in &mut clients {
        client.send(requests)?;
        client.wait_until_read()?;
    }
    Ok(clients)
}

/// Waits until it has computed for a moment.
fn await_computing(server: &Program) -> Outcome {
    let before = server.ran();
    server.eventually("computes", || {
        let ran = server.ran() - before;
        (ran > Duration::from_millis(5)).then_some(())
    })
}

/// Slow and fast ones, with a body and without. That a client has ended its
/// direction does not mean that it has gone.
#[test]
fn responses_are_in_order() -> Outcome {
    let mut hasher = DefaultHasher::new();
    hasher.write_u64(0);
    let first = format!("\"hash\": \"{:016x}\"}}\n", hasher.finish());
    on_every("late-responses", |step| {
        let mut client = step.server()?.connect()?;
        let cases = [
            ("GET", SLOW, "{\"rounds\": 2000000, "),
            ("GET", "/api/hash?rounds=1", &first),
            ("HEAD", SLOW, ""),
            ("GET", "/api/", "{\"request\": 4}\n"),
            ("GET", "/api/hash?rounds=0", "\"hash\": \"0000000000000000\"}"),
            ("GET", SLOW, "{\"rounds\": 2000000, "),
            ("GET", "/", "<!doctype html>"),
        ];
        let all = cases.map(|(method, target, _)| request(method, target, ""));
        client.send(all.concat().as_bytes())?;
        client.finish()?;
        for (method, target, text) in cases {
            let response = client.response_to(method)?;
            assert_eq!(response.status, 200, "{target}");
            let body = String::from_utf8(response.body).unwrap();
            assert!(body.contains(text), "{target}: {body}");
            assert_eq!(body.is_empty(), method == "HEAD", "{target}");
        }
        client.expect_eof()
    })
}

#[test]
fn what_cannot_be_computed() -> Outcome {
    const CASES: [(&str, &str, u16); 12] = [
        ("GET", "", 400),
        ("GET", "?", 400),
        ("HEAD", "?rounds=", 400),
        ("GET", "?rounds=x", 400),
        ("GET", "?rounds=-1", 400),
        ("GET", "?rounds=10000001", 400),
        ("GET", "?rounds=99999999999999999999", 400),
        ("GET", "?rounds=1&rounds=1", 400),
        ("GET", "?turns=1", 400),
        ("OPTIONS", "?rounds=1", 200),
        ("POST", "?rounds=1", 405),
        ("DELETE", "", 405),
    ];
    on_every("late-responses", |step| {
        let mut client = step.server()?.connect()?;
        for (method, query, status) in CASES {
            let target = format!("/api/hash{query}");
            let response = ask(&mut client, method, &target)?;
            let is = step.status(method, status);
            assert_eq!(response.status, is, "{method} {target}");
            let allow = (status != 400).then_some("GET, HEAD, OPTIONS");
            assert_eq!(response.field("allow"), allow, "{method} {target}");
        }
        Ok(())
    })
}

/// The loop has its other clients. What has no place is refused, however much
/// there is of it.
#[test]
fn who_asks_for_much_holds_up_nobody() -> Outcome {
    const MANY: usize = 3000;
    on_every("late-responses", |step| {
        let server = server(step, "1")?;
        // One is computed and one waits, for longer than the others take.
        let slowest = request("GET", SLOWEST, "").into_bytes();
        let _computed = busy(&server, 1, &slowest)?;
        await_computing(&server)?;
        let _waits = busy(&server, 1, &slowest)?;
        let (mut greedy, mut other) = (server.connect()?, server.connect()?);
        let mut requests = greedy.twin()?;
        let short = request("GET", "/api/hash?rounds=10000", "");
        std::thread::scope(|scope| {
            let mut all = short.repeat(MANY).into_bytes();
            // Nor is it sent away for it.
            all.extend(KEEPING);
            scope.spawn(move || requests.send(&all));
            for _ in 0..20 {
                other.send(KEEPING)?;
                page(&mut other)?;
            }
            let mut refused = 0;
            for _ in 0..MANY {
                let response = greedy.response()?;
                if response.status == 503 {
                    let seconds = response.field("retry-after").unwrap();
                    assert!(seconds.parse::<u32>().is_ok(), "{seconds}");
                    refused += 1;
                }
            }
            assert!(refused > 0);
            page(&mut greedy).map(drop)
        })?;
        server.interrupt()
    })
}

/// What nobody waits for any more is not computed, or no further.
#[test]
fn work_for_clients_who_have_gone_is_dropped() -> Outcome {
    on_every("late-responses", |step| {
        let server = server(step, "256")?;
        let cost = |work: &dyn Fn() -> Outcome| -> Outcome<Duration> {
            let before = server.ran();
            work()?;
            let fast = get(&mut server.connect()?, "/api/hash?rounds=1")?;
            assert_eq!(fast.status, 200);
            Ok(server.ran() - before)
        };
        let respond = |client: &mut Client| -> Outcome {
            assert_eq!(client.response()?.status, 200);
            Ok(())
        };
        let whole = cost(&|| respond(&mut busy(&server, 1, &slow(1))?[0]))?;
        // There is something to read all the time.
        let half_closed = cost(&|| {
            let mut client = busy(&server, 1, &slow(1))?.remove(0);
            client.finish()?;
            respond(&mut client)
        })?;
        assert!(half_closed * 2 < whole * 3, "{half_closed:?}, {whole:?}");
        let slowest = request("GET", SLOWEST, "").into_bytes();
        let dropped = cost(&|| {
            // One after the other while it is computed, then all at once.
            for _ in 0..5 {
                let mut client = server.connect()?;
                client.send(&slowest)?;
                // On a busy machine it may be over before we look.
                let _ = await_computing(&server);
                client.reset()?;
                get(&mut server.connect()?, "/api/hash?rounds=1")?;
            }
            let mut clients = busy(&server, 20, &slowest)?;
            clients.drain(..).try_for_each(Client::reset)
        })?;
        // Three of the five, and three of the twenty.
        let few = 6 * 5 * whole;
        assert!(dropped < few, "{dropped:?}, and {whole:?} for a fifth");
        server.interrupt()
    })
}

/// Each of these connections owes a response, its last.
#[test]
fn a_drain_waits_for_late_responses() -> Outcome {
    on_every("late-responses", |step| {
        let server = server(step, "256")?;
        // They are quick enough for the half minute that a drain may take.
        let request = request("GET", "/api/hash?rounds=500000", "");
        let mut clients = busy(&server, 3, request.repeat(20).as_bytes())?;
        server.signal(libc::SIGTERM);
        for client in &mut clients {
            let mut count = 1;
            while !client.response()?.says("close") {
                count += 1;
            }
            assert!(count < 20, "{count}");
            client.expect_eof()?;
        }
        drop(clients);
        server.expect_exit(0).map(drop)
    })
}
