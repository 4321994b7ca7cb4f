//! What must hold for any bytes whatever: the entries of the fuzz targets.
//!
//! `cargo test` calls them with mutated cases, a bounded number of times and
//! on the stable compiler; cargo-fuzz calls them for as long as it is let:
//! `cargo +nightly fuzz run --fuzz-dir tests/fuzz head`.

use std::sync::LazyLock;

use httparse::Header;
use regex::bytes::Regex;
use shared::http::chunked::Chunked;
use shared::http::coding::Preference;
use shared::http::framing::{BodyFields, Framing};
use shared::http::head::{Head, HeadScanner, HeaderStorage};
use shared::http::status::{Refusal, Status};
use shared::http::version::Version;

use self::parser::{Parse, Parser};

#[allow(dead_code, reason = "the step uses all of it")]
#[path = "../../steps/05-parser/parser.rs"]
pub mod parser;
pub mod path;

/// A body of this size is too large here.
const LIMIT: u64 = 1000;

/// A head: the end is found wherever the bytes are cut, and what the library
/// accepts, step 05's parser understands in the same way.
pub fn head(bytes: &[u8]) {
    let whole = HeadScanner::default().scan(bytes);
    let mut scanner = HeadScanner::default();
    let cut = bytes.len() / 2;
    let in_two = match scanner.scan(&bytes[..cut]) {
        Ok(None) => scanner.scan(bytes),
        early => early,
    };
    // Which fault of several is named, and how early, may depend on what is
    // there; that there is one may not.
    assert_eq!(accepted(bytes, in_two), accepted(bytes, whole), "cut {cut}");

    let Ok(Some(length)) = whole else { return };
    let head = &bytes[..length];
    let mut space = HeaderStorage::default();
    let mut bytes = head.to_vec();
    let Ok(ours) = Head::parse(&mut bytes, &mut space) else { return };
    let mut parser = Parser::new();
    let Parse::Complete(theirs) = parser.parse(head) else {
        panic!("only the library accepts it");
    };
    let fields = ours.fields.iter().map(|f| (f.name.as_bytes(), f.value));
    assert!(fields.eq(theirs.fields.iter().copied()), "other fields");
    assert_eq!(ours.method, theirs.method);
    let target = std::str::from_utf8(theirs.target).expect("ASCII");
    assert!(target.contains(ours.target.path.trim_matches(['*', '/'])));
}

/// The length of the head that is found and good, or the status instead.
fn accepted(
    bytes: &[u8],
    found: Result<Option<usize>, Refusal>,
) -> Result<Option<usize>, Status> {
    let status = |refusal: Refusal| refusal.status;
    let Some(length) = found.map_err(status)? else { return Ok(None) };
    let mut space = HeaderStorage::default();
    let mut head = bytes[..length].to_vec();
    Head::parse(&mut head, &mut space).map_err(status)?;
    Ok(Some(length))
}

/// A chunked body: the decoder says what a decoder that sees all at once and
/// is written otherwise says.
pub fn chunked(bytes: &[u8]) {
    let expected = plain_chunked(bytes);
    for size in [bytes.len().max(1), 1, 3] {
        assert_eq!(decode(bytes, size), expected, "in pieces of {size}");
    }
}

/// What a client accepts: in whichever order it says so, and whatever else
/// it says that means nothing.
pub fn coding(bytes: &[u8]) {
    let codings = |value: &[u8]| {
        let field = Header { name: "Accept-Encoding", value };
        Preference::from_fields(&[field]).codings().collect::<Vec<_>>()
    };
    let mut members: Vec<_> = bytes.split(|byte| *byte == b',').collect();
    members.push(b"gzip;q=2");
    members.reverse();
    assert_eq!(codings(&members.join(&b',')), codings(bytes));
}

/// What becomes of a body.
#[derive(Debug, PartialEq, Eq)]
enum Decoded {
    /// It is whole, with so many bytes of framing and data.
    Whole(usize, Vec<u8>),
    Partial,
    Refused,
}

/// Through the decoder, in pieces of `size` bytes.
fn decode(bytes: &[u8], size: usize) -> Decoded {
    let mut decoder = Chunked::new(LIMIT);
    let mut data = Vec::new();
    let mut total = 0;
    for mut piece in bytes.chunks(size) {
        while !piece.is_empty() && !decoder.is_done() {
            let Ok((used, more)) = decoder.next(piece) else {
                return Decoded::Refused;
            };
            assert!(used > 0, "no progress");
            data.extend_from_slice(more);
            total += used;
            piece = &piece[used..];
        }
    }
    match decoder.is_done() {
        true => Decoded::Whole(total, data),
        false => Decoded::Partial,
    }
}

