//! Requests whose bodies must be understood, and requests that must be
//! refused.

/// A request with a body, up to a part that is repeated.
pub struct Case {
    /// What it is, and where the RFC says so.
    pub about: String,
    pub request: Vec<u8>,
    /// The body's content; of no meaning where the request is refused.
    pub content: &'static [u8],
}

fn case(
    about: impl Into<String>,
    fields: &str,
    body: &[u8],
    content: &'static [u8],
) -> Case {
    let end = if fields.is_empty() { "" } else { "\r\n" };
    let head = format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}{end}\r\n");
    let request = [head.as_bytes(), body].concat();
    Case { about: about.into(), request, content }
}

/// Content-Length, and the body's content as it is.
const LENGTHS: &[(&str, &str, &[u8])] = &[
    ("no word about a body (RFC 9112, 6.3)", "", b""),
    ("a length of 0 (RFC 9110, 8.6)", "Content-Length: 0", b""),
    ("a length of 5 (RFC 9110, 8.6)", "Content-Length: 5", b"hello"),
    ("zeros in front (RFC 9110, 8.6)", "Content-Length: 00005", b"hello"),
    ("a name in other letters (RFC 9110, 5.1)", "content-LENGTH:5", b"hello"),
    ("blanks around it (RFC 9112, 5.1)", "Content-Length: \t5 \t", b"hello"),
    ("a long body (RFC 9112, 6.3)", "Content-Length: 99999", &[b'l'; 99_999]),
    (
        "a body that looks like a request (RFC 9112, 6.3)",
        "Content-Length: 35",
        b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
];

pub fn lengths() -> impl Iterator<Item = Case> {
    let rows = LENGTHS.iter();
    rows.map(|(about, fields, body)| case(*about, fields, body, body))
}

const CHUNKED: &str = "Transfer-Encoding: chunked";

/// A body in chunks: what is special, and the section of RFC 9112.
type Chunked<'b> = (&'static str, &'static str, &'b [u8]);

fn in_chunks((name, section, body): &Chunked, content: &'static [u8]) -> Case {
    case(format!("{name} (RFC 9112, {section})"), CHUNKED, body, content)
}

/// `hello` in one chunk.
const HELLO: &[u8] = b"5\r\nhello\r\n0\r\n\r\n";

/// Other ways to say it.
const HELLOS: &[Chunked] = &[
    ("one chunk", "7.1", HELLO),
    ("zeros in front", "7.1", b"00000000000000000005\r\nhello\r\n000\r\n\r\n"),
    ("extensions", "7.1.1", b"5;a=b;c=\"d\"\r\nhello\r\n0;end\r\n\r\n"),
    (
        "trailers, no request",
        "7.1.2",
        b"5\r\nhello\r\n0\r\nGET: /\r\nX: y\r\n\r\n",
    ),
];

/// Other content.
const OTHERS: &[(&str, &[u8], &[u8])] = &[
    ("no chunk but the last", b"0\r\n\r\n", b""),
    ("three chunks", b"2\r\nhe\r\n1\r\nl\r\n2\r\nlo\r\n0\r\n\r\n", b"hello"),
    (
        "sizes are hexadecimal, in small and large letters",
        b"a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n",
        b"01234567890123456789a",
    ),
    ("content like the end", b"5\r\n0\r\n\r\n\r\n0\r\n\r\n", b"0\r\n\r\n"),
];

pub fn chunks() -> impl Iterator<Item = Case> {
    let about = "a coding in other letters (RFC 9112, 7)";
    let capitals = case(about, "transfer-encoding:CHunked", HELLO, b"hello");
    let hellos = HELLOS.iter().map(|row| in_chunks(row, b"hello"));
    let others = OTHERS
        .iter()
        .map(|(name, body, content)| in_chunks(&(name, "7.1", body), content));
    hellos.chain([capitals]).chain(others)
}

