//! The steps with ranges over the wire: each kind of response whole, with its
//! fields, and the connection good for more. What is decided, and when, stands
//! in tests/core.

use std::time::{Duration, SystemTime};

use super::client::{after_change, ask_with as ask, at, get, site};
use super::tree::Tree;
use crate::lab::Outcome;
use crate::lab::client::{Client, Response};
use crate::lab::fixtures::pattern;
use crate::lab::program::Program;
use crate::lab::show::assert_same;
use crate::steps::{Step, on_every};

/// A file that has not changed for a minute, and a client.
fn old_file(step: &Step) -> Outcome<(Tree, Program, Client, Vec<u8>)> {
    let tree = Tree::new();
    let content = pattern(10_000);
    tree.write_old("old.bin", &content);
    let server = at(step, &tree.root())?.start()?;
    let client = server.connect()?;
    Ok((tree, server, client, content))
}

/// The names of its fields, in lower case and in order.
fn names(response: &Response) -> Vec<String> {
    let names = response.fields.iter();
    let mut names: Vec<_> = names.map(|f| f.0.to_lowercase()).collect();
    names.sort();
    names
}

#[test]
fn each_status_has_its_fields() -> Outcome {
    const FILE: [&str; 8] = [
        "accept-ranges",
        "cache-control",
        "content-length",
        "content-type",
        "date",
        "etag",
        "last-modified",
        "x-content-type-options",
    ];
    const LONG_AGO: &str =
        "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT\r\n";
    const ERROR: [&str; 4] =
        ["content-length", "content-type", "date", "x-content-type-options"];
    on_every("ranges", |step| {
        let (_tree, server, mut client, content) = old_file(step)?;
        let whole = get(&mut client, "/old.bin")?;
        // There is another variant perhaps, or there may be one tomorrow.
        let vary = step.does("ready-responses").then_some("vary");
        let mut file: Vec<_> = FILE.into_iter().chain(vary).collect();
        file.sort_unstable();
        assert_eq!(names(&whole), file);
        assert_eq!(whole.field("cache-control"), Some("no-cache"));
        assert_eq!(whole.field("accept-ranges"), Some("bytes"));
        let tag = whole.field("etag").unwrap();
        assert!(tag.starts_with('"'), "{tag}");
        let modified = whole.field("last-modified").unwrap();
        let with_range = |names: &[&'static str]| {
            let mut names = names.to_vec();
            names.push("content-range");
            names.sort_unstable();
            names
        };
        for (range, shown, part, validator) in [
            ("0-99", "bytes 0-99/10000", 0..100, tag),
            ("9000-", "bytes 9000-9999/10000", 9000..10_000, modified),
            ("-1", "bytes 9999-9999/10000", 9999..10_000, tag),
        ] {
            // The file's time has nanoseconds, and the date has none.
            let lines = format!(
                "Range: bytes={range}\r\nIf-Range: {validator}\r\n\
                 If-Unmodified-Since: {modified}\r\n"
            );
            let response = ask(&mut client, "GET", "/old.bin", &lines)?;
            assert_eq!(response.status, 206, "{range}");
            assert_eq!(names(&response), with_range(&file), "{range}");
            assert_eq!(response.field("content-range"), Some(shown));
            assert_eq!(response.length(), Some(part.len()), "{range}");
            let own = ["content-length", "date"];
            for name in file.iter().filter(|name| !own.contains(name)) {
                assert_eq!(response.field(name), whole.field(name), "{range}");
            }
            assert_same(&response.body, &content[part]);
            // HEAD has no parts.
            let head = ask(&mut client, "HEAD", "/old.bin", &lines)?;
            assert_eq!((head.status, head.length()), (200, Some(10_000)));
        }
        let beyond = "Range: bytes=10000-\r\n";
        let response = ask(&mut client, "GET", "/old.bin", beyond)?;
        assert_eq!(response.status, 416);
        assert_eq!(names(&response), with_range(&ERROR));
        let range = response.field("content-range");
        assert_eq!(range, Some("bytes */10000"));

        let few = ["cache-control", "date", "etag"].into_iter().chain(vary);
        let (few, error) = (few.collect::<Vec<_>>(), ERROR.to_vec());
        for (lines, status, fields) in [
            (format!("If-None-Match: \"b\", W/{tag}\r\n"), 304, &few),
            (format!("If-Modified-Since: {modified}\r\n"), 304, &few),
            ("If-Match: \"b\"\r\n".into(), 412, &error),
            (LONG_AGO.into(), 412, &error),
        ] {
            for method in ["GET", "HEAD"] {
                let response = ask(&mut client, method, "/old.bin", &lines)?;
                assert_eq!(response.status, status, "{lines}");
                assert_eq!(names(&response), *fields, "{lines}");
                for name in few.iter().filter(|it| **it != "date") {
                    let is_same = response.field(name) == whole.field(name);
                    assert!(is_same || status == 412, "{name} of {lines}");
                }
            }
        }
        assert_eq!(get(&mut client, "/old.bin")?.body, content);
        let last = "If-None-Match: *\r\nConnection: close\r\n";
        let response = ask(&mut client, "GET", "/old.bin", last)?;
        assert!(response.status == 304 && response.says("close"));
        client.expect_eof()?;
        server.interrupt()
    })
}

