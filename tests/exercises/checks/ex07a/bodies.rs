//! Requests whose bodies must be understood, and requests that must be
//! refused.

/// A request with a body, up to a part that is repeated.
pub struct Row {
    pub name: &'static str,
    /// Where the RFC says so.
    pub rfc: &'static str,
    /// The fields that say how the body ends.
    pub fields: &'static str,
    pub body: &'static [u8],
    /// The body's content, or `None` if the request must be refused.
    pub content: Option<&'static [u8]>,
}

const fn right(
    name: &'static str,
    rfc: &'static str,
    fields: &'static str,
    body: &'static [u8],
    content: &'static [u8],
) -> Row {
    Row { name, rfc, fields, body, content: Some(content) }
}

const fn wrong(
    name: &'static str,
    rfc: &'static str,
    fields: &'static str,
    body: &'static [u8],
) -> Row {
    Row { name, rfc, fields, body, content: None }
}

const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";

/// More than a buffer holds.
const LONG: &[u8] = &[b'l'; 100_000];

/// A request as it could stand in a body.
const REQUEST: &[u8] = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

pub const LENGTHS: &[Row] = &[
    right("no word about a body", "RFC 9112, 6.3", "", b"", b""),
    right("a length of 0", "RFC 9110, 8.6", "Content-Length: 0\r\n", b"", b""),
    right(
        "a length of 5",
        "RFC 9110, 8.6",
        "Content-Length: 5\r\n",
        b"hello",
        b"hello",
    ),
    right(
        "zeros in front",
        "RFC 9110, 8.6",
        "Content-Length: 00005\r\n",
        b"hello",
        b"hello",
    ),
    right(
        "a field's name in other letters",
        "RFC 9110, 5.1",
        "content-LENGTH:5\r\n",
        b"hello",
        b"hello",
    ),
    right(
        "blanks around the length",
        "RFC 9112, 5.1",
        "Content-Length: \t5 \t\r\n",
        b"hello",
        b"hello",
    ),
    right(
        "a body that looks like a request",
        "RFC 9112, 6.3",
        "Content-Length: 35\r\n",
        REQUEST,
        REQUEST,
    ),
    right(
        "a body longer than any buffer",
        "RFC 9112, 6.3",
        "Content-Length: 100000\r\n",
        LONG,
        LONG,
    ),
];

pub const AMBIGUOUS: &[Row] = &[
    wrong(
        "two lengths that differ",
        "RFC 9112, 6.3",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        b"hello",
    ),
    wrong(
        "two lengths that agree",
        "RFC 9112, 6.3; the task",
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        b"hello",
    ),
    wrong(
        "a list of lengths",
        "RFC 9110, 8.6; the task",
        "Content-Length: 5, 5\r\n",
        b"hello",
    ),
    wrong(
        "a list of lengths that differ",
        "RFC 9110, 8.6",
        "Content-Length: 5, 6\r\n",
        b"hello",
    ),
    wrong("a plus sign", "RFC 9110, 8.6", "Content-Length: +5\r\n", b"hello"),
    wrong("a minus sign", "RFC 9110, 8.6", "Content-Length: -5\r\n", b"hello"),
    wrong(
        "a hexadecimal length",
        "RFC 9110, 8.6",
        "Content-Length: 0x5\r\n",
        b"hello",
    ),
    wrong("no digits", "RFC 9110, 8.6", "Content-Length:\r\n", b"hello"),
    wrong(
        "a blank between digits",
        "RFC 9110, 8.6",
        "Content-Length: 0 5\r\n",
        b"hello",
    ),
    wrong(
        "2^64, which wraps to 0",
        "RFC 9110, 8.6",
        "Content-Length: 18446744073709551616\r\n",
        b"",
    ),
    wrong(
        "2^64 + 5, which wraps to 5",
        "RFC 9110, 8.6",
        "Content-Length: 18446744073709551621\r\n",
        b"hello",
    ),
    wrong(
        "a length and chunks",
        "RFC 9112, 6.1",
        "Content-Length: 15\r\nTransfer-Encoding: chunked\r\n",
        b"5\r\nhello\r\n0\r\n\r\n",
    ),
    wrong(
        "chunks and a length",
        "RFC 9112, 6.1",
        "Transfer-Encoding: chunked\r\nContent-Length: 15\r\n",
        b"5\r\nhello\r\n0\r\n\r\n",
    ),
    wrong(
        "a coding without an end",
        "RFC 9112, 6.3",
        "Transfer-Encoding: gzip\r\n",
        b"hello",
    ),
    wrong(
        "chunked, but not last",
        "RFC 9112, 6.3",
        "Transfer-Encoding: chunked, gzip\r\n",
        b"5\r\nhello\r\n0\r\n\r\n",
    ),
    wrong(
        "chunked twice",
        "RFC 9112, 6.1",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"5\r\nhello\r\n0\r\n\r\n",
    ),
    wrong(
        "almost chunked",
        "RFC 9112, 6.3",
        "Transfer-Encoding: xchunked\r\n",
        b"5\r\nhello\r\n0\r\n\r\n",
    ),
];

/// Another version is a whole request of its own.
pub const CHUNKED_IN_1_0: Row = wrong(
    "chunks in HTTP/1.0",
    "RFC 9112, 6.1",
    CHUNKED,
    b"5\r\nhello\r\n0\r\n\r\n",
);

