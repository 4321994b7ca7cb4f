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
    let test = "calls_for_a_ready_response";
    // A target, how often each client asks for it at once, and at most how
    // many calls in a thousand responses.
    let cases = [("/small", 1, 2050), ("/small", 16, 140), ("/large", 1, 3100)];
    on_every("ready-responses", |step| {
        let tree = Tree::new();
        tree.write_old("small", &pattern(1000));
        tree.write_old("large", &pattern(100_000));
        let root = tree.root();
        let command = [&step.program, "0", "--root", root.to_str().unwrap()];
        for (target, count, most) in cases {
            let requests = request("GET", target, "").repeat(count);
            let trace = trace(test, &command, |server| {
                let clients = (0..CLIENTS).map(|_| server.connect());
                let mut clients = clients.collect::<Outcome<Vec<_>>>()?;
                for _ in 0..5 {
                    let traced = stop(server)?;
                    for client in &mut clients {
                        client.send(requests.as_bytes())?;
                    }
                    proc::kill(traced, libc::SIGCONT);
                    for client in &mut clients {
                        for _ in 0..count {
                            assert_eq!(client.response()?.status, 200);
                        }
                    }
                }
                Ok(())
            })?;
            let Some(lines) = trace else { return Ok(()) };
            let rounds = lines.split(|line| line.starts_with("--- SIGCONT"));
            let calls = rounds.skip(1).map(|round| {
                round.iter().filter(|line| !line.starts_with("---")).count()
            });
            // Once a second there is a look at the file.
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
    let test = "a_large_file_is_not_copied";
    on_every("ready-responses", |step| {
        let tree = Tree::new();
        tree.write_old("large", &pattern(3_000_000));
        let root = tree.root();
        let command = [&step.program, "0", "--root", root.to_str().unwrap()];
        let trace = trace(test, &command, |server| {
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
