//! Step 08 over the wire: what it says of a file, and of itself.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, SystemTime};

use super::client::{self, Response, ask, ask_with};
use super::tree::Tree;
use crate::common::tools::assert_same;
use crate::common::{Program, eventually, pattern, proc};

const ALLOWED: &str = "GET, HEAD, OPTIONS";

/// What may differ between two responses of the same sort.
fn without_date(response: &Response) -> Vec<&(String, String)> {
    response.fields.iter().filter(|field| field.0 != "date").collect()
}

#[test]
fn head_is_get_without_the_body() {
    let tree = Tree::new();
    let server = client::serve(&tree);
    let mut client = server.connect();
    let targets = ["/", "/file.txt", "/sub", "/nothing", "/%2f", "/api/"];
    for target in targets {
        let get = ask(&mut client, "GET", target);
        let head = ask(&mut client, "HEAD", target);
        assert_eq!(get.status, head.status, "{target}");
        assert_eq!(without_date(&get), without_date(&head), "{target}");
        assert_eq!(get.length(), get.body.len(), "{target}");
    }
    server.interrupt();
}

#[test]
fn a_file_is_labelled() {
    let tree = Tree::new();
    let binary: Vec<u8> = (0..=255).collect();
    let labels = [
        ("a.html", "text/html; charset=utf-8"),
        ("a.css", "text/css; charset=utf-8"),
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.txt", "text/plain; charset=utf-8"),
        ("a.json", "application/json"),
        ("a.svg", "image/svg+xml"),
        ("a.png", "image/png"),
        ("a.PNG", "image/png"),
        ("a.wasm", "application/wasm"),
        ("a.tar.gz", "application/gzip"),
        ("a.ts", "text/plain; charset=utf-8"),
        ("a.svgz", "image/svg+xml"),
        ("a.html.zzz", "application/octet-stream"),
        ("noextension", "application/octet-stream"),
        ("name%20with%20blanks.txt", "text/plain; charset=utf-8"),
        ("%C3%A4.txt", "text/plain; charset=utf-8"),
        ("%25.txt", "text/plain; charset=utf-8"),
        ("%FF.txt", "text/plain; charset=utf-8"),
    ];
    for name in ["a.html", "a.css", "a.js", "a.txt", "a.json", "a.svg"] {
        tree.write(name, &binary);
    }
    for name in
        ["a.png", "a.PNG", "a.wasm", "a.tar.gz", "a.html.zzz", "a.ts", "a.svgz"]
    {
        tree.write(name, &binary);
    }
    for name in ["noextension", "name with blanks.txt", "ä.txt", "%.txt"] {
        tree.write(name, &binary);
    }
    tree.write_bytes(b"\xff.txt", &binary);
    let server = client::serve(&tree);
    let mut client = server.connect();
    for (name, label) in labels {
        let response = ask(&mut client, "GET", &format!("/{name}"));
        assert_eq!(response.status, 200, "{name}");
        assert_eq!(response.field("content-type"), Some(label), "{name}");
        let coding = response.field("content-encoding");
        assert_eq!(coding.is_some(), name == "a.svgz", "{name}");
        let sniff = response.field("x-content-type-options");
        assert_eq!(sniff, Some("nosniff"), "{name}");
        assert_eq!(response.body, binary, "{name}");
    }
    server.interrupt();
}

#[test]
fn an_empty_file_and_one_that_grows_large() {
    let tree = Tree::new();
    tree.write("empty.txt", b"");
    let server = client::serve(&tree);
    let mut client = server.connect();
    let response = ask(&mut client, "GET", "/empty.txt");
    assert_eq!((response.status, response.length()), (200, 0));
    // Around the sizes of buffers, each byte in its place.
    for size in [1, 4095, 16 * 1024 - 400, 64 * 1024, 1 << 20, 5_000_001] {
        let content = pattern(size);
        tree.write("sized.bin", &content);
        let response = ask(&mut client, "GET", "/sized.bin");
        assert_eq!(response.length(), size);
        assert_same(&response.body, &content);
    }
    server.interrupt();
}