/// RFC 9110 section 13.2.1: they count only where the response would be 2xx;
/// and section 14.2.
#[test]
fn other_responses_stay() -> Outcome {
    on_every("ranges", |step| {
        let (_tree, server, mut client) = site(step)?;
        let failing = "If-Match: \"b\"\r\nRange: bytes=0-0\r\n";
        for (method, target, status) in [
            ("GET", "/nothing", 404),
            ("GET", "/sub", 301),
            ("POST", "/file.txt", 405),
            ("OPTIONS", "/file.txt", 200),
            ("GET", "/api/", 200),
            ("GET", "/sub/deeper/", if step.does("sites") { 200 } else { 404 }),
            ("POST", "/api/echo", 200),
        ] {
            let response = ask(&mut client, method, target, failing)?;
            let status = step.status(method, status);
            assert_eq!(response.status, status, "{method} {target}");
            assert_eq!(response.field("accept-ranges"), None, "{target}");
        }
        server.interrupt()
    })
}

/// One state: who has half of a file that is another by now gets all of it.
#[test]
fn a_file_that_changes_between_two_requests() -> Outcome {
    on_every("ranges", |step| {
        let (tree, server, mut client, content) = old_file(step)?;
        let whole = get(&mut client, "/old.bin")?;
        let tag = whole.field("etag").unwrap();
        let lines = format!("Range: bytes=5000-\r\nIf-Range: {tag}\r\n");
        let part = ask(&mut client, "GET", "/old.bin", &lines)?;
        assert_eq!((part.status, &part.body[..]), (206, &content[5000..]));

        // By its date that would be the same second.
        let old = SystemTime::now() - Duration::from_secs(60);
        tree.touch("old.bin", old + Duration::from_nanos(1));
        let whole = after_change(step, &server, &part, || {
            ask(&mut client, "GET", "/old.bin", &lines)
        })?;
        assert_eq!((whole.status, &whole.body), (200, &content));
        let lines = format!("If-None-Match: {tag}\r\n");
        let changed = ask(&mut client, "GET", "/old.bin", &lines)?;
        assert_eq!(changed.status, 200);

        // So lately that it may change again without a trace.
        tree.touch("old.bin", SystemTime::now() + Duration::from_secs(3600));
        let fresh = after_change(step, &server, &changed, || {
            get(&mut client, "/old.bin")
        })?;
        let tag = fresh.field("etag").unwrap();
        assert!(tag.starts_with("W/\""), "{tag}");
        let lines = format!("Range: bytes=0-0\r\nIf-Range: {tag}\r\n");
        let whole = ask(&mut client, "GET", "/old.bin", &lines)?;
        assert_eq!(whole.status, 200);
        let lines = format!("If-None-Match: {tag}\r\n");
        let known = ask(&mut client, "GET", "/old.bin", &lines)?;
        assert_eq!(known.status, 304);
        server.interrupt()
    })
}
