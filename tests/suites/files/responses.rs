//! The steps with files: what is said of a file, and by which methods.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use super::client::{ask, get, site};
use crate::lab::Outcome;
use crate::lab::fixtures::pattern;
use crate::lab::show::assert_same;
use crate::steps::{on_every, on_new_shells};

const ALLOWED: &str = "GET, HEAD, OPTIONS";

#[test]
fn a_file_is_labelled() -> Outcome {
    on_every("files", |step| {
        let (tree, server, mut client) = site(step)?;
        let binary: Vec<u8> = (0..=255).collect();
        const PLAIN: &str = "text/plain; charset=utf-8";
        // Which type goes with which ending, tests/core asks.
        let labels: [(&[u8], &str, &str); 6] = [
            (b"a.html", "/a.html", "text/html; charset=utf-8"),
            (b"a.svgz", "/a.svgz", "image/svg+xml"),
            (b"noextension", "/noextension", "application/octet-stream"),
            (b"two words.txt", "/two%20words.txt", PLAIN),
            (b"\xC3\xA4.txt", "/%C3%A4.txt", PLAIN),
            (b"\xFF.txt", "/%FF.txt", PLAIN),
        ];
        for (name, target, label) in labels {
            tree.write(OsStr::from_bytes(name), &binary);
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
fn files_of_all_sizes() -> Outcome {
    on_new_shells("files", |step| {
        let (tree, server, client) = site(step)?;
        client.close();
        // Around the sizes of buffers, each byte in its place.
        let large = [20_480, 20_481, 64 * 1024, 1 << 20, 5_000_001];
        for size in [0, 1, 4095, 15_984].into_iter().chain(large) {
            let content = pattern(size);
            tree.write(format!("{size}.bin"), &content);
            // The first seconds of a connection are no time to make files.
            let target = format!("/{size}.bin");
            let response = get(&mut server.connect()?, &target)?;
            assert_eq!(response.length(), Some(size));
            assert_same(&response.body, &content);
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
        let all = match step.does("sites") {
            true => "GET, HEAD, POST, PUT, DELETE, OPTIONS",
            false => "GET, HEAD, POST, OPTIONS",
        };
        let cases = [
            ("POST", "/file.txt", 405, ALLOWED),
            ("PUT", "/file.txt", 405, ALLOWED),
            ("POST", "/", 405, ALLOWED),
            ("POST", "/sub", 405, ALLOWED),
            ("POST", "/api/", 405, ALLOWED),
            // The same path, spelt otherwise.
            ("POST", "/%61pi/", 405, ALLOWED),
            ("POST", "/sub/../api/", 405, ALLOWED),
            ("GET", "/api/echo", 405, "POST, OPTIONS"),
            ("HEAD", "/api/echo", 405, "POST, OPTIONS"),
            ("OPTIONS", "/file.txt", 200, ALLOWED),
            ("OPTIONS", "/api/", 200, ALLOWED),
            ("OPTIONS", "/api/echo", 200, "POST, OPTIONS"),
            ("OPTIONS", "*", 200, all),
            ("OPTIONS", "/nothing", 404, ""),
            ("GET", "/api/nothing", 404, ""),
            ("OPTIONS", "/%", 400, ""),
        ];
        for (method, target, status, allowed) in cases {
            let mut client = server.connect()?;
            let response = ask(&mut client, method, target)?;
            let is = step.status(method, status);
            assert_eq!(response.status, is, "{method} {target}");
            let allow = response.field("allow").unwrap_or_default();
            assert_eq!(allow, allowed, "{method} {target}");
            assert!(status != 200 || response.body.is_empty(), "{target}");
        }
        assert_eq!(fs::read(tree.path("file.txt")).unwrap(), b"a file\n");
        server.interrupt()
    })
}
