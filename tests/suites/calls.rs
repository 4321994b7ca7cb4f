//! What a server asks of the kernel: written down by strace, and counted.

mod ready;

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use crate::files::client::get;
use crate::files::tree::Tree;
use crate::lab::program::Program;
use crate::lab::{Outcome, proc};
use crate::steps::{KEEPING, Step, launch, on_every, ours, skip_here};

/// Runs a server under strace while `work` lasts. Returns the lines that
/// strace wrote of the thread that accepts; `None`, after saying so, if there
/// is no strace.
fn trace(
    step: &Step,
    tree: Option<&Tree>,
    work: impl FnOnce(&Program) -> Outcome,
) -> Outcome<Option<Vec<String>>> {
    let root = tree.map_or("".into(), Tree::root);
    let root = ["--root", root.to_str().unwrap()];
    let flags = if tree.is_some() { &root[..] } else { &[] };
    trace_with(step, flags, work)
}

/// The same with these flags.
pub fn trace_with(
    step: &Step,
    flags: &[&str],
    work: impl FnOnce(&Program) -> Outcome,
) -> Outcome<Option<Vec<String>>> {
    if !can_trace() {
        skip_here("no strace", "install strace, and allow ptrace(2)");
        return Ok(None);
    }
    let strace = ["strace", "-ff", "-qq", "-o", "trace", &step.program, "0"];
    let server = launch("/usr/bin/env", &strace)?.with(step.in_one_loop());
    let server = server.with(flags).start()?;
    work(&server)?;
    // strace itself is deaf to Ctrl-C, and ends when the server does.
    proc::kill(proc::newest(server.pid()), libc::SIGINT);
    server.wait(server.patience())?;
    let text = traces(&server).find(|text| text.contains("accept4(")).unwrap();
    Ok(Some(text.lines().map(str::to_string).collect()))
}

/// What strace has written so far: of each thread.
pub fn traces(server: &Program) -> impl Iterator<Item = String> {
    let files = fs::read_dir(server.lab().scratch()).unwrap();
    files.map(|it| fs::read_to_string(it.unwrap().path()).unwrap())
}

/// How often each call stands between the first line and the last that hold
/// `mark`, the first included: what is done from one mark to the next, for as
/// many as there are but one.
fn calls<'a>(lines: &'a [String], mark: &str) -> BTreeMap<&'a str, usize> {
    let is_mark = |line: &String| line.contains(mark);
    let first = lines.iter().position(is_mark).unwrap();
    let last = lines.iter().rposition(is_mark).unwrap();
    let mut calls = BTreeMap::new();
    for line in &lines[first..last] {
        let (name, _) = line.split_once('(').unwrap();
        // What glibc makes of fstat depends on its version. Before each
        // close a debug build asks whether there is anything to be closed.
        match name {
            "newfstatat" => *calls.entry("fstat").or_default() += 1,
            // Nor is there a poll or an epoll_wait on every machine.
            "ppoll" => *calls.entry("poll").or_default() += 1,
            "epoll_pwait" => *calls.entry("epoll_wait").or_default() += 1,
            "fcntl" => {}
            name => *calls.entry(name).or_default() += 1,
        }
    }
    calls
}

/// Whether programs can be traced here: strace may be missing, and tracing
/// forbidden.
pub fn can_trace() -> bool {
    let mut strace = Command::new("strace");
    let output = strace.args(["-o", "/dev/null", "true"]).output();
    output.is_ok_and(|output| output.status.success())
}

const RESPONSE: &str = "HTTP/1.1 200 OK";

#[test]
fn a_response_is_one_write_and_so_are_those_to_a_pipeline() -> Outcome {
    let Some(step) = ours("step06") else { return Ok(()) };
    let lines = trace(step, None, |server| {
        let mut client = server.connect()?;
        (0..101).try_for_each(|_| get(&mut client, "/").map(drop))?;
        client.send(&KEEPING.repeat(20))?;
        (0..20).try_for_each(|_| client.response().map(drop))
    })?;
    let Some(lines) = lines else { return Ok(()) };
    let no_delay = lines.iter().filter(|line| line.contains("TCP_NODELAY"));
    assert_eq!(no_delay.count(), 1, "asked for once a connection");
    // The last write is that of the pipeline, all of it. How much time is
    // left: for each read and each write.
    let expected = [("write", 101), ("read", 101), ("setsockopt", 202)];
    assert_eq!(calls(&lines, RESPONSE), expected.into());
    Ok(())
}

