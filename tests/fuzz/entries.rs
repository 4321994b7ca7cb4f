//! What must hold for any bytes whatever: the entries of the fuzz targets.
//!
//! `cargo test` calls them with mutated cases, a bounded number of times and
//! on the stable compiler; cargo-fuzz calls them for as long as it is let:
//! `cargo +nightly fuzz run --fuzz-dir tests/fuzz head`.

use shared::http::chunked::Chunked;
use shared::http::framing::{BodyFields, Framing};
use shared::http::head::{Head, HeadScanner, HeaderStorage};
use shared::http::status::{Refusal, Status};
use shared::http::version::Version;

use crate::parser::{Parse, Parser};

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
            return unfinished(
                rest,
                |line| size_of(line).is_some(),
                is_start_of_size,
            );
        };
        let Some(size) = size_of(line) else { return Decoded::Refused };
        if size == 0 {
            break;
        }
        if data.len() as u128 + size > u128::from(LIMIT) {
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
        match next_line(&mut rest) {
            None => {
                return unfinished(
                    rest,
                    |line| line.is_empty() || is_trailer(line),
                    is_start_of_trailer,
                );
            }
            Some([]) => {
                return Decoded::Whole(bytes.len() - rest.len(), data);
            }
            Some(line) if is_trailer(line) => {}
            Some(_) => return Decoded::Refused,
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

/// A line that is not whole. With its CR, all of it must be good already.
fn unfinished(
    line: &[u8],
    is_whole: fn(&[u8]) -> bool,
    is_start: fn(&[u8]) -> bool,
) -> Decoded {
    let is_good = match line {
        [line @ .., b'\r'] => is_whole(line),
        line => is_start(line),
    };
    if is_good { Decoded::Partial } else { Decoded::Refused }
}

fn is_text(byte: &u8) -> bool {
    !byte.is_ascii_control() || *byte == b'\t'
}

fn is_token(byte: &u8) -> bool {
    byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(byte)
}

/// The size in a line that is complete.
fn size_of(line: &[u8]) -> Option<u128> {
    let (size, extensions) = split_size(line);
    let good = (1..=16).contains(&size.len())
        && extensions.len() <= 4096
        && extension(extensions) == Some(true);
    let size = std::str::from_utf8(size).ok()?;
    if good { u128::from_str_radix(size, 16).ok() } else { None }
}

fn is_start_of_size(line: &[u8]) -> bool {
    let (size, extensions) = split_size(line);
    line.is_empty()
        || (1..=16).contains(&size.len()) && extension(extensions).is_some()
}

fn split_size(line: &[u8]) -> (&[u8], &[u8]) {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit());
    line.split_at(digits.count())
}

/// RFC 9112 section 7.1.1, rule by rule: `Some(true)` for extensions that
/// are complete, `Some(false)` for the beginning of some.
fn extension(mut rest: &[u8]) -> Option<bool> {
    fn skip<'b>(rest: &mut &'b [u8], is_in: fn(&u8) -> bool) -> &'b [u8] {
        let count = rest.iter().take_while(|byte| is_in(byte)).count();
        let (skipped, after) = rest.split_at(count);
        *rest = after;
        skipped
    }
    let is_space = |byte: &u8| b" \t".contains(byte);
    while !rest.is_empty() {
        skip(&mut rest, is_space);
        let Some((b';', after)) = rest.split_first() else {
            return rest.is_empty().then_some(false);
        };
        rest = after;
        skip(&mut rest, is_space);
        if skip(&mut rest, is_token).is_empty() {
            return rest.is_empty().then_some(false);
        }
        let mut value = rest;
        skip(&mut value, is_space);
        let Some((b'=', mut value)) = value.split_first() else { continue };
        skip(&mut value, is_space);
        rest = value;
        if let Some((b'"', quoted)) = rest.split_first() {
            let mut bytes = quoted.iter();
            loop {
                match bytes.next() {
                    Some(b'"') => break,
                    Some(b'\\') => match bytes.next() {
                        Some(byte) if is_text(byte) => {}
                        Some(_) => return None,
                        None => return Some(false),
                    },
                    Some(byte) if is_text(byte) => {}
                    Some(_) => return None,
                    None => return Some(false),
                }
            }
            rest = bytes.as_slice();
        } else if skip(&mut rest, is_token).is_empty() {
            return rest.is_empty().then_some(false);
        }
    }
    Some(true)
}

fn is_trailer(line: &[u8]) -> bool {
    line.contains(&b':') && is_start_of_trailer(line)
}

fn is_start_of_trailer(line: &[u8]) -> bool {
    let colon = line.iter().position(|byte| *byte == b':');
    let (name, value) = line.split_at(colon.unwrap_or(line.len()));
    name.iter().all(is_token) && (colon != Some(0)) && value.iter().all(is_text)
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