/// What follows `Content-Length: ` before the body `hello`.
const AMBIGUOUS_LENGTHS: &[(&str, &str)] = &[
    ("lengths that differ (RFC 9112, 6.3)", "5\r\nContent-Length: 6"),
    ("lengths that agree (RFC 9112, 6.3; the task)", "5\r\nContent-Length: 5"),
    ("a list of lengths (RFC 9110, 8.6; the task)", "5, 5"),
    ("a list of lengths that differ (RFC 9110, 8.6)", "5, 6"),
    ("a plus sign (RFC 9110, 8.6)", "+5"),
    ("a minus sign (RFC 9110, 8.6)", "-5"),
    ("a hexadecimal length (RFC 9110, 8.6)", "0x5"),
    ("no digits (RFC 9110, 8.6)", ""),
    ("a blank between digits (RFC 9110, 8.6)", "0 5"),
    ("2^64, which wraps to 0 (RFC 9110, 8.6)", "18446744073709551616"),
    ("2^64 + 5, which wraps to 5 (RFC 9110, 8.6)", "18446744073709551621"),
];

/// What follows `Transfer-Encoding: ` before `hello` in one chunk.
const AMBIGUOUS_CODINGS: &[(&str, &str)] = &[
    ("a coding without an end (RFC 9112, 6.3)", "gzip"),
    ("chunked, but not last (RFC 9112, 6.3)", "chunked, gzip"),
    ("chunked twice (RFC 9112, 6.1)", "chunked\r\nTransfer-Encoding: chunked"),
    ("almost chunked (RFC 9112, 6.3)", "xchunked"),
    ("chunks and a length (RFC 9112, 6.1)", "chunked\r\nContent-Length: 15"),
];

pub fn ambiguous() -> impl Iterator<Item = Case> {
    let tables = [
        ("Content-Length", AMBIGUOUS_LENGTHS, b"hello".as_slice()),
        ("Transfer-Encoding", AMBIGUOUS_CODINGS, HELLO),
    ];
    let rows = tables.into_iter().flat_map(|(name, rows, body)| {
        rows.iter().map(move |(about, value)| {
            case(*about, &format!("{name}: {value}"), body, b"")
        })
    });
    let about = "a length and chunks (RFC 9112, 6.1)";
    let fields = format!("Content-Length: 15\r\n{CHUNKED}");
    let mixed = case(about, &fields, HELLO, b"");
    let about = "chunks in HTTP/1.0 (RFC 9112, 6.1)";
    let mut old = case(about, CHUNKED, HELLO, b"");
    old.request["POST / HTTP/1.".len()] = b'0';
    rows.chain([mixed, old])
}

const MALFORMED: &[Chunked] = &[
    ("a size that is no number", "7.1", b"zz\r\n\r\n"),
    ("no size", "7.1", b"\r\nhello\r\n0\r\n\r\n"),
    ("a size with 0x", "7.1", b"0x5\r\nhello\r\n0\r\n\r\n"),
    ("a size with a plus sign", "7.1", b"+5\r\nhello\r\n0\r\n\r\n"),
    ("a size with a minus sign", "7.1", b"-5\r\nhello\r\n0\r\n\r\n"),
    ("a blank before the size", "7.1", b" 5\r\nhello\r\n0\r\n\r\n"),
    ("a size of 2^64 + 5", "7.1", b"10000000000000005\r\nhello\r\n0\r\n\r\n"),
    ("a size's line that ends in LF alone", "7.1", b"5\nhello\r\n0\r\n\r\n"),
    ("an extension with LF in it", "7.1.1", b"5;a\nhello\r\n0\r\n\r\n"),
    ("a chunk longer than its size", "7.1", b"3\r\nhello\r\n0\r\n\r\n"),
    ("a chunk shorter than its size", "7.1", b"7\r\nhello\r\n0\r\n\r\n"),
    ("a chunk that ends in LF alone", "7.1", b"5\r\nhello\n0\r\n\r\n"),
    ("a chunk with nothing behind it", "7.1", b"5\r\nhello0\r\n\r\n"),
    ("a trailer that is no field", "7.1.2", b"0\r\nGET / HTTP/1.1\r\n\r\n"),
];

pub fn malformed() -> impl Iterator<Item = Case> {
    let size = format!("5;{}\r\nhello\r\n0\r\n\r\n", "e".repeat(64 * 1024));
    let fields = format!("0\r\n{}\r\n", "T: 45678901234\r\n".repeat(4096));
    let endless = [
        ("an extension without end", "7.1.1", size.as_bytes()),
        ("trailers without end", "7.1.2", fields.as_bytes()),
    ]
    .map(|row| in_chunks(&row, b""));
    MALFORMED.iter().map(|row| in_chunks(row, b"")).chain(endless)
}
