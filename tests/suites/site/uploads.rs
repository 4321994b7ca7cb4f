//! Uploads that take a while, that are many, or that never come to an end.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{FORM, message, names, on, send};
use crate::calls::{trace_with, traces};
use crate::files::client::{get, request};
use crate::files::tree::Tree;
use crate::lab::fixtures::pattern;
use crate::lab::{Outcome, proc};
use crate::steps::on_every;

/// Two pieces, and not the third.
const PART: usize = 150_000;

/// However it ends.
#[test]
fn what_was_begun_leaves_nothing() -> Outcome {
    let chunked = "Transfer-Encoding: chunked\r\n";
    let cases: [(&str, &str, &[u8], u16); 6] = [
        ("/up/old", "Content-Length: 300000\r\n", b"", 0),
        ("/up/new", "Content-Length: 150001\r\n", b"", 400),
        ("/up/new", chunked, b"", 0),
        ("/up/old", chunked, b"", 400),
        ("/up/old", chunked, b"\r\nx\r\n", 400),
        ("/up/old", chunked, b"\r\n100000\r\n", 413),
    ];
    on_every("sites", |step| {
        let tree = Tree::new();
        let server = on(step, &tree)?.with(&["--upload-max", "1"]).start()?;
        // A connection that waited for too long would be closed.
        let get = |target| get(&mut server.connect()?, target);
        for (target, fields, end, status) in cases {
            let chunk = if fields == chunked { "249f0\r\n" } else { "" };
            let mut client = server.connect()?;
            let head = request("PUT", target, fields) + chunk;
            client.send(&[head.as_bytes(), &pattern(PART)].concat())?;
            let is_begun = || names(&tree).into_iter().find(|it| it != "old");
            let name = server.eventually("writes what has come", is_begun)?;
            // No client sees it, and nobody else here either.
            assert!(name.as_encoded_bytes().starts_with(b".up-"), "{name:?}");
            let file = fs::metadata(tree.path("up").join(name)).unwrap();
            assert_eq!(file.permissions().mode() & 0o777, 0o600);
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
/// second has not seen what the first has made of it. Between a look at the
/// file and the change there is time for all of them. And whoever looks at the
/// file gets all of one content.
#[test]
fn one_of_several_changes_is_made() -> Outcome {
    on_every("sites", |step| {
        let tree = Tree::new();
        let launch = on(step, &tree)?.with(&["--threads", "6"]);
        let server = launch.shim("slow=100").start()?;
        let contents = (b'a'..=b'f').map(|byte| vec![byte; PART]);
        let mut contents: Vec<_> = contents.collect();
        for (is_new, last) in [(true, "PUT"), (false, "PUT"), (false, "DELETE")]
        {
            let mut client = server.connect()?;
            let put = send(&mut client, "PUT", "/up/old", "", b"old")?;
            let mut fields =
                format!("If-Match: {}\r\n", put.field("etag").unwrap());
            if is_new {
                send(&mut client, "DELETE", "/up/old", "", b"")?;
                fields = "If-None-Match: *\r\n".to_string();
            }
            if last == "DELETE" {
                contents[5].clear();
            }
            let methods = ["PUT", "PUT", "PUT", "PUT", "PUT", last];
            let requests = methods.iter().zip(&contents);
            let requests = requests
                .map(|(method, it)| message(method, "/up/old", &fields, it));
            let mut clients: Vec<_> =
                server.connect_many(6)?.into_iter().zip(requests).collect();
            for (client, request) in &mut clients {
                client.send(&request[..request.len() - 1])?;
            }
            for (client, request) in &mut clients {
                client.send(&request[request.len() - 1..])?;
            }
            while !clients.iter().all(|(client, _)| client.has_something()) {
                let is_whole = match fs::read(tree.path("up/old")) {
                    Ok(now) => now == b"old" || contents.contains(&now),
                    Err(_) => is_new || last == "DELETE",
                };
                assert!(is_whole, "{fields}");
            }
            let mut done = Vec::new();
            for ((client, _), content) in clients.iter_mut().zip(&contents) {
                match client.response()?.status {
                    201 | 204 => done.push(content),
                    status => assert_eq!(status, 412),
                }
            }
            // Nothing, if that was the change.
            let now = fs::read(tree.path("up/old")).unwrap_or_default();
            assert!(done == [&now], "{} of {fields}", done.len());
        }
        server.interrupt()
    })
}

/// Of whatever size it is; and who asks before sending one that is too large
/// is told.
#[test]
fn a_large_body_takes_little_memory() -> Outcome {
    const LARGE: usize = 64 << 20;
    const MOST: usize = 1 << 30;
    on_every("sites", |step| {
        let tree = Tree::new();
        let server = on(step, &tree)?.start()?;
        let mut peaks = Vec::new();
        for size in [PART, LARGE, MOST, MOST + 1] {
            let mut client = server.connect()?;
            let expect =
                format!("Expect: 100-continue\r\nContent-Length: {size}\r\n");
            client.send(request("PUT", "/up/large", &expect).as_bytes())?;
            let line = if size > MOST { "413" } else { "100" };
            client.expect(format!("HTTP/1.1 {line} Cont").as_bytes())?;
            if size <= LARGE {
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
        let loops = ["--workers", "4"];
        let loops = if step.does("cores") { &loops[..] } else { &[] };
        let server = on(step, &tree)?.with(&["--write", "/"]);
        let server = server.with(loops).start()?;
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
        // The page for what is not there is theirs as well.
        send(&mut clients[0], "PUT", "/404.html", "", b"<script>")?;
        let page = get(&mut clients[0], "/none.js")?;
        assert_eq!((page.status, &*page.body), (404, &b"<script>"[..]));
        assert_eq!(page.field("content-security-policy"), Some("sandbox"));
        server.interrupt()
    })
}

/// What one thread for jobs does: a file that may be there already is not
/// opened, what is sent is on the disk with its name, and then the loop is
/// told.
const WORK: [&str; 4] = [
    "openat write fchmod fsync renameat fsync write",
    "unlinkat fsync write",
    // The directory that the guest book is in, first.
    "openat openat write fchmod fsync renameat fsync write",
    "getdents64 getdents64 write",
];

/// A disk may take its time, and others wait for a loop: also when a client
/// leaves it a part.
#[test]
fn no_loop_waits_for_a_disk() -> Outcome {
    let call = |line: &str| {
        let call = line.split('(').next().unwrap_or_default();
        // The C library makes the older call if there is no flag.
        let call = call.replace("renameat2", "renameat");
        let mut calls = WORK.iter().flat_map(|it| it.split(' '));
        calls.any(|it| it == call).then_some(call)
    };
    on_every("sites", |step| {
        let tree = Tree::new();
        fs::create_dir(tree.path("up")).unwrap();
        let (root, book) = (tree.root(), tree.outside().join("book"));
        let [root, book] = [root, book].map(|it| it.display().to_string());
        let mut flags =
            vec!["--root", &root, "--write", "/up", "--guestbook", &book];
        let log = tree.outside().join("log");
        if !step.does("cores") {
            flags.extend(["--threads", "1"]);
        }
        if step.does("service") {
            flags.extend(["--log", log.to_str().unwrap()]);
        }
        let lines = trace_with(step, &flags, |server| {
            let mut client = server.connect()?;
            send(&mut client, "PUT", "/up/a", "", b"content")?;
            send(&mut client, "DELETE", "/up/a", "", b"")?;
            send(&mut client, "POST", "/guestbook", FORM, b"name=n&text=t")?;
            get(&mut client, "/up/")?;
            let request = message("PUT", "/up/a", "", &pattern(PART));
            client.send(&request[..PART])?;
            let has = |count| (names(&tree).len() == count).then_some(());
            server.eventually("writes what has come", || has(1))?;
            client.reset()?;
            server.eventually("removes it", || has(0))?;
            // Only the owner may read it.
            let is_new = |line: &str| line.contains("O_EXCL|O_CLOEXEC, 0600)");
            let text = traces(server).find(|it| is_new(it));
            let text = text.expect("a file that is made for its owner");
            let lines = text.lines().skip_while(|it| !is_new(it));
            let done = lines.filter_map(call).collect::<Vec<_>>().join(" ");
            assert!(done.starts_with(&WORK.join(" ")), "{done}");
            let is_logged = || match fs::read(&log) {
                Ok(lines) => (!lines.is_empty()).then_some(()),
                Err(_) => Some(()),
            };
            server.eventually("writes what has been asked", is_logged)?;
            Ok(())
        })?;
        let is_change = |line: &&String| {
            let call = call(line);
            let written = ["\"content\"", " - - ["];
            let is_content = written.iter().any(|it| line.contains(it));
            call.is_some_and(|it| it != "write" || is_content)
        };
        let lines = lines.unwrap_or_default();
        // The loop may be in the thread that has opened all of it.
        let is_first = |it: &String| it.contains("\"listening on ");
        let start = lines.iter().position(is_first).unwrap_or(0);
        assert_eq!(lines[start..].iter().find(is_change), None);
        Ok(())
    })
}
