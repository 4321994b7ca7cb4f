//! Enters in step 08: from a target's path to the name of a file.
//!
//! RFC 3986. Percent signs are decoded once, here and nowhere else: decoded
//! a second time, `%252e` would get a meaning that was never checked. The
//! result is a name, not a permission; files/root.rs confines it.

use super::bytes::{is_path, is_query};
use super::status::Status;

/// Writes the name that `path` stands for into `name`, replacing its
/// content: decoded, without dot segments and empty ones, without the slash
/// at the beginning. The slash at the end stays, if the path ends in one or
/// in a dot segment: a directory is meant. The name of `/` is empty.
///
/// The path is cut at its slashes first and each segment decoded then, so
/// `%2F` never becomes a separator. Decoding comes before the dots, since
/// `%2e%2e` is only another spelling of `..` (RFC 3986 section 6.2.2).
///
/// # Errors
/// 400 for a percent sign without two hexadecimal digits, a NUL, a path that
/// climbs above `/`. 404 for what cannot be a file's name: a segment with a
/// slash in it, or what does not begin with a slash, such as `*`.
pub fn decode_path(path: &str, name: &mut Vec<u8>) -> Result<(), Status> {
    name.clear();
    let path = path.strip_prefix('/').ok_or(Status::NotFound)?;
    let mut unnameable = false;
    let mut depth = 0_usize;
    let mut segments = path.split('/').peekable();
    while let Some(segment) = segments.next() {
        let start = name.len();
        decode_segment(segment.as_bytes(), name)?;
        match &name[start..] {
            b"" | b"." => name.truncate(start),
            b".." => {
                depth = depth.checked_sub(1).ok_or(Status::BadRequest)?;
                name.truncate(parent(&name[..start]));
            }
            segment => {
                unnameable |= segment.contains(&b'/');
                depth += 1;
                if segments.peek().is_some() {
                    name.push(b'/');
                }
            }
        }
    }
    // Only now: a path that is malformed further on is malformed.
    if unnameable { Err(Status::NotFound) } else { Ok(()) }
}

/// The length of `name`, which ends in a slash, without its last segment.
fn parent(name: &[u8]) -> usize {
    let without_slash = &name[..name.len().saturating_sub(1)];
    let slash = without_slash.iter().rposition(|&byte| byte == b'/');
    slash.map_or(0, |at| at + 1)
}

fn decode_segment(segment: &[u8], name: &mut Vec<u8>) -> Result<(), Status> {
    let mut rest = segment;
    while let [first, others @ ..] = rest {
        rest = others;
        let byte = if *first == b'%' {
            let [high, low, others @ ..] = rest else {
                return Err(Status::BadRequest);
            };
            rest = others;
            digit(*high)? << 4 | digit(*low)?
        } else {
            *first
        };
        // To the kernel a name ends at a NUL: `a.html%00.png` would be
        // checked as one file and opened as another.
        if byte == 0 {
            return Err(Status::BadRequest);
        }
        name.push(byte);
    }
    Ok(())
}

/// The value of a hexadecimal digit.
///
/// # Errors
/// 400 for what is none.
pub fn digit(byte: u8) -> Result<u8, Status> {
    match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        b'A'..=b'F' => Ok(byte - b'A' + 10),
        _ => Err(Status::BadRequest),
    }
}

/// Appends the path of the directory `name`, as [`decode_path`] gave it, and
/// the query, for a `Location`. It begins with exactly one slash, because a
/// name does not begin with one: with two, as in `//example.com/`, a browser
/// would go to another host.
pub fn encode_directory(name: &[u8], query: Option<&str>, out: &mut Vec<u8>) {
    out.push(b'/');
    encode(name, is_path, out);
    if !out.ends_with(b"/") {
        out.push(b'/');
    }
    if let Some(query) = query {
        out.push(b'?');
        encode(query.as_bytes(), is_query, out);
    }
}

/// Appends `text`, with the bytes that are not allowed there percent-encoded:
/// among them line ends, which would begin another field, and the backslash,
/// which browsers take for a slash.
pub fn encode(text: &[u8], is_allowed: fn(u8) -> bool, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in text {
        if is_allowed(byte) {
            out.push(byte);
        } else {
            let high = DIGITS[usize::from(byte >> 4)];
            let low = DIGITS[usize::from(byte & 15)];
            out.extend([b'%', high, low]);
        }
    }
}
