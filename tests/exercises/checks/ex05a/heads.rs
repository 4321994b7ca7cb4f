//! Heads that must be understood, and heads that must be refused.

/// Request lines, and a field's line behind some, that look wrong and are
/// not: what they are, of which RFC, and the number of fields.
pub const ODD_LINES: &[(&str, &str, &[u8], u8)] = &[
    ("no field at all", "9112, 2.1", b"GET /old HTTP/1.0", 0),
    ("an empty line first", "9112, 2.2", b"\r\nGET /b HTTP/1.1\r\nHost: a", 1),
    ("an unknown method", "9110, 9.1", b"make-tea! /p HTTP/1.1\r\nHost: a", 1),
    ("no path as a target", "9112, 3.2", b"OPTIONS * HTTP/1.1\r\nHost: a", 1),
];

/// The same of fields' lines, behind a right request line.
pub const ODD_FIELDS: &[(&str, &str, &[u8], u8)] = &[
    ("empty values", "9112, 5", b"Host:\r\nX: \t ", 2),
    ("no blank before a value", "9110, 5.5", b"Host:a:80", 1),
    ("colons and a tab in a value", "9110, 5.5", b"Host: a\r\nX: a:\tb :", 2),
    ("an obsolete byte, above 0x7F", "9110, 5.5", b"Host: a\r\nX: caf\xE9", 2),
    ("all letters of a token", "9110, 5.6.2", b"!#$%&'*+-.^_`|~09az: b", 1),
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
