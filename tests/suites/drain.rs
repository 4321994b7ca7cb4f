//! Steps that end without losing a response, however they are told to.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use crate::files::client::at;
use crate::files::tree::Tree;
use crate::lab::client::{Client, Response};
use crate::lab::fixtures::pattern;
use crate::lab::program::Program;
use crate::lab::{Outcome, proc};
use crate::many::{BOUND, bounded, busy_crowd, crowd, full};
use crate::steps::{KEEPING, Step, on_every, on_new_shells, page};

/// The beginning of a request, and the rest.
const HALVES: (&[u8], &[u8]) = KEEPING.split_at(9);

/// Sends a part of something, and waits until it has been read and its rest
/// is waited for, as that of so many others is.
fn send_half(
    step: &Step,
    server: &Program,
    client: &mut Client,
    half: &[u8],
    others: usize,
) -> Outcome {
    client.send(half)?;
    client.wait_until_read()?;
    server.eventually("waits for the rest", || {
        let call = step.waits_in("read()");
        let waiting = proc::waiting_in(server.pid(), call);
        // A loop's only thread waits for all of them.
        let is_loop = step.does("event-loop");
        (waiting == if is_loop { 1 } else { others + 1 }).then_some(())
    })
}

/// It has heard the signal, and goes on.
fn expect_drain(server: &Program) -> Outcome {
    server.eventually("listens no more", || server.queue().err().map(drop))?;
    assert!(server.ended().is_none(), "it owes a response");
    Ok(())
}

/// Receives the last page of a connection.
fn last_page(client: &mut Client) -> Outcome {
    let response = page(client)?;
    assert!(response.says("close"), "{}", response.head());
    client.expect_eof()
}

#[test]
fn running_and_queued_responses_are_finished() -> Outcome {
    on_every("drain", |step| {
        let tree = Tree::new();
        let content = pattern(20_000_000);
        tree.write("large.bin", &content);
        tree.write("index.html", b"<!doctype html>");
        let workers = match step.does("pool") {
            true => &["--workers", "3"],
            false => step.in_one_loop(),
        };
        let server = at(step, &tree.root())?.with(workers).start()?;

        let mut reader = server.connect()?;
        reader.send(b"GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n")?;
        reader.response_head()?;
        let mut with_body = crowd(&server, 1)?.remove(0);
        let post = b"POST /api/echo HTTP/1.1\r\nHost: a\r\n\
            Content-Length: 4\r\n\r\nab";
        send_half(step, &server, &mut with_body, post, 0)?;
        // The last of them: a head has ten seconds, and others a minute.
        let mut half = crowd(&server, 1)?.remove(0);
        send_half(step, &server, &mut half, HALVES.0, 1)?;
        let mut queued = server.connect()?;
        queued.send(b"GET")?;
        let mut mute = server.connect()?;
        server.eventually("puts both into the queue", || {
            let has_all = proc::socket_count(server.pid()) == 6;
            (has_all
                && proc::waits_in(server.pid(), step.waits_in("accept4()")))
            .then_some(())
        })?;
        server.signal(libc::SIGTERM);
        expect_drain(&server)?;
        assert!(server.connect().is_err(), "no one is let in");

        half.send(HALVES.1)?;
        last_page(&mut half)?;
        drop(half);
        // What had begun is waited for, wherever it waited itself.
        send_half(step, &server, &mut queued, b" / HTTP/1.1\r\n", 1)?;
        queued.send(b"Host: a\r\n\r\n")?;
        last_page(&mut queued)?;
        drop(queued);
        mute.expect_eof()?;
        with_body.send(b"cd")?;
        let response = with_body.response()?;
        assert!(response.body == b"abcd" && response.says("close"));
        with_body.expect_eof()?;
        assert!(server.ended().is_none(), "it owes a file");
        let (got, _) = reader.receive(content.len())?;
        assert!(got == content, "{} of {} bytes", got.len(), content.len());
        reader.expect_eof()?;
        drop((reader, with_body));
        server.expect_exit(0).map(drop)
    })
}

