//! The steps with files: what it says of a file, and of itself.

use std::fs;
use std::sync::mpsc;
use std::thread;

use super::client::{ask, get, request, site};
use crate::lab::Outcome;
use crate::lab::client::Response;
use crate::lab::fixtures::pattern;
use crate::lab::proc;
use crate::lab::show::assert_same;
use crate::steps::{on_each, on_every, with};

const ALLOWED: &str = "GET, HEAD, OPTIONS";

/// What may differ between two responses of the same sort.
fn without_date(response: &Response) -> Vec<&(String, String)> {
    let is_date = |name: &str| name.eq_ignore_ascii_case("date");
    response.fields.iter().filter(|field| !is_date(&field.0)).collect()
}

#[test]
fn head_is_get_without_the_body() -> Outcome {
    on_every("files", |step| {
        let (_tree, server, mut client) = site(step)?;
        let targets = ["/", "/file.txt", "/sub", "/nothing", "/%2f", "/api/"];
        for target in targets {
            let whole = get(&mut client, target)?;
            let head = ask(&mut client, "HEAD", target)?;
            assert_eq!(whole.status, head.status, "{target}");
            assert_eq!(without_date(&whole), without_date(&head), "{target}");
        }
        server.interrupt()
    })
}

#[test]
fn a_file_is_labelled() -> Outcome {
    on_every("files", |step| {
        let (tree, server, mut client) = site(step)?;
        let binary: Vec<u8> = (0..=255).collect();
        const PLAIN: &str = "text/plain; charset=utf-8";
        const UNKNOWN: &str = "application/octet-stream";
        let labels: [(&[u8], &str, &str); 18] = [
            (b"a.html", "/a.html", "text/html; charset=utf-8"),
            (b"a.css", "/a.css", "text/css; charset=utf-8"),
            (b"a.js", "/a.js", "text/javascript; charset=utf-8"),
            (b"a.txt", "/a.txt", PLAIN),
            (b"a.json", "/a.json", "application/json"),
            (b"a.svg", "/a.svg", "image/svg+xml"),
            (b"a.png", "/a.png", "image/png"),
            (b"a.PNG", "/a.PNG", "image/png"),
            (b"a.wasm", "/a.wasm", "application/wasm"),
            (b"a.tar.gz", "/a.tar.gz", "application/gzip"),
            (b"a.ts", "/a.ts", PLAIN),
            (b"a.svgz", "/a.svgz", "image/svg+xml"),
            (b"a.html.zzz", "/a.html.zzz", UNKNOWN),
            (b"noextension", "/noextension", UNKNOWN),
            (b"two words.txt", "/two%20words.txt", PLAIN),
            (b"\xC3\xA4.txt", "/%C3%A4.txt", PLAIN),
            (b"%.txt", "/%25.txt", PLAIN),
            (b"\xFF.txt", "/%FF.txt", PLAIN),
        ];
        for (name, target, label) in labels {
            tree.write_bytes(name, &binary);
            let response = get(&mut client, target)?;
            assert_eq!(response.status, 200, "{target}");
            assert_eq!(response.field("content-type"), Some(label), "{target}");
            let mut codings = response.values("content-encoding");
            assert_eq!(codings.next().is_some(), name == b"a.svgz", "{target}");
            let sniff = response.field("x-content-type-options");
            assert_eq!(sniff, Some("nosniff"), "{target}");
            assert_eq!(response.body, binary, "{target}");
        }
        server.interrupt()
    })
}

#[test]
fn an_empty_file_and_one_that_grows_large() -> Outcome {
    on_every("files", |step| {
        let (tree, server, mut client) = site(step)?;
        tree.write("empty.txt", b"");
        let response = get(&mut client, "/empty.txt")?;
        assert_eq!((response.status, response.length()), (200, Some(0)));
        // Around the sizes of buffers, each byte in its place.
        for size in [1, 4095, 16 * 1024 - 400, 64 * 1024, 1 << 20, 5_000_001] {
            let content = pattern(size);
            tree.write("sized.bin", &content);
            assert_same(&get(&mut client, "/sized.bin")?.body, &content);
        }
        server.interrupt()
    })
}

/// Other methods are told which are allowed, and OPTIONS is: RFC 9110 section
/// 9.3.7.
#[test]
fn methods_and_which_are_allowed() -> Outcome {
    on_every("files", |step| {
        let (tree, server, _) = site(step)?;
        let cases = [
            ("POST", "/file.txt", 405, ALLOWED),
            ("PUT", "/file.txt", 405, ALLOWED),
            ("DELETE", "/file.txt", 405, ALLOWED),
            ("PATCH", "/sub/page.html", 405, ALLOWED),
            ("POST", "/", 405, ALLOWED),
            ("POST", "/sub", 405, ALLOWED),
            ("POST", "/api/", 405, ALLOWED),
            ("GET", "/api/echo", 405, "POST, OPTIONS"),
            ("HEAD", "/api/echo", 405, "POST, OPTIONS"),
            ("PUT", "/api/echo", 405, "POST, OPTIONS"),
            ("OPTIONS", "/file.txt", 200, ALLOWED),
            ("OPTIONS", "/", 200, ALLOWED),
            ("OPTIONS", "/api/", 200, ALLOWED),
            ("OPTIONS", "/api/echo", 200, "POST, OPTIONS"),
            ("OPTIONS", "*", 200, "GET, HEAD, POST, OPTIONS"),
            ("OPTIONS", "/nothing", 404, ""),
            ("OPTIONS", "/%", 400, ""),
        ];
        for (method, target, status, allowed) in cases {
            let mut client = server.connect()?;
            let response = ask(&mut client, method, target)?;
            assert_eq!(response.status, status, "{method} {target}");
            let allow = response.field("allow").unwrap_or_default();
            assert_eq!(allow, allowed, "{method} {target}");
            assert!(status != 200 || response.body.is_empty(), "{target}");
        }
        assert_eq!(
            fs::read(tree.root().join("file.txt")).unwrap(),
            b"a file\n"
        );
        server.interrupt()
    })
}

