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

/// Paths, and the names that they stand for, or why they stand for none.
const PATHS: &[(&str, Result<&str, Status>)] = &[
    ("/", Ok("")),
    ("/index.html", Ok("index.html")),
    ("/a/b/c", Ok("a/b/c")),
    ("/a/b/", Ok("a/b/")),
    // Empty segments: to the kernel they are nothing.
    ("//", Ok("")),
    ("///", Ok("")),
    ("//etc/passwd", Ok("etc/passwd")),
    ("/a//b", Ok("a/b")),
    ("/a//", Ok("a/")),
    // Dot segments, RFC 3986 section 5.2.4.
    ("/.", Ok("")),
    ("/./", Ok("")),
    ("/./a", Ok("a")),
    ("/a/.", Ok("a/")),
    ("/a/./b", Ok("a/b")),
    ("/a/..", Ok("")),
    ("/a/../", Ok("")),
    ("/a/../b", Ok("b")),
    ("/a/b/..", Ok("a/")),
    ("/a/b/../..", Ok("")),
    ("/a/b/../../c", Ok("c")),
    ("/a/../b/../c/", Ok("c/")),
    ("/a//../b", Ok("b")),
    // Names with dots that are no dot segments.
    ("/...", Ok("...")),
    ("/..a", Ok("..a")),
    ("/a..", Ok("a..")),
    ("/.well-known/x", Ok(".well-known/x")),
    ("/a;..;/b", Ok("a;..;/b")),
    ("/..;/a", Ok("..;/a")),
    // Escapes: decoded once, before the dots are looked at.
    ("/%61", Ok("a")),
    ("/%2e", Ok("")),
    ("/a/%2e%2e/b", Ok("b")),
    ("/a/%2E./b", Ok("b")),
    ("/a/.%2e", Ok("")),
    ("/%252e%252e/a", Ok("%2e%2e/a")),
    ("/%25", Ok("%")),
    ("/%2525", Ok("%25")),
    ("/a%20b", Ok("a b")),
    ("/a+b", Ok("a+b")),
    ("/a%3Fb%23c", Ok("a?b#c")),
    ("/%C3%A4", Ok("ä")),
    ("/a%0D%0Ab", Ok("a\r\nb")),
    ("/a%5Cb", Ok("a\\b")),
    ("/\\..\\a", Ok("\\..\\a")),
    ("/~user", Ok("~user")),
    ("/a:b@c", Ok("a:b@c")),
    ("/C:/windows", Ok("C:/windows")),
    // Above the root.
    ("/..", Err(MALFORMED)),
    ("/../", Err(MALFORMED)),
    ("/../a", Err(MALFORMED)),
    ("/../../../../etc/passwd", Err(MALFORMED)),
    ("/a/../..", Err(MALFORMED)),
    ("/a/../../files/x", Err(MALFORMED)),
    ("/./../a", Err(MALFORMED)),
    ("//../a", Err(MALFORMED)),
    ("/a//../../b", Err(MALFORMED)),
    ("/%2e%2e/a", Err(MALFORMED)),
    ("/%2E%2E/a", Err(MALFORMED)),
    ("/.%2e/a", Err(MALFORMED)),
    // Escapes that are none.
    ("/%", Err(MALFORMED)),
    ("/%2", Err(MALFORMED)),
    ("/a%", Err(MALFORMED)),
    ("/%zz", Err(MALFORMED)),
    ("/%2g", Err(MALFORMED)),
    ("/%g2", Err(MALFORMED)),
    ("/%+1", Err(MALFORMED)),
    ("/% 1", Err(MALFORMED)),
    ("/%-1", Err(MALFORMED)),
    ("/%2/e", Err(MALFORMED)),
    ("/%u002e", Err(MALFORMED)),
    // The kernel's names end at a NUL.
    ("/%00", Err(MALFORMED)),
    ("/a%00.png", Err(MALFORMED)),
    ("/a/%00/b", Err(MALFORMED)),
    // No file's name has a slash.
    ("/%2f", Err(NAMELESS)),
    ("/a%2fb", Err(NAMELESS)),
    ("/a%2Fb", Err(NAMELESS)),
    ("/%2fetc%2fpasswd", Err(NAMELESS)),
    ("/..%2f..%2fetc%2fpasswd", Err(NAMELESS)),
    ("/%2e%2e%2fetc", Err(NAMELESS)),
    ("/a%2f/../..", Err(MALFORMED)),
    ("/a%2f/%00", Err(MALFORMED)),
    // No path at all.
    ("", Err(NAMELESS)),
    ("*", Err(NAMELESS)),
    ("a", Err(NAMELESS)),
];

#[test]
fn paths_become_names_or_are_refused() {
    for (path, expected) in PATHS {
        assert_eq!(name(path), expected.map(String::from), "{path}");
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

/// What a directory is asked for as, and the Location with its slash: no way to
/// another host (RFC 3986 section 4.2), nor to another field.
const LOCATIONS: [(&str, &str); 17] = [
    ("/", "/"),
    ("/a", "/a/"),
    ("/%61/b/", "/a/b/"),
    ("/a?", "/a/?"),
    ("/a?b=c&d?", "/a/?b=c&d?"),
    ("/a?b=\"<{}|^`&%20%", "/a/?b=%22%3C%7B%7D%7C%5E%60&%20%"),
    ("/\\evil.example", "/%5Cevil.example/"),
    ("/%5cevil.example", "/%5Cevil.example/"),
    ("/a%0d%0aX-Evil:%20yes", "/a%0D%0AX-Evil:%20yes/"),
    ("/%C3%A4%25%3F%23", "/%C3%A4%25%3F%23/"),
    ("//evil.example", "/evil.example/"),
    ("///evil.example", "/evil.example/"),
    ("/%2e//evil.example", "/evil.example/"),
    ("/a/..//evil.example", "/evil.example/"),
    ("/.//evil.example", "/evil.example/"),
    ("//evil.example/%2e", "/evil.example/"),
    ("//evil.example/?//a", "/evil.example/?//a"),
];

#[test]
fn a_location_stays_on_this_host() {
    for (target, expected) in LOCATIONS {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let (mut name, mut location) = (Vec::new(), Vec::new());
        decode_path(path, &mut name).unwrap();
        encode_directory(&name, query, &mut location);
        assert_eq!(str::from_utf8(&location), Ok(expected), "{target}");
    }
}

#[test]
fn fuzz_paths() {
    let pieces =
        ["/", "..", ".", "%", "%2e", "%2f", "%00", "%25", "//", "?", "\\"];
    let seeds = PATHS.iter().map(|(path, _)| path.as_bytes().to_vec());
    let (good, bad) = (Cell::new(0), Cell::new(0));
    fuzz(seeds, 3000, &pieces, |bytes| {
        let count = if path(bytes) { &good } else { &bad };
        count.set(count.get() + 1);
    });
    let (good, bad) = (good.get(), bad.get());
    assert!(good > 10_000 && bad > 10_000, "{good} good, {bad} bad");
}
