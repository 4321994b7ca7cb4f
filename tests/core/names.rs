//! http/path.rs: from a target's path to a name. RFC 3986.

use std::cell::Cell;

use shared::http::path::{decode_path, encode_directory};
use shared::http::status::Status;

use crate::entries::path::path;
use crate::fuzz::fuzz;

const MALFORMED: Status = Status::BadRequest;
const NAMELESS: Status = Status::NotFound;

fn name(path: &str) -> Result<String, Status> {
    // What was there before must not matter.
    let mut name = b"old/content".to_vec();
    decode_path(path, &mut name)?;
    Ok(String::from_utf8_lossy(&name).into_owned())
}

/// Paths, and the names that they stand for.
const NAMES: &[(&str, &str)] = &[
    ("/", ""),
    ("/index.html", "index.html"),
    ("/a/b/c", "a/b/c"),
    ("/a/b/", "a/b/"),
    // Empty segments: to the kernel they are nothing.
    ("//", ""),
    ("///", ""),
    ("//etc/passwd", "etc/passwd"),
    ("/a//b", "a/b"),
    ("/a//", "a/"),
    // Dot segments, RFC 3986 section 5.2.4.
    ("/.", ""),
    ("/./", ""),
    ("/./a", "a"),
    ("/a/.", "a/"),
    ("/a/./b", "a/b"),
    ("/a/..", ""),
    ("/a/../", ""),
    ("/a/../b", "b"),
    ("/a/b/..", "a/"),
    ("/a/b/../..", ""),
    ("/a/b/../../c", "c"),
    ("/a/../b/../c/", "c/"),
    ("/a//../b", "b"),
    // Names with dots that are no dot segments.
    ("/...", "..."),
    ("/..a", "..a"),
    ("/a..", "a.."),
    ("/.well-known/x", ".well-known/x"),
    ("/a;..;/b", "a;..;/b"),
    ("/..;/a", "..;/a"),
    // Escapes: decoded once, before the dots are looked at.
    ("/%61", "a"),
    ("/%2e", ""),
    ("/a/%2e%2e/b", "b"),
    ("/a/%2E./b", "b"),
    ("/a/.%2e", ""),
    ("/%252e%252e/a", "%2e%2e/a"),
    ("/%25", "%"),
    ("/%2525", "%25"),
    ("/a%20b", "a b"),
    ("/a+b", "a+b"),
    ("/a%3Fb%23c", "a?b#c"),
    ("/%C3%A4", "ä"),
    ("/a%0D%0Ab", "a\r\nb"),
    ("/a%5Cb", "a\\b"),
    ("/\\..\\a", "\\..\\a"),
    ("/~user", "~user"),
    ("/a:b@c", "a:b@c"),
    ("/C:/windows", "C:/windows"),
];

const REFUSED: &[(&str, Status)] = &[
    // Above the root.
    ("/..", MALFORMED),
    ("/../", MALFORMED),
    ("/../a", MALFORMED),
    ("/../../../../etc/passwd", MALFORMED),
    ("/a/../..", MALFORMED),
    ("/a/../../files/x", MALFORMED),
    ("/./../a", MALFORMED),
    ("//../a", MALFORMED),
    ("/a//../../b", MALFORMED),
    ("/%2e%2e/a", MALFORMED),
    ("/%2E%2E/a", MALFORMED),
    ("/.%2e/a", MALFORMED),
    // Escapes that are none.
    ("/%", MALFORMED),
    ("/%2", MALFORMED),
    ("/a%", MALFORMED),
    ("/%zz", MALFORMED),
    ("/%2g", MALFORMED),
    ("/%g2", MALFORMED),
    ("/%+1", MALFORMED),
    ("/% 1", MALFORMED),
    ("/%-1", MALFORMED),
    ("/%2/e", MALFORMED),
    ("/%u002e", MALFORMED),
    // The kernel's names end at a NUL.
    ("/%00", MALFORMED),
    ("/a%00.png", MALFORMED),
    ("/a/%00/b", MALFORMED),
    // No file's name has a slash.
    ("/%2f", NAMELESS),
    ("/a%2fb", NAMELESS),
    ("/a%2Fb", NAMELESS),
    ("/%2fetc%2fpasswd", NAMELESS),
    ("/..%2f..%2fetc%2fpasswd", NAMELESS),
    ("/%2e%2e%2fetc", NAMELESS),
    ("/a%2f/../..", MALFORMED),
    ("/a%2f/%00", MALFORMED),
    // No path at all.
    ("", NAMELESS),
    ("*", NAMELESS),
    ("a", NAMELESS),
];

#[test]
fn paths_become_names() {
    for (path, expected) in NAMES {
        assert_eq!(name(path).as_deref(), Ok(*expected), "{path}");
    }
}

#[test]
fn paths_without_a_name_are_refused() {
    for (path, expected) in REFUSED {
        assert_eq!(name(path), Err(*expected), "{path}");
    }
}

#[test]
fn every_escape_is_its_byte() {
    for byte in 0..=255_u8 {
        for path in [format!("/x%{byte:02x}"), format!("/x%{byte:02X}")] {
            let mut name = Vec::new();
            let response = decode_path(&path, &mut name);
            match byte {
                0 => assert_eq!(response, Err(MALFORMED)),
                b'/' => assert_eq!(response, Err(NAMELESS)),
                _ => {
                    assert_eq!((response, &*name), (Ok(()), &[b'x', byte][..]))
                }
            }
        }
    }
}

fn location(name: &[u8], query: Option<&str>) -> String {
    let mut out = Vec::new();
    encode_directory(name, query, &mut out);
    String::from_utf8(out).expect("ASCII")
}

#[test]
fn a_location_stays_on_this_host() {
    assert_eq!(location(b"", None), "/");
    assert_eq!(location(b"a", None), "/a/");
    assert_eq!(location(b"a/b/", None), "/a/b/");
    assert_eq!(location(b"a", Some("")), "/a/?");
    assert_eq!(location(b"a", Some("b=c&d")), "/a/?b=c&d");
    assert_eq!(location(b"\\evil.example", None), "/%5Cevil.example/");
    assert_eq!(location(b"a\r\nX: y", None), "/a%0D%0AX:%20y/");
    assert_eq!(location("ä%?#".as_bytes(), None), "/%C3%A4%25%3F%23/");

    let evil = [
        "//evil.example",
        "///evil.example",
        "/%2e//evil.example",
        "/a/..//evil.example",
        "/.//evil.example",
        "//evil.example/%2e",
    ];
    for path in evil {
        let location = location(name(path).unwrap().as_bytes(), None);
        assert_eq!(location, "/evil.example/", "{path}");
    }
}

#[test]
fn fuzz_paths() {
    let pieces =
        ["/", "..", ".", "%", "%2e", "%2f", "%00", "%25", "//", "?", "\\"];
    let seeds = NAMES.iter().map(|(path, _)| path.as_bytes().to_vec());
    let (good, bad) = (Cell::new(0), Cell::new(0));
    fuzz(seeds, 5000, &pieces, |bytes| {
        let count = if path(bytes) { &good } else { &bad };
        count.set(count.get() + 1);
    });
    let (good, bad) = (good.get(), bad.get());
    assert!(good > 10_000 && bad > 10_000, "{good} good, {bad} bad");
}
