//! Steps that serve many clients at once: up to their bound, and beyond it.

use std::thread;
use std::time::{Duration, Instant};

use crate::files::client::at;
use crate::files::tree::Tree;
use crate::lab::Outcome;
use crate::lab::client::Client;
use crate::lab::fixtures::pattern;
use crate::lab::launch::Launch;
use crate::lab::program::Program;
use crate::steps::{KEEPING, REQUEST, Step, on_every, on_new_shells, page};

/// How long such a step waits for an idle client.
pub const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// How many clients a step serves in these tests.
pub const BOUND: usize = 8;

/// What serves the clients of a step, by the capability: the flag that sets
/// the bound, and that for how many more wait; and for what each client has of
/// its own, the shim's setting by which every second one does not start.
const FLAGS: [(&str, &[&str], Option<&str>); 4] = [
    ("processes", &["--children"], Some("fork=2")),
    ("threads", &["--threads"], Some("thread=2")),
    ("pool", &["--workers", "--queue"], None),
    // Descriptors are the bound.
    ("event-loop", &[], None),
];

fn flags(step: &Step) -> (&'static [&'static str], Option<&'static str>) {
    let mut flags = FLAGS.iter();
    let found = flags.find(|(capability, ..)| step.does(capability));
    let (_, flags, fails) = found.expect("a flag that sets the bound");
    (flags, *fails)
}

/// A step that serves so many at once, and lets as many wait.
pub fn with_room(step: &Step, count: usize) -> Outcome<Launch> {
    let count = count.to_string();
    let flags = flags(step).0.iter().flat_map(|flag| [*flag, &count]);
    step.launch(&["127.0.0.1:0"].into_iter().chain(flags).collect::<Vec<_>>())
}

/// The same for [`BOUND`], ready.
pub fn bounded(step: &Step) -> Outcome<Program> {
    with_room(step, BOUND)?.start()
}

/// So many that the next is refused, or waits: those who are served come
/// first.
pub fn full(step: &Step, server: &Program) -> Outcome<Vec<Client>> {
    let mut clients = crowd(server, BOUND)?;
    if step.does("pool") {
        clients.extend(server.connect_many(BOUND)?);
    }
    Ok(clients)
}

/// So many clients that have had one page each, and stay.
pub fn crowd(server: &Program, count: usize) -> Outcome<Vec<Client>> {
    let one = || {
        let mut client = server.connect()?;
        client.send(KEEPING)?;
        page(&mut client)?;
        Ok(client)
    };
    (0..count).map(|_| one()).collect()
}

/// The same, each in the middle of its next request before another comes: on a
/// busy machine the first could be sent away while the last is let in.
pub fn busy_crowd(server: &Program, count: usize) -> Outcome<Vec<Client>> {
    let one = || {
        let mut client = crowd(server, 1)?.remove(0);
        stay(&mut client)?;
        Ok(client)
    };
    (0..count).map(|_| one()).collect()
}

/// Of a request.
pub const BEGINNING: &[u8] =
    b"POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n";

/// Has a client begin a request, whose body is given a minute: an idle one
/// might be sent away before a busy machine has looked at it.
pub fn stay(client: &mut Client) -> Outcome {
    client.send(BEGINNING)?;
    client.wait_until_read()
}

/// Ends that request, and gets its response.
pub fn go_on(client: &mut Client) -> Outcome {
    client.send(b"x")?;
    assert_eq!(client.response()?.body, b"x");
    Ok(())
}

#[test]
fn clients_who_are_waited_for_stop_no_one() -> Outcome {
    on_every("concurrency", |step| {
        let server = bounded(step)?;
        let mut clients = busy_crowd(&server, BOUND - 1)?;
        step.exchange(&server)?;
        // Each is in the middle of a request, and goes on.
        clients.iter_mut().rev().try_for_each(go_on)?;
        server.interrupt()
    })
}

fn refused(server: &Program, method: &str) -> Outcome {
    // It does not wait for a request that is not there at once.
    server.signal(libc::SIGSTOP);
    let mut next = server.connect()?;
    let request = format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n");
    next.send(request.as_bytes())?;
    server.signal(libc::SIGCONT);
    let response = next.response_to(method)?;
    assert_eq!(response.status, 503);
    assert!(response.says("close"));
    let seconds = response.field("retry-after").expect("Retry-After");
    assert!(seconds.parse::<u32>().is_ok(), "{seconds}");
    // After HEAD there is no body, and no reset destroys a response.
    next.expect_eof()
}

#[test]
fn beyond_the_bound_there_is_a_503() -> Outcome {
    on_every("busy-503", |step| {
        let server = bounded(step)?;
        let mut clients = full(step, &server)?;
        for method in ["GET", "HEAD"] {
            refused(&server, method)?;
        }
        // One that says nothing hears the same.
        let mut mute = server.connect()?;
        assert_eq!(mute.response()?.status, 503);
        mute.expect_eof()?;
        // As soon as one has left there is room for another.
        clients.truncate(BOUND - 1);
        server.eventually("serves again", || {
            let mut next = server.connect().ok()?;
            next.send(REQUEST).ok()?;
            let status = next.response().ok()?.status;
            (status == 200).then_some(())
        })?;
        server.interrupt()
    })
}

#[test]
fn what_does_not_start_is_one_clients_503() -> Outcome {
    on_every("concurrency", |step| {
        // A pool has all its threads before there is a client.
        let Some(fails) = flags(step).1 else { return Ok(()) };
        let server = with_room(step, 1)?.shim(fails).start()?;
        let had = server.resources();
        for turn in 0..6 {
            let mut client = server.connect()?;
            client.send(KEEPING)?;
            assert_eq!(client.response()?.status, [200, 503][turn % 2]);
            drop(client);
            // What has failed is not counted: there is room again. And the
            // refused socket is closed.
            server.expect_back(&had)?;
        }
        server.expect_note("refused: cannot ")?;
        server.expect_idle()?;
        server.interrupt()
    })
}

/// A kernel that wakes a steady reader's server once in many seconds: what
/// counts is the rate of the whole.
#[test]
fn a_slow_steady_reader_gets_its_file() -> Outcome {
    // Longer than a step with one seat waits.
    const SLOW: Duration = Duration::from_secs(12);
    on_new_shells("concurrency", |step| {
        let tree = Tree::new();
        let content = pattern(6_000_000);
        tree.write("large.bin", &content);
        let server = at(step, &tree.root())?.start()?;
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
