//! Uploads that take a while, that are many, or that never come to an end.

use std::fs;

use super::{message, names, on, send};
use crate::calls::{trace_with, traces};
use crate::files::client::{get, request};
use crate::files::tree::Tree;
use crate::lab::client::Client;
use crate::lab::fixtures::pattern;
use crate::lab::{Outcome, proc};
use crate::steps::on_every;

/// Two pieces, and not the third.
const PART: usize = 150_000;

/// However it ends.
#[test]
fn what_was_begun_leaves_nothing() -> Outcome {
    let chunked = "Transfer-Encoding: chunked\r\n";
    let cases: [(&str, &str, &[u8], u16); 5] = [
        ("/up/old", "Content-Length: 300000\r\n", b"", 0),
        ("/up/new", "Content-Length: 150001\r\n", b"", 400),
        ("/up/new", chunked, b"", 0),
        ("/up/old", chunked, b"", 400),
        ("/up/old", chunked, b"\r\nx\r\n", 400),
    ];
    on_every("sites", |step| {
        let tree = Tree::new();
        let server = on(step, &tree)?.start()?;
        // A connection that waited for too long would be closed.
        let get = |target| get(&mut server.connect()?, target);
        for (target, fields, end, status) in cases {
            let chunk = if fields == chunked { "249f0\r\n" } else { "" };
            let mut client = server.connect()?;
            let head = request("PUT", target, fields) + chunk;
            client.send(&[head.as_bytes(), &pattern(PART)].concat())?;
            let is_begun = || (names(&tree).len() == 2).then_some(());
            server.eventually("writes what has come", is_begun)?;
            assert_eq!(get("/up/new")?.status, 404);
            match status {
                0 => client.reset()?,
                _ => {
                    client.send(end)?;
                    client.finish()?;
                    assert_eq!(client.response()?.status, status);
                    client.expect_eof()?;
                }
            }
            let is_left = || (names(&tree) == ["old"]).then_some(());
            server.eventually("removes it", is_left)?;
            assert_eq!(get("/up/old")?.body, b"old");
        }
        server.interrupt()
    })
}

/// All have seen the same, and have sent all but the last byte: who comes
/// second has not seen what the first has made of it. And whoever looks at the
/// file gets all of one content.
#[test]
fn one_of_several_changes_is_made() -> Outcome {
    on_every("sites", |step| {
        let tree = Tree::new();
        let server = on(step, &tree)?.with(&["--threads", "6"]).start()?;
        let contents = (b'a'..=b'f').map(|byte| vec![byte; PART]);
        let contents: Vec<_> = contents.collect();
        for round in 0..20 {
            let mut client = server.connect()?;
            let put = send(&mut client, "PUT", "/up/old", "", b"old")?;
            let mut fields =
                format!("If-Match: {}\r\n", put.field("etag").unwrap());
            if round % 2 == 0 {
                send(&mut client, "DELETE", "/up/old", "", b"")?;
                fields = "If-None-Match: *\r\n".to_string();
            }
            let mut clients = server.connect_many(6)?;
            for (client, content) in clients.iter_mut().zip(&contents) {
                let request = message("PUT", "/up/old", &fields, content);
                client.send(&request[..request.len() - 1])?;
            }
            for (client, content) in clients.iter_mut().zip(&contents) {
                client.send(&content[..1])?;
            }
            while !clients.iter().all(Client::has_something) {
                let is_whole = match fs::read(tree.path("up/old")) {
                    Ok(now) => now == b"old" || contents.contains(&now),
                    Err(_) => round % 2 == 0,
                };
                assert!(is_whole, "round {round}");
            }
            let mut done = Vec::new();
            for (client, content) in clients.iter_mut().zip(&contents) {
                match client.response()?.status {
                    201 | 204 => done.push(content),
                    status => assert_eq!(status, 412),
                }
            }
            let now = get(&mut server.connect()?, "/up/old")?.body;
            assert!(done == [&now], "{} in round {round}", done.len());
        }
        server.interrupt()
    })
}