#[test]
fn a_directory_gets_its_slash() {
    let tree = Tree::new();
    for name in ["evil.example", "\\evil", "ä b", "x\r\nX-Evil: yes"] {
        tree.directory(name);
    }
    let server = client::serve(&tree);
    let mut client = server.connect();
    let cases = [
        ("/sub", "/sub/"),
        ("/sub?a=b&c", "/sub/?a=b&c"),
        ("/sub?", "/sub/?"),
        ("/sub?x=\"<{}|^`&%20%", "/sub/?x=%22%3C%7B%7D%7C%5E%60&%20%"),
        ("/sub/deeper", "/sub/deeper/"),
        ("/to-sub", "/to-sub/"),
        ("/./sub", "/sub/"),
        ("/%73ub", "/sub/"),
        ("http://other.example/sub", "/sub/"),
        // No way to another host: RFC 3986 section 4.2.
        ("//evil.example", "/evil.example/"),
        ("///evil.example", "/evil.example/"),
        ("/.//evil.example", "/evil.example/"),
        ("/sub/..//evil.example", "/evil.example/"),
        ("/%5cevil", "/%5Cevil/"),
        ("/\\evil", "/%5Cevil/"),
        // Nor to another field.
        ("/x%0d%0aX-Evil:%20yes", "/x%0D%0AX-Evil:%20yes/"),
        ("/%C3%A4%20b", "/%C3%A4%20b/"),
    ];
    for (target, location) in cases {
        let response = ask(&mut client, "GET", target);
        assert_eq!(response.status, 301, "{target}");
        assert_eq!(response.field("location"), Some(location), "{target}");
        assert!(response.field("x-evil").is_none(), "{target}");
        assert!(response.length() < 100, "{target}");
    }
    server.interrupt();
}

#[test]
fn other_methods_are_told_which_are_allowed() {
    let tree = Tree::new();
    let server = client::serve(&tree);
    let cases = [
        ("POST", "/file.txt", ALLOWED),
        ("PUT", "/file.txt", ALLOWED),
        ("DELETE", "/file.txt", ALLOWED),
        ("PATCH", "/sub/page.html", ALLOWED),
        ("POST", "/", ALLOWED),
        ("POST", "/sub", ALLOWED),
        ("POST", "/api/", ALLOWED),
        ("GET", "/api/echo", "POST, OPTIONS"),
        ("HEAD", "/api/echo", "POST, OPTIONS"),
        ("PUT", "/api/echo", "POST, OPTIONS"),
    ];
    for (method, target, allowed) in cases {
        let mut client = server.connect();
        let response = ask(&mut client, method, target);
        assert_eq!(response.status, 405, "{method} {target}");
        let allow = response.field("allow");
        assert_eq!(allow, Some(allowed), "{method} {target}");
    }
    assert_eq!(fs::read(tree.root().join("file.txt")).unwrap(), b"a file\n");
    server.interrupt();
}

/// RFC 9110 section 9.3.7.
#[test]
fn options() {
    let tree = Tree::new();
    let server = client::serve(&tree);
    let mut client = server.connect();
    let cases = [
        ("/file.txt", ALLOWED),
        ("/", ALLOWED),
        ("/api/", ALLOWED),
        ("/api/echo", "POST, OPTIONS"),
        ("*", "GET, HEAD, POST, OPTIONS"),
    ];
    for (target, allowed) in cases {
        let response = ask(&mut client, "OPTIONS", target);
        assert_eq!((response.status, response.length()), (200, 0), "{target}");
        assert_eq!(response.field("allow"), Some(allowed), "{target}");
    }
    assert_eq!(ask(&mut client, "OPTIONS", "/nothing").status, 404);
    assert_eq!(ask(&mut client, "OPTIONS", "/%").status, 400);
    server.interrupt();
}

