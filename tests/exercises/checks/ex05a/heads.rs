//! Heads that must be understood, and heads that must be refused.

/// A head that looks wrong and is not.
pub struct Odd {
    pub name: &'static str,
    /// Where the RFC says so.
    pub rfc: &'static str,
    pub head: &'static [u8],
    pub response: &'static str,
}

pub const ODD: &[Odd] = &[
    Odd {
        name: "no field at all",
        rfc: "RFC 9112, 2.1",
        head: b"GET /old HTTP/1.0\r\n\r\n",
        response: "GET /old 0\n",
    },
    Odd {
        name: "an empty line before the request line",
        rfc: "RFC 9112, 2.2",
        head: b"\r\nGET /blank HTTP/1.1\r\nHost: a\r\n\r\n",
        response: "GET /blank 1\n",
    },
    Odd {
        name: "a method that nobody knows",
        rfc: "RFC 9110, 9.1",
        head: b"make-tea! /pot HTTP/1.1\r\nHost: a\r\n\r\n",
        response: "make-tea! /pot 1\n",
    },
    Odd {
        name: "a target that is no path",
        rfc: "RFC 9112, 3.2",
        head: b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        response: "OPTIONS * 1\n",
    },
    Odd {
        name: "empty values",
        rfc: "RFC 9112, 5",
        head: b"GET /e HTTP/1.1\r\nHost:\r\nX: \t \r\n\r\n",
        response: "GET /e 2\n",
    },
    Odd {
        name: "no blank after the colon, colons and a tab in the value",
        rfc: "RFC 9110, 5.5",
        head: b"GET /v HTTP/1.1\r\nHost:a:80\r\nX: a:\tb :\r\n\r\n",
        response: "GET /v 2\n",
    },
    Odd {
        name: "obsolete bytes above 0x7F in a value",
        rfc: "RFC 9110, 5.5",
        head: b"GET /o HTTP/1.1\r\nHost: a\r\nX: caf\xE9\r\n\r\n",
        response: "GET /o 2\n",
    },
    Odd {
        name: "every letter of a token in a field's name",
        rfc: "RFC 9110, 5.6.2",
        head: b"GET /n HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^_`|~09az: b\r\n\r\n",
        response: "GET /n 2\n",
    },
];

/// A head that must be refused.
pub struct Malformed {
    pub name: &'static str,
    /// What it breaks.
    pub rfc: &'static str,
    pub head: &'static [u8],
}

const fn row(
    name: &'static str,
    rfc: &'static str,
    head: &'static [u8],
) -> Malformed {
    Malformed { name, rfc, head }
}

pub const MALFORMED: &[Malformed] = &[
    row(
        "lines that end in LF alone",
        "RFC 9112, 2.2",
        b"GET / HTTP/1.1\nHost: a\n\n",
    ),
    row(
        "a field's line that ends in LF alone",
        "RFC 9112, 2.2",
        b"GET / HTTP/1.1\r\nHost: a\n\r\n",
    ),
    row(
        "a CR, a control character, inside a value",
        "RFC 9112, 2.2",
        b"GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n",
    ),
    row(
        "DEL, a control character, inside a value",
        "RFC 9110, 5.5",
        b"GET / HTTP/1.1\r\nHost: a\x7Fb\r\n\r\n",
    ),
    row("no target", "RFC 9112, 3", b"GET HTTP/1.1\r\nHost: a\r\n\r\n"),
    row("no version", "RFC 9112, 3", b"GET /\r\nHost: a\r\n\r\n"),
    row(
        "two blanks instead of one blank",
        "RFC 9112, 3",
        b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
    row(
        "a tab instead of one blank",
        "RFC 9112, 3",
        b"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
    row(
        "a blank before the method",
        "RFC 9112, 3",
        b" GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
    row(
        "a blank after the version",
        "RFC 9112, 3",
        b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
    ),
    row(
        "a fourth word",
        "RFC 9112, 3",
        b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
    row(
        "a method that is no token",
        "RFC 9110, 9.1",
        b"G@T / HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
    row(
        "a control character in the target",
        "RFC 9112, 3.2",
        b"GET /a\x01b HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
    row(
        "a byte above 0x7F in the target",
        "RFC 9112, 3.2",
        b"GET /caf\xE9 HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
    row(
        "letters behind HTTP/1.1",
        "RFC 9112, 2.3",
        b"GET / HTTP/1.1xyz\r\nHost: a\r\n\r\n",
    ),
    row(
        "half of HTTP/1.1",
        "RFC 9112, 2.3",
        b"GET / HTTP/1.\r\nHost: a\r\n\r\n",
    ),
    row(
        "http/1.1 in small letters",
        "RFC 9112, 2.3",
        b"GET / http/1.1\r\nHost: a\r\n\r\n",
    ),
    row(
        "a blank before the colon",
        "RFC 9112, 5.1",
        b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    ),
    row(
        "a blank inside a field's name",
        "RFC 9110, 5.1",
        b"GET / HTTP/1.1\r\nHo st: a\r\n\r\n",
    ),
    row(
        "a field's name that is no token",
        "RFC 9110, 5.1",
        b"GET / HTTP/1.1\r\nX[]: a\r\n\r\n",
    ),
    row("no field's name", "RFC 9110, 5.1", b"GET / HTTP/1.1\r\n: a\r\n\r\n"),
    row("no colon", "RFC 9112, 5", b"GET / HTTP/1.1\r\nHost\r\n\r\n"),
    row(
        "a line that goes on in the next",
        "RFC 9112, 5.2",
        b"GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n",
    ),
    row(
        "a blank before the first field",
        "RFC 9112, 2.2",
        b"GET / HTTP/1.1\r\n Host: a\r\n\r\n",
    ),
    row(
        "a NUL, a control character, in a value",
        "RFC 9110, 5.5",
        b"GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n",
    ),
];