#[test]
fn a_small_file_takes_ten_calls() -> Outcome {
    let Some(step) = ours("step08") else { return Ok(()) };
    let tree = Tree::new();
    let lines = trace(step, Some(&tree), |server| {
        let mut client = server.connect()?;
        for _ in 0..101 {
            assert_eq!(get(&mut client, "/file.txt")?.status, 200);
        }
        drop(client);
        server.expect_note("requests")
    })?;
    let Some(lines) = lines else { return Ok(()) };
    let expected = [
        // The file is found first, and opened then.
        ("close", 200),
        ("fstat", 100),
        ("openat2", 200),
        ("pread64", 100),
        ("read", 100),
        // How much time is left, for the read and for the write.
        ("setsockopt", 200),
        // Head and content together.
        ("write", 100),
    ];
    // From one opening to the next is one request.
    assert_eq!(calls(&lines, "\"file.txt\""), expected.into());
    Ok(())
}

/// One to wait, one to read, one to write: what has arrived is known to be
/// all, and what is waited for stays the same.
#[test]
fn a_loop_takes_three_calls_for_a_response() -> Outcome {
    on_every("event-loop", |step| {
        let lines = trace(step, None, |server| {
            let mut client = server.connect()?;
            // A loop may have done this before it makes room for the client.
            assert_eq!(get(&mut client, "/nothing")?.status, 404);
            (0..101).try_for_each(|_| get(&mut client, "/api/").map(drop))
        })?;
        let Some(lines) = lines else { return Ok(()) };
        let wait = step.waits_in("read()").trim_end_matches("()");
        let expected = [(wait, 100), ("read", 100), ("write", 100)];
        assert_eq!(calls(&lines, RESPONSE), expected.into());
        Ok(())
    })
}

/// Whether this is poll, epoll_wait, or what the C library makes of them.
fn is_wait(line: &str) -> bool {
    line.contains("poll(") || line.contains("wait(")
}

/// A wait for a deadline is rounded up: rounded down, the last of it would be
/// waited for in no time, again and again.
#[test]
fn no_wait_is_too_short() -> Outcome {
    on_every("event-loop", |step| {
        let lines = trace(step, None, |server| {
            let mut clients = server.connect_many(20)?;
            for client in &mut clients {
                client.send(b"nonsense\r\n\r\n")?;
                client.receive_all()?;
            }
            server.eventually("lingers for as long as it may", || {
                let traced = proc::newest(server.pid());
                (proc::socket_count(traced) == 1).then_some(())
            })
        })?;
        let lines = lines.unwrap_or_default();
        // Before main, Rust has a poll of its own.
        let mut own =
            lines.iter().skip_while(|line| !line.starts_with("accept4("));
        let in_vain = |l: &&String| is_wait(l) && l.contains(", 0) = 0");
        assert_eq!(own.find(in_vain), None);
        Ok(())
    })
}

/// Stops the traced server, and returns which process that is.
fn stop(server: &Program) -> Outcome<i32> {
    let traced = proc::newest(server.pid());
    // A thread in the hands of strace looks like one that has been stopped.
    let stops = || -> usize {
        traces(server).map(|it| it.matches("--- stopped by").count()).sum()
    };
    let wanted = stops() + proc::threads(traced).len();
    proc::kill(traced, libc::SIGSTOP);
    let is_stopped = || (stops() == wanted).then_some(traced);
    server.eventually("stops", is_stopped)
}

/// Two hundred who come at once are not let in at once: between them others
/// have their turn.
#[test]
fn accepting_gives_way() -> Outcome {
    const CLIENTS: usize = 200;
    on_every("event-loop", |step| {
        let trace = trace(step, None, |it| {
            it.await_call(step.waits_in("accept4()"))?;
            let traced = stop(it)?;
            let _clients = it.connect_many(CLIENTS)?;
            proc::kill(traced, libc::SIGCONT);
            it.eventually("lets all in", || {
                it.queue().ok().filter(|waiting| *waiting == 0)
            })
            .map(drop)
        })?;
        let Some(lines) = trace else { return Ok(()) };
        let rounds = lines.split(|line| is_wait(line));
        let rounds = rounds.map(|round| {
            let accepts = round.iter().filter(|l| l.starts_with("accept4("));
            accepts.count()
        });
        let most = rounds.max().unwrap_or_default();
        assert!((32..=64).contains(&most), "{most} in a row");
        Ok(())
    })
}