/// What step 06 brought is still there.
#[test]
fn the_interface_of_step_06() {
    let tree = Tree::new();
    let server = client::serve(&tree);
    let mut client = server.connect();
    let length = "Content-Length: 5\r\n";
    client::send(&mut client, "POST", "/api/echo", length);
    client.send(b"a\0\xffbc");
    let response = client::receive(&mut client, "POST");
    assert_eq!((response.status, &*response.body), (200, &b"a\0\xffbc"[..]));
    assert_eq!(ask(&mut client, "GET", "/api/").status, 200);
    assert_eq!(ask(&mut client, "GET", "/api/nothing").status, 404);
    // The same path, spelt otherwise.
    assert_eq!(ask(&mut client, "GET", "/%61pi/").status, 200);
    assert_eq!(ask(&mut client, "GET", "/sub/../api/").status, 200);
    server.interrupt();
}

fn seconds(date: &str) -> u64 {
    let time = httpdate::parse_http_date(date).expect("a date");
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    let seconds = since.expect("after 1970").as_secs();
    // Nothing else may be written than the first form.
    assert_eq!(httpdate::fmt_http_date(time), date);
    seconds
}

#[test]
fn validators_tell_the_truth() {
    let tree = Tree::new();
    let path = tree.root().join("file.txt");
    let server = client::serve(&tree);
    let mut client = server.connect();
    let now = || SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();

    let earliest = now();
    let first = ask(&mut client, "GET", "/file.txt");
    let date = seconds(first.field("date").expect("Date"));
    assert!((earliest..=now()).contains(&date));
    let modified = first.field("last-modified").expect("Last-Modified");
    assert_eq!(seconds(modified), fs::metadata(&path).unwrap().mtime() as u64);
    let tag = |response: &Response| response.field("etag").unwrap().to_string();
    assert!(tag(&first).starts_with('"') && tag(&first).ends_with('"'));
    let again = ask(&mut client, "GET", "/file.txt");
    assert_eq!(tag(&again), tag(&first));
    assert_ne!(tag(&ask(&mut client, "GET", "/index.html")), tag(&first));

    // Other content: the same size, and the same second.
    let file = fs::File::options().write(true).open(&path).unwrap();
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    file.set_modified(time + Duration::from_nanos(1)).unwrap();
    let changed = ask(&mut client, "GET", "/file.txt");
    assert_ne!(tag(&changed), tag(&first));

    // Another file of the same size and time takes the name.
    tree.write("other.txt", b"b file\n");
    let other = tree.root().join("other.txt");
    let twin = fs::File::options().write(true).open(&other).unwrap();
    twin.set_modified(time + Duration::from_nanos(1)).unwrap();
    fs::rename(&other, &path).unwrap();
    let moved = ask(&mut client, "GET", "/file.txt");
    assert_eq!(moved.body, b"b file\n");
    assert_ne!(tag(&moved), tag(&changed));
    assert_eq!(moved.field("last-modified"), changed.field("last-modified"));
    server.interrupt();
}

/// RFC 9110 section 8.8.2.1.
#[test]
fn a_file_from_the_future_was_modified_now() {
    let tree = Tree::new();
    let path = tree.root().join("file.txt");
    let file = fs::File::options().write(true).open(path).unwrap();
    let year = Duration::from_secs(365 * 86_400);
    file.set_modified(SystemTime::now() + year).unwrap();
    let server = client::serve(&tree);
    let response = ask(&mut server.connect(), "GET", "/file.txt");
    assert_eq!(response.field("last-modified"), response.field("date"));
    server.interrupt();
}

