//! Steps that serve many clients at once: up to their bound, and beyond it.

use std::thread;
use std::time::{Duration, Instant};

use crate::files::tree::Tree;
use crate::lab::client::Client;
use crate::lab::fixtures::pattern;
use crate::lab::program::Program;
use crate::lab::{Outcome, proc};
use crate::steps::{KEEPING, REQUEST, Step, on_every, page};

/// How many clients a step serves in these tests.
pub const BOUND: usize = 8;

/// The flags that set a bound, each with the capability that it goes with.
const FLAGS: [(&str, &str); 1] = [("processes", "--children")];

/// A step with room for so many.
pub fn bounded(step: &Step) -> Outcome<Program> {
    let mut flags = FLAGS.iter();
    let found = flags.find(|(capability, _)| step.does(capability));
    let (_, flag) = found.expect("a flag that sets the bound");
    step.launch(&["127.0.0.1:0", flag, &BOUND.to_string()])?.start()
}

/// So many clients that have had one page each, and stay.
pub fn crowd(server: &Program, count: usize) -> Outcome<Vec<Client>> {
    let mut clients = Vec::new();
    for _ in 0..count {
        let mut client = server.connect()?;
        client.send(KEEPING)?;
        page(&mut client)?;
        clients.push(client);
    }
    Ok(clients)
}

#[test]
fn idle_clients_stop_no_one() -> Outcome {
    on_every("concurrency", |step| {
        let server = bounded(step)?;
        let mut silent = Vec::new();
        for _ in 1..BOUND {
            silent.push(server.connect()?);
        }
        step.exchange(&server)?;
        // None of them was sent away for it, and each is served still.
        for client in silent.iter_mut().rev() {
            assert!(!client.has_something());
            step.request(client)?;
        }
        server.interrupt()
    })
}

#[test]
fn beyond_the_bound_there_is_a_503() -> Outcome {
    on_every("busy-503", |step| {
        let server = bounded(step)?;
        let mut clients = crowd(&server, BOUND)?;
        for method in ["GET", "HEAD"] {
            let mut next = server.connect()?;
            let request = format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n");
            next.send(request.as_bytes())?;
            let response = next.response_to(method)?;
            assert_eq!(response.status, 503);
            assert!(response.says("close"));
            let seconds = response.field("retry-after").expect("Retry-After");
            assert!(seconds.parse::<u32>().is_ok(), "{seconds}");
            // After HEAD there is no body, and no reset destroys a response.
            next.expect_eof()?;
        }
        // One that says nothing hears the same.
        let mut mute = server.connect()?;
        assert_eq!(mute.response()?.status, 503);
        mute.expect_eof()?;
        // As soon as one has left there is room for another.
        clients.pop();
        server.eventually("serves again", || {
            let mut next = server.connect().ok()?;
            next.send(REQUEST).ok()?;
            let status = next.response().ok()?.status;
            (status == 200).then_some(())
        })?;
        server.interrupt()
    })
}

/// A kernel that wakes a steady reader's server once in many seconds: what
/// counts is the rate of the whole.
#[test]
fn a_slow_steady_reader_gets_its_file() -> Outcome {
    // Longer than a step with one seat waits.
    const SLOW: Duration = Duration::from_secs(12);
    on_every("concurrency", |step| {
        let tree = Tree::new();
        let content = pattern(6_000_000);
        tree.write("large.bin", &content);
        let root = tree.root();
        let root = root.to_str().expect("a path in UTF-8");
        let server = step.launch(&["127.0.0.1:0", "--root", root])?.start()?;
        let mut client = server.connect()?;
        client.send(b"GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n")?;
        client.response_head()?;
        let (start, mut got) = (Instant::now(), Vec::new());
        while start.elapsed() < SLOW {
            got.extend(client.receive(800)?.0);
            // The rate is what is tested: 8 KB a second.
            thread::sleep(Duration::from_millis(100));
        }
        got.extend(client.receive(content.len() - got.len())?.0);
        assert!(got == content, "{} of {} bytes", got.len(), content.len());
        server.interrupt()
    })
}

/// Whatever the clients do, the server has in the end what it had before.
#[test]
fn thirty_who_leave_at_once_leave_nothing() -> Outcome {
    on_every("concurrency", |step| {
        let server = step.server()?;
        let had = proc::Resources::of(server.pid());
        for _ in 0..3 {
            drop(crowd(&server, 30)?);
            server.eventually("has what it had before", || {
                (proc::Resources::of(server.pid()) == had).then_some(())
            })?;
        }
        server.interrupt()
    })
}
