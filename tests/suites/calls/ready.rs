//! The steps with ready responses: how many calls one takes.

use super::{stop, trace};
use crate::files::client::{ask_with, request};
use crate::files::tree::Tree;
use crate::lab::fixtures::pattern;
use crate::lab::{Outcome, proc};
use crate::steps::on_every;

/// The requests of 64 clients are there before the server goes on: whether
/// it has to wait for them does not depend on the machine.
#[test]
fn calls_for_a_ready_response() -> Outcome {
    const CLIENTS: usize = 64;
    // A target, how often each client asks for it at once, what else it says,
    // and at most how many calls in a thousand responses.
    let cases = [
        ("/small", 1, "", 2050),
        ("/small", 16, "", 140),
        ("/large", 1, "", 3100),
        ("/small", 1, "Connection: close\r\n", 4100),
    ];
    on_every("ready-responses", |step| {
        let tree = Tree::new();
        tree.write_old("small", &pattern(1000));
        tree.write_old("large", &pattern(100_000));
        for (target, count, fields, most) in cases {
            // Where each end of a connection is told, that is a call as well.
            if !fields.is_empty() && !step.does("cores") {
                continue;
            }
            let requests = request("GET", target, fields).repeat(count);
            let trace = trace(step, Some(&tree), |server| {
                let mut clients = Vec::new();
                for _ in 0..5 {
                    server.await_call(step.waits_in("read()"))?;
                    let traced = stop(server)?;
                    if clients.is_empty() {
                        clients = server.connect_many(CLIENTS)?;
                    }
                    for client in &mut clients {
                        client.send(requests.as_bytes())?;
                    }
                    proc::kill(traced, libc::SIGCONT);
                    for client in &mut clients {
                        for _ in 0..count {
                            assert_eq!(client.response()?.status, 200);
                        }
                    }
                    if !fields.is_empty() {
                        clients.clear();
                    }
                }
                Ok(())
            })?;
            let Some(lines) = trace else { return Ok(()) };
            let rounds = lines.split(|line| line.starts_with("--- stopped"));
            let calls = rounds.skip(1).map(|round| {
                // Once a second there is a look at the file, and before each
                // close a debug build asks for more.
                let others = ["---", "fcntl(", "openat2(", "newfstatat("];
                let is_other = |line: &&String| {
                    others.iter().any(|it| line.starts_with(it))
                };
                round.len() - round.iter().filter(is_other).count()
            });
            let calls = calls.min().unwrap_or_default();
            let responses = CLIENTS * count;
            let is_few = calls * 1000 <= most * responses;
            assert!(is_few, "{calls} calls for {responses} {target}");
        }
        Ok(())
    })
}

/// A large file goes out behind its head, in packets that are full and in
/// pieces that leave the others their turn. A small part of it is copied.
#[test]
fn a_large_file_is_not_copied() -> Outcome {
    on_every("ready-responses", |step| {
        let tree = Tree::new();
        tree.write_old("large", &pattern(3_000_000));
        let trace = trace(step, Some(&tree), |server| {
            let mut client = server.connect()?;
            let part = "Range: bytes=9-\r\n";
            ask_with(&mut client, "GET", "/large", part)?;
            let part = "Range: bytes=-9\r\n";
            ask_with(&mut client, "GET", "/large", part).map(drop)
        })?;
        let Some(lines) = trace else { return Ok(()) };
        let heads = lines.iter().filter(|line| line.contains("HTTP/1.1 206"));
        let more: Vec<_> = heads.map(|it| it.contains("MSG_MORE")).collect();
        assert_eq!(more, [true, false]);
        let pieces = lines.iter().filter(|line| line.starts_with("sendfile("));
        let sizes = pieces.filter_map(|line| {
            let (call, _) = line.split_once(')')?;
            call.rsplit(' ').next()?.parse::<usize>().ok()
        });
        assert_eq!(sizes.max(), Some(1 << 20));
        Ok(())
    })
}