/// Many requests in one piece: the responses come in order, each whole.
#[test]
fn pipelined_files() {
    let tree = Tree::new();
    let large = pattern(300_000);
    tree.write("large.bin", &large);
    let server = client::serve(&tree);
    let mut client = server.connect();
    let request = |method: &str, target: &str| {
        format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n\r\n")
    };
    let requests = [
        request("GET", "/file.txt"),
        request("HEAD", "/large.bin"),
        request("GET", "/large.bin"),
        request("GET", "/nothing"),
        request("OPTIONS", "/file.txt"),
        request("GET", "/large.bin"),
        "GET /file.txt HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
            .to_string(),
    ];
    client.send(requests.concat().as_bytes());
    let bytes = client.receive_all();
    let mut rest = &bytes[..];
    let mut statuses = Vec::new();
    for method in ["GET", "HEAD", "GET", "GET", "OPTIONS", "GET", "GET"] {
        let (response, after) = client::split(rest, method);
        if response.status == 200 && response.length() == large.len() {
            let expected = if method == "HEAD" { &[] } else { &large[..] };
            assert_same(&response.body, expected);
        }
        statuses.push(response.status);
        rest = after;
    }
    assert_eq!(statuses, [200, 200, 200, 404, 200, 200, 200]);
    assert!(rest.is_empty());
    server.interrupt();
}

/// Without a descriptor there is no file, for the moment; the conversation
/// goes on.
#[test]
fn a_server_short_of_descriptors() {
    let tree = Tree::new();
    let server = client::serve(&tree);
    let mut client = server.connect();
    assert_eq!(ask(&mut client, "GET", "/file.txt").status, 200);
    // 0, 1, 2, the root, the listener and this connection.
    server.limit_descriptors(6);
    assert_eq!(ask(&mut client, "GET", "/file.txt").status, 503);
    assert_eq!(ask(&mut client, "GET", "/api/").status, 200);
    server.limit_descriptors(100);
    assert_eq!(ask(&mut client, "GET", "/file.txt").status, 200);
    server.interrupt();
}

#[test]
fn closes_when_asked_to() {
    let tree = Tree::new();
    let server = client::serve(&tree);
    for target in ["/file.txt", "/nothing", "/sub"] {
        let mut client = server.connect();
        let fields = "Connection: close\r\n";
        let response = ask_with(&mut client, "GET", target, fields);
        assert_eq!(response.field("connection"), Some("close"), "{target}");
        client.expect_end();
    }
    server.interrupt();
}

/// The site that comes with the step, whatever directory it is started in.
#[test]
fn without_a_root_it_serves_its_own_site() {
    let arguments = ["-C", "/", client::STEP_08, "0"];
    let program = Program::new("/usr/bin/env", &arguments);
    let server = client::Server::announced(program.start());
    let mut client = server.connect();
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/steps/08-files/site");
    for name in ["index.html", "style.css", "echo.js", "pictures/socket.svg"] {
        let response = ask(&mut client, "GET", &format!("/{name}"));
        let content = fs::read(format!("{directory}/{name}")).unwrap();
        assert_eq!((response.status, response.body), (200, content), "{name}");
    }
    server.interrupt();
}

/// A directory that may be entered but not listed, and one whose index is no
/// file.
#[test]
fn directories_that_are_special() {
    let tree = Tree::new();
    tree.directory("closed");
    tree.write("closed/index.html", b"inside");
    tree.directory("odd");
    tree.directory("odd/index.html");
    let closed = tree.root().join("closed");
    // The owner too may enter it only, and root is no exception here.
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o311)).unwrap();
    let server = client::serve_as_user(&tree);
    let mut client = server.connect();
    for (target, status) in [
        ("/closed", 301),
        ("/closed/", 200),
        ("/odd", 301),
        ("/odd/", 404),
        ("/odd/index.html", 301),
    ] {
        let response = ask(&mut client, "GET", target);
        assert_eq!(response.status, status, "{target}");
    }
    // So that it can be removed.
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    server.interrupt();
}

/// Finding a pipe is not opening it: the program that waits to write into it
/// goes on waiting, until its reader comes.
#[test]
fn a_pipe_with_a_waiting_writer() {
    let tree = Tree::new();
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
    eventually("the writer waits for a reader", || {
        proc::sleeps_in(thread, libc::SYS_openat).then_some(())
    });
    let server = client::serve(&tree);
    let mut client = server.connect();
    for _ in 0..20 {
        assert_eq!(ask(&mut client, "GET", "/fifo").status, 404);
    }
    assert_eq!(fs::read(path).unwrap(), b"for another reader");
    writer.join().unwrap().unwrap();
    server.interrupt();
}
