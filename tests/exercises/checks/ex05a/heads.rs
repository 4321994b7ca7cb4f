//! Heads that must be understood, and heads that must be refused.

/// Heads that look wrong and are not: what they are and where the RFC says
/// so, the head, the response.
pub const ODD: &[(&str, &[u8], &[u8])] = &[
    (
        "no field at all (RFC 9112, 2.1)",
        b"GET /old HTTP/1.0\r\n\r\n",
        b"GET /old 0\n",
    ),
    (
        "an empty line before the request line (RFC 9112, 2.2)",
        b"\r\nGET /blank HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /blank 1\n",
    ),
    (
        "a method that nobody knows (RFC 9110, 9.1)",
        b"make-tea! /pot HTTP/1.1\r\nHost: a\r\n\r\n",
        b"make-tea! /pot 1\n",
    ),
    (
        "a target that is no path (RFC 9112, 3.2)",
        b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        b"OPTIONS * 1\n",
    ),
    (
        "empty values (RFC 9112, 5)",
        b"GET /e HTTP/1.1\r\nHost:\r\nX: \t \r\n\r\n",
        b"GET /e 2\n",
    ),
    (
        "no blank before a value, colons and a tab in it (RFC 9110, 5.5)",
        b"GET /v HTTP/1.1\r\nHost:a:80\r\nX: a:\tb :\r\n\r\n",
        b"GET /v 2\n",
    ),
    (
        "obsolete bytes above 0x7F in a value (RFC 9110, 5.5)",
        b"GET /o HTTP/1.1\r\nHost: a\r\nX: caf\xE9\r\n\r\n",
        b"GET /o 2\n",
    ),
    (
        "every letter of a token in a field's name (RFC 9110, 5.6.2)",
        b"GET /n HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^_`|~09az: b\r\n\r\n",
        b"GET /n 2\n",
    ),
];

/// Request lines that must be refused, and what of which RFC they break. A
/// field Host follows.
pub const LINES: &[(&str, &str, &[u8])] = &[
    ("lines that end in LF alone", "9112, 2.2", b"GET / HTTP/1.1\nHost: a\n\n"),
    ("no target", "9112, 3", b"GET HTTP/1.1"),
    ("no version", "9112, 3", b"GET /"),
    ("two blanks instead of one blank", "9112, 3", b"GET  / HTTP/1.1"),
    ("a tab instead of one blank", "9112, 3", b"GET\t/ HTTP/1.1"),
    ("a blank before the method", "9112, 3", b" GET / HTTP/1.1"),
    ("a blank after the version", "9112, 3", b"GET / HTTP/1.1 "),
    ("a fourth word", "9112, 3", b"GET /a b HTTP/1.1"),
    ("a method that is no token", "9110, 9.1", b"G@T / HTTP/1.1"),
    ("a control character in the target", "9112, 3.2", b"GET /a\x01b HTTP/1.1"),
    ("a byte above 0x7F in the target", "9112, 3.2", b"GET /caf\xE9 HTTP/1.1"),
    ("letters behind HTTP/1.1", "9112, 2.3", b"GET / HTTP/1.1xyz"),
    ("half of HTTP/1.1", "9112, 2.3", b"GET / HTTP/1."),
    ("http/1.1 in small letters", "9112, 2.3", b"GET / http/1.1"),
];

/// The same of a field's line, which stands between a right request line and
/// the blank line.
pub const FIELDS: &[(&str, &str, &[u8])] = &[
    ("a field's line that ends in LF alone", "9112, 2.2", b"Host: a\n"),
    ("a CR, a control character, in a value", "9112, 2.2", b"Host: a\rb"),
    ("DEL, a control character, in a value", "9110, 5.5", b"Host: a\x7Fb"),
    ("a NUL, a control character, in a value", "9110, 5.5", b"Host: a\0b"),
    ("a blank before the colon", "9112, 5.1", b"Host : a"),
    ("a blank inside a field's name", "9110, 5.1", b"Ho st: a"),
    ("a field's name that is no token", "9110, 5.1", b"X[]: a"),
    ("no field's name", "9110, 5.1", b": a"),
    ("no colon", "9112, 5", b"Host"),
    ("a line that goes on in the next", "9112, 5.2", b"X: a\r\n b"),
    ("a blank before the first field", "9112, 2.2", b" Host: a"),
];