/// The grammar of RFC 9112 section 7.1, line by line.
fn plain_chunked(bytes: &[u8]) -> Decoded {
    let mut rest = bytes;
    let mut data = Vec::new();
    loop {
        let Some(line) = next_line(&mut rest) else {
            return unfinished(rest, |line| size_of(line).is_some());
        };
        let Some(size) = size_of(line) else { return Decoded::Refused };
        if size == 0 {
            break;
        }
        if size > LIMIT - data.len() as u64 {
            return Decoded::Refused;
        }
        let size = size as usize;
        if rest.len() < size {
            return Decoded::Partial;
        }
        data.extend_from_slice(&rest[..size]);
        rest = &rest[size..];
        match rest {
            [b'\r', b'\n', after @ ..] => rest = after,
            [] | [b'\r'] => return Decoded::Partial,
            _ => return Decoded::Refused,
        }
    }
    loop {
        let Some(line) = next_line(&mut rest) else {
            return unfinished(rest, |l| l.is_empty() || is_trailer(l));
        };
        if line.is_empty() {
            return Decoded::Whole(bytes.len() - rest.len(), data);
        }
        if !is_trailer(line) {
            return Decoded::Refused;
        }
    }
}

/// The next line without its CRLF, if it is whole and holds no other CR or
/// LF.
fn next_line<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let cr = rest.iter().position(|byte| b"\r\n".contains(byte))?;
    let after = rest[cr..].strip_prefix(b"\r\n")?;
    let line = &rest[..cr];
    *rest = after;
    Some(line)
}

/// A line that is not whole: there must be an end that makes it good. With
/// its CR, it must be good already.
fn unfinished(line: &[u8], is_good: fn(&[u8]) -> bool) -> Decoded {
    const ENDS: [&[u8]; 7] = [b"", b"0", b"a", b";a", b"\"", b"a\"", b":"];
    let can_be_good = match line {
        [line @ .., b'\r'] => is_good(line),
        line => ENDS.iter().any(|end| is_good(&[line, end].concat())),
    };
    if can_be_good { Decoded::Partial } else { Decoded::Refused }
}

/// RFC 9110 section 5.6: a token, and text with tabs, here without its
/// quotation marks and backslashes.
const TOKEN: &str = r"[!\x23$%&'*+\-.^_`|~0-9A-Za-z]+";
const TEXT: &str = r"[\t\x20!\x23-\x5B\x5D-\x7E\x80-\xFF]";

/// A line with a size, and perhaps extensions (RFC 9112 section 7.1.1).
static SIZE: LazyLock<Regex> = LazyLock::new(|| {
    let value = format!(r#"{TOKEN} | "(?: {TEXT} | \\["\\] | \\{TEXT} )*""#);
    pattern(&format!(
        r"([0-9A-Fa-f]{{1,16}}) ((?: [\t\x20]* ; [\t\x20]* {TOKEN}
        (?: [\t\x20]* = [\t\x20]* (?: {value} ))? )*)"
    ))
});

static TRAILER: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r#"{TOKEN} : (?: {TEXT} | ["\\] )*"#)));

/// All of a line of bytes.
fn pattern(text: &str) -> Regex {
    Regex::new(&format!("(?x-u)^{text}$")).expect("a pattern")
}

/// The size in a line that is complete.
fn size_of(line: &[u8]) -> Option<u64> {
    let [size, extensions] = SIZE.captures(line)?.extract().1;
    if extensions.len() > 4096 {
        return None;
    }
    u64::from_str_radix(str::from_utf8(size).ok()?, 16).ok()
}

fn is_trailer(line: &[u8]) -> bool {
    TRAILER.is_match(line)
}

/// Content-Length fields, one a line: a length comes out only of one field
/// that is a number.
pub fn content_length(bytes: &[u8]) {
    let values: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    let mut fields = BodyFields::default();
    let read = values.iter().try_for_each(|v| fields.content_length(v));
    let ours = read.and_then(|()| fields.framing(Version::Http11)).ok();
    let expected = match values.as_slice() {
        [value] if value.iter().all(u8::is_ascii_digit) => {
            let text = std::str::from_utf8(value).expect("digits");
            text.parse().ok().map(Framing::Length)
        }
        _ => None,
    };
    assert_eq!(ours, expected);
}
