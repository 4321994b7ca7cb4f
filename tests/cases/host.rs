//! The Host field: RFC 9112 section 3.2.

use super::*;

/// `GET /` with these lines of fields and no other.
fn only(fields: impl AsRef<[u8]>) -> Vec<u8> {
    join(&[b"GET / HTTP/1.1\r\n", fields.as_ref(), b"\r\n"])
}

fn old(fields: impl AsRef<[u8]>) -> Vec<u8> {
    join(&[b"GET / HTTP/1.0\r\n", fields.as_ref(), b"\r\n"])
}

pub fn cases() -> Vec<Case> {
    let mut cases = vec![
        bad("no Host", "9112 3.2", only("")),
        bad("no Host in HTTP/1.2", "9112 3.2", b"GET / HTTP/1.2\r\n\r\n"),
        bad("no Host, but other fields", "9112 3.2", only("X: b\r\n")),
        bad(
            "no Host, but absolute-form",
            "9112 3.2",
            b"GET http://a/ HTTP/1.1\r\n\r\n",
        ),
        bad("two different Hosts", "9112 3.2", only("Host: a\r\nHost: b\r\n")),
        bad("two equal Hosts", "9112 3.2", only("Host: a\r\nHost: a\r\n")),
        bad(
            "two Hosts spelt differently",
            "9112 3.2",
            only("Host: a\r\nhOST: a\r\n"),
        ),
        bad("two Hosts, one empty", "9112 3.2", only("Host: a\r\nHost:\r\n")),
        bad(
            "two Hosts apart",
            "9112 3.2",
            only("Host: a\r\nX: y\r\nHost: a\r\n"),
        ),
        bad(
            "a bad Host with absolute-form",
            "9112 3.2",
            b"GET http://a/ HTTP/1.1\r\nHost: b c\r\n\r\n",
        ),
        bad(
            "HTTP/1.0 with two Hosts",
            "9112 3.2",
            old("Host: a\r\nHost: a\r\n"),
        ),
        bad("HTTP/1.0 with a bad Host", "9112 3.2", old("Host: a b\r\n")),
    ];
    let good = [
        "example.org",
        "example.org:8080",
        "example.org:",
        "EXAMPLE.org",
        "127.0.0.1",
        "127.0.0.1:80",
        "[::1]",
        "[::1]:8080",
        "[2001:db8::7]",
        "[::ffff:1.2.3.4]",
        "a_b",
        "a-b.c.",
        "xn--caf-dma.example",
        "caf%C3%A9",
        "a!$&'()*+;=~",
        "",
    ];
    cases.extend(good.map(|host| {
        let name = format!("the Host '{host}'");
        ok(name, "3986 3.2.2", only(format!("Host: {host}\r\n")))
    }));
    let malformed: [&[u8]; 23] = [
        b"a b",
        b"a, b",
        b"http://a",
        b"a/",
        b"a/b",
        b"a?b",
        b"a#b",
        b"b@a",
        b"b:c@a",
        b"a:b",
        b"a:65536",
        b"a:+80",
        b"a:-1",
        b"a:80:80",
        b":80",
        b"::1",
        b"[::1",
        b"[::1]a",
        b"[::1]80",
        b"[a]",
        b"%zz",
        b"a%2",
        b"caf\xc3\xa9",
    ];
    cases.extend(malformed.map(|host| {
        let name = format!("the malformed Host '{}'", host.escape_ascii());
        bad(name, "9112 3.2", only(join(&[b"Host: ", host, b"\r\n"])))
    }));
    cases
}