/// The limit between two requests is ten seconds: it does not wait for that.
#[test]
fn idle_clients_do_not_hold_it_up() -> Outcome {
    const SHORT: Duration = Duration::from_secs(5);
    on_every("drain", |step| {
        for signal in [libc::SIGINT, libc::SIGTERM] {
            let server = bounded(step)?;
            let mut clients = full(step, &server)?;
            // An empty line is no request.
            clients[0].send(b"\r\n")?;
            clients[0].wait_until_read()?;
            server.signal(signal);
            assert!(server.wait(SHORT)?.status.success());
            for mut client in clients {
                client.expect_eof()?;
            }
        }
        Ok(())
    })
}

/// It is served, or its client hears nothing; but it is not refused.
#[test]
fn a_request_that_begins_in_that_moment() -> Outcome {
    on_new_shells("drain", |step| {
        for _ in 0..20 {
            let server = bounded(step)?;
            let mut clients = crowd(&server, BOUND)?;
            server.signal(libc::SIGSTOP);
            for client in &mut clients {
                client.send(HALVES.0)?;
            }
            server.signal(libc::SIGTERM);
            server.signal(libc::SIGCONT);
            for client in &mut clients {
                let _ = client.send(HALVES.1);
                let got = client.receive(usize::MAX)?.0;
                expect_whole(&got, &[200]);
            }
            drop(clients);
            server.expect_exit(0)?;
        }
        Ok(())
    })
}

/// The response said nothing of an end, so the client may have sent more: it
/// must not cost it what is still on its way.
#[test]
fn pipelined_requests_do_not_destroy_the_last_response() -> Outcome {
    on_every("drain", |step| {
        let server = bounded(step)?;
        let mut client = busy_crowd(&server, 1)?.remove(0);
        server.signal(libc::SIGTERM);
        expect_drain(&server)?;
        client.send(&[b"x", KEEPING, KEEPING].concat())?;
        let response = client.response()?;
        assert!(response.body == b"x" && response.says("close"));
        client.expect_eof()?;
        drop(client);
        server.expect_exit(0).map(drop)
    })
}

#[test]
fn a_second_signal_ends_it_at_once() -> Outcome {
    on_every("drain", |step| {
        for (first, second) in
            [(libc::SIGINT, libc::SIGINT), (libc::SIGTERM, libc::SIGINT)]
        {
            let server = bounded(step)?;
            let mut client = busy_crowd(&server, 1)?.remove(0);
            server.signal(first);
            expect_drain(&server)?;
            server.signal(second);
            server.expect_exit(0)?;
            // Not even that it took too long.
            assert!(client.receive(1)?.0.is_empty());
        }
        Ok(())
    })
}

/// What a client got: nothing, or whole responses with these statuses.
fn expect_whole(got: &[u8], statuses: &[u16]) {
    let mut rest = got;
    while !rest.is_empty() {
        let first = Response::first(rest).expect("a response");
        let (response, end) = first.expect("a whole response");
        assert!(statuses.contains(&response.status), "{}", response.head());
        rest = &rest[end..];
    }
}

/// While clients come and ask, at any moment.
fn end_among_clients(step: &Step, moment: usize) -> Outcome {
    let server = step.server()?;
    let count = AtomicUsize::new(0);
    let clients = thread::scope(|scope| {
        let crowd = scope.spawn(|| {
            let mut clients = Vec::new();
            while let Ok(mut client) = server.connect() {
                // It may be too late.
                let _ = client.send(KEEPING);
                clients.push(client);
                count.fetch_add(1, SeqCst);
            }
            clients
        });
        while count.load(SeqCst) < moment {
            thread::yield_now();
        }
        server.signal(libc::SIGTERM);
        crowd.join().unwrap()
    });
    for mut client in clients {
        expect_whole(&client.receive(usize::MAX)?.0, &[200, 503]);
    }
    server.expect_exit(0).map(drop)
}

#[test]
fn at_any_moment_no_response_is_cut() -> Outcome {
    on_new_shells("drain", |step| {
        (0..25).try_for_each(|turn| end_among_clients(step, turn * 4))
    })
}