/// Of whatever size it is; and who asks before sending one that is too large
/// is told.
#[test]
fn a_large_body_takes_little_memory() -> Outcome {
    const MOST: usize = 64 << 20;
    on_every("sites", |step| {
        let tree = Tree::new();
        let server = on(step, &tree)?.with(&["--upload-max", "64"]).start()?;
        let mut peaks = Vec::new();
        for (size, line) in [(PART, "100"), (MOST, "100"), (MOST + 1, "413")] {
            let mut client = server.connect()?;
            let expect =
                format!("Expect: 100-continue\r\nContent-Length: {size}\r\n");
            client.send(request("PUT", "/up/large", &expect).as_bytes())?;
            client.expect(format!("HTTP/1.1 {line} Cont").as_bytes())?;
            if line == "100" {
                client.expect(b"inue\r\n\r\n")?;
                client.send(&pattern(size))?;
                assert!(client.response()?.status < 300);
                let file = fs::read(tree.path("up/large")).unwrap();
                assert!(file == pattern(size));
            }
            peaks.push(proc::peak_memory(server.pid()).unwrap());
        }
        assert!(peaks[1] - peaks[0] < 2048, "{peaks:?} KiB");
        server.interrupt()
    })
}

/// Each worker keeps files that have not changed for long. And where clients
/// may write everywhere, there are still the other routes.
#[test]
fn every_worker_has_what_was_written_last() -> Outcome {
    on_every("sites", |step| {
        let tree = Tree::new();
        let flags = ["--workers", "4", "--write", "/"];
        let server = on(step, &tree)?.with(&flags).start()?;
        let mut clients = server.connect_many(16)?;
        for (round, method) in ["PUT", "DELETE"].repeat(4).iter().enumerate() {
            let target = format!("/{round}");
            tree.write_old(&target[1..], b"old");
            for client in &mut clients {
                assert_eq!(get(client, &target)?.body, b"old");
            }
            send(&mut clients[round], method, &target, "", b"new")?;
            for client in &mut clients {
                let is_new = get(client, &target)?.body == b"new";
                assert_eq!(is_new, *method == "PUT", "{target}");
            }
        }
        let routes = [("", 405), ("/x", 405), ("/x/y", 409), ("x", 201)];
        for (more, status) in routes {
            let target = format!("/guestbook{more}");
            let response = send(&mut clients[0], "PUT", &target, "", b"")?;
            assert_eq!(response.status, status, "{target}");
        }
        server.interrupt()
    })
}

/// A disk may take its time, and others wait for a loop: also when a client
/// leaves it a part.
#[test]
fn no_loop_waits_for_a_disk() -> Outcome {
    let calls = "openat fchmod fsync renameat2 unlinkat getdents64";
    let is_change = |line: &&str| {
        let call = line.split('(').next().unwrap_or_default();
        let is_content = call == "write" && line.contains("\"content\"");
        is_content || calls.split(' ').any(|it| it == call)
    };
    on_every("sites", |step| {
        let tree = Tree::new();
        fs::create_dir(tree.path("up")).unwrap();
        let root = tree.root();
        let flags = ["--root", root.to_str().unwrap(), "--write", "/up"];
        let lines = trace_with(step, &flags, |server| {
            let mut client = server.connect()?;
            send(&mut client, "PUT", "/up/a", "", b"content")?;
            send(&mut client, "DELETE", "/up/a", "", b"")?;
            get(&mut client, "/up/")?;
            let request = message("PUT", "/up/a", "", &pattern(PART));
            client.send(&request[..PART])?;
            let has = |count| (names(&tree).len() == count).then_some(());
            server.eventually("writes what has come", || has(1))?;
            client.reset()?;
            server.eventually("removes it", || has(0))?;
            let all = traces(server).collect::<String>();
            let seen = all.lines().filter(is_change);
            assert!(seen.filter(|line| !line.starts_with("open")).count() > 8);
            Ok(())
        })?;
        let lines = lines.unwrap_or_default();
        assert_eq!(lines.iter().map(String::as_str).find(is_change), None);
        Ok(())
    })
}