pub const CHUNKS: &[Row] = &[
    right(
        "one chunk",
        "RFC 9112, 7.1",
        CHUNKED,
        b"5\r\nhello\r\n0\r\n\r\n",
        b"hello",
    ),
    right("no chunk but the last", "RFC 9112, 7.1", CHUNKED, b"0\r\n\r\n", b""),
    right(
        "three chunks",
        "RFC 9112, 7.1",
        CHUNKED,
        b"5\r\nhello\r\n1\r\n,\r\n6\r\n world\r\n0\r\n\r\n",
        b"hello, world",
    ),
    right(
        "sizes are hexadecimal, in small and large letters",
        "RFC 9112, 7.1",
        CHUNKED,
        b"a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n",
        b"01234567890123456789a",
    ),
    right(
        "zeros in front",
        "RFC 9112, 7.1",
        CHUNKED,
        b"00000000000000000005\r\nhello\r\n000\r\n\r\n",
        b"hello",
    ),
    right(
        "extensions",
        "RFC 9112, 7.1.1",
        CHUNKED,
        b"5;a=b;c=\"d\"\r\nhello\r\n0;end\r\n\r\n",
        b"hello",
    ),
    right(
        "content that looks like the end",
        "RFC 9112, 7.1",
        CHUNKED,
        b"7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n",
        b"\r\n0\r\n\r\n",
    ),
    right(
        "trailers, which are no request",
        "RFC 9112, 7.1.2",
        CHUNKED,
        b"5\r\nhello\r\n0\r\nGET: http://a/\r\nX: y\r\n\r\n",
        b"hello",
    ),
    right(
        "a coding in other letters",
        "RFC 9112, 7",
        "transfer-encoding:CHunked\r\n",
        b"5\r\nhello\r\n0\r\n\r\n",
        b"hello",
    ),
];

pub const BROKEN: &[Row] = &[
    wrong("a size that is no number", "RFC 9112, 7.1", CHUNKED, b"zz\r\n\r\n"),
    wrong("no size", "RFC 9112, 7.1", CHUNKED, b"\r\nhello\r\n0\r\n\r\n"),
    wrong(
        "a size with 0x",
        "RFC 9112, 7.1",
        CHUNKED,
        b"0x5\r\nhello\r\n0\r\n\r\n",
    ),
    wrong(
        "a size with a plus sign",
        "RFC 9112, 7.1",
        CHUNKED,
        b"+5\r\nhello\r\n0\r\n\r\n",
    ),
    wrong(
        "a size with a minus sign",
        "RFC 9112, 7.1",
        CHUNKED,
        b"-5\r\nhello\r\n0\r\n\r\n",
    ),
    wrong(
        "a blank before the size",
        "RFC 9112, 7.1",
        CHUNKED,
        b" 5\r\nhello\r\n0\r\n\r\n",
    ),
    wrong(
        "2^64 + 5, which wraps to 5",
        "RFC 9112, 7.1",
        CHUNKED,
        b"10000000000000005\r\nhello\r\n0\r\n\r\n",
    ),
    wrong(
        "a size's line that ends in LF alone",
        "RFC 9112, 7.1",
        CHUNKED,
        b"5\nhello\r\n0\r\n\r\n",
    ),
    wrong(
        "an extension with LF in it",
        "RFC 9112, 7.1.1",
        CHUNKED,
        b"5;a\nhello\r\n0\r\n\r\n",
    ),
    wrong(
        "a chunk longer than its size",
        "RFC 9112, 7.1",
        CHUNKED,
        b"3\r\nhello\r\n0\r\n\r\n",
    ),
    wrong(
        "a chunk shorter than its size",
        "RFC 9112, 7.1",
        CHUNKED,
        b"7\r\nhello\r\n0\r\n\r\n",
    ),
    wrong(
        "a chunk that ends in LF alone",
        "RFC 9112, 7.1",
        CHUNKED,
        b"5\r\nhello\n0\r\n\r\n",
    ),
    wrong(
        "a chunk with nothing behind it",
        "RFC 9112, 7.1",
        CHUNKED,
        b"5\r\nhello0\r\n\r\n",
    ),
    wrong(
        "a trailer that is no field",
        "RFC 9112, 7.1.2",
        CHUNKED,
        b"0\r\nGET /smuggled HTTP/1.1\r\n\r\n",
    ),
    wrong("an extension without end", "RFC 9112, 7.1.1", CHUNKED, &extension()),
    wrong("trailers without end", "RFC 9112, 7.1.2", CHUNKED, &trailers()),
];

/// A chunk's first line with 64 KiB of extension, and the rest of a body.
const fn extension() -> [u8; 64 * 1024] {
    let mut bytes = [b'e'; 64 * 1024];
    put(&mut bytes, 0, b"5;");
    let rest = b"\r\nhello\r\n0\r\n\r\n";
    let at = bytes.len() - rest.len();
    put(&mut bytes, at, rest);
    bytes
}

/// A last chunk, then 64 KiB of short trailers, and the blank line.
const fn trailers() -> [u8; 64 * 1024 + 5] {
    let mut bytes = [0; 64 * 1024 + 5];
    put(&mut bytes, 0, b"0\r\n");
    let mut at = 3;
    while at + 2 < bytes.len() {
        put(&mut bytes, at, b"T: 45678901234\r\n");
        at += 16;
    }
    put(&mut bytes, at, b"\r\n");
    bytes
}

/// Copies `piece` to `at`.
const fn put(bytes: &mut [u8], at: usize, piece: &[u8]) {
    let mut index = 0;
    while index < piece.len() {
        bytes[at + index] = piece[index];
        index += 1;
    }
}