/// What step 06 brought is still there.
#[test]
fn the_interface_of_step_06() -> Outcome {
    on_every("files", |step| {
        let (_tree, server, mut client) = site(step)?;
        let length = "Content-Length: 5\r\n";
        client.send(request("POST", "/api/echo", length).as_bytes())?;
        client.send(b"a\0\xffbc")?;
        let response = client.response()?;
        assert_eq!(
            (response.status, &*response.body),
            (200, &b"a\0\xffbc"[..])
        );
        assert_eq!(get(&mut client, "/api/")?.status, 200);
        assert_eq!(get(&mut client, "/api/nothing")?.status, 404);
        // The same path, spelt otherwise.
        assert_eq!(get(&mut client, "/%61pi/")?.status, 200);
        assert_eq!(get(&mut client, "/sub/../api/")?.status, 200);
        server.interrupt()
    })
}

/// Many requests in one piece: the responses come in order, each whole.
#[test]
fn pipelined_files() -> Outcome {
    on_every("files", |step| {
        let (tree, server, mut client) = site(step)?;
        let large = pattern(300_000);
        tree.write("large.bin", &large);
        let cases = [
            ("GET", "/file.txt", "", 200, &b"a file\n"[..]),
            ("HEAD", "/large.bin", "", 200, b""),
            ("GET", "/large.bin", "", 200, &large),
            ("GET", "/nothing", "", 404, b"Not Found\n"),
            ("OPTIONS", "/file.txt", "", 200, b""),
            ("GET", "/large.bin", "", 200, &large),
            ("GET", "/file.txt", "Connection: close\r\n", 200, b"a file\n"),
        ];
        let requests = cases.map(|case| request(case.0, case.1, case.2));
        client.send(requests.concat().as_bytes())?;
        for (method, _, _, status, body) in cases {
            let response = client.response_to(method)?;
            assert_eq!(response.status, status);
            assert_same(&response.body, body);
        }
        client.expect_eof()?;
        server.interrupt()
    })
}

/// Without a descriptor there is no file, for the moment; the conversation
/// goes on. (A child has a limit of its own.)
#[test]
fn a_server_short_of_descriptors() -> Outcome {
    let steps = with("files").filter(|step| !step.does("processes"));
    on_each(&steps.collect::<Vec<_>>(), |step| {
        let (_tree, server, mut client) = site(step)?;
        assert_eq!(get(&mut client, "/file.txt")?.status, 200);
        // 0, 1, 2, the root, the listener and this connection.
        server.limit_descriptors(6)?;
        assert_eq!(get(&mut client, "/file.txt")?.status, 503);
        assert_eq!(get(&mut client, "/api/")?.status, 200);
        server.limit_descriptors(100)?;
        assert_eq!(get(&mut client, "/file.txt")?.status, 200);
        server.interrupt()
    })
}

#[test]
fn closes_when_asked_to() -> Outcome {
    on_every("files", |step| {
        let (_tree, server, _) = site(step)?;
        for target in ["/file.txt", "/nothing", "/sub"] {
            let mut client = server.connect()?;
            let request = request("GET", target, "Connection: close\r\n");
            client.send(request.as_bytes())?;
            let response = client.response()?;
            assert_eq!(response.field("connection"), Some("close"), "{target}");
            client.expect_eof()?;
        }
        server.interrupt()
    })
}

/// The site that comes with the step, whatever directory it is started in.
#[test]
fn without_a_root_it_serves_its_own_site() -> Outcome {
    on_every("files", |step| {
        let server = step.launch(&["0"])?.start()?;
        let mut client = server.connect()?;
        let directory =
            concat!(env!("CARGO_MANIFEST_DIR"), "/steps/08-files/site");
        for name in
            ["index.html", "style.css", "echo.js", "pictures/socket.svg"]
        {
            let response = get(&mut client, &format!("/{name}"))?;
            let content = fs::read(format!("{directory}/{name}")).unwrap();
            assert_eq!(
                (response.status, response.body),
                (200, content),
                "{name}"
            );
        }
        server.interrupt()
    })
}

/// Finding a pipe is not opening it: the program that waits to write into it
/// goes on waiting, until its reader comes.
#[test]
fn a_pipe_with_a_waiting_writer() -> Outcome {
    on_every("files", |step| {
        let (tree, server, mut client) = site(step)?;
        let path = tree.root().join("fifo");
        let (tell, told) = mpsc::channel();
        let writer = thread::spawn({
            let path = path.clone();
            move || {
                // SAFETY: gettid(2) takes nothing and cannot fail.
                tell.send(unsafe { libc::gettid() }).unwrap();
                fs::write(path, "for another reader")
            }
        });
        let thread = told.recv().unwrap();
        server.eventually("has a writer that waits for a reader", || {
            proc::waits_in(thread, "openat()").then_some(())
        })?;
        for _ in 0..20 {
            assert_eq!(get(&mut client, "/fifo")?.status, 404);
        }
        assert_eq!(fs::read(path).unwrap(), b"for another reader");
        writer.join().unwrap().unwrap();
        server.interrupt()
    })
}
