//! What must hold for any path whatever; see entries.rs.

use std::sync::LazyLock;

use regex::bytes::{Captures, Regex};
use shared::http::path::{decode_path, encode_directory};

/// A path and perhaps a query, as they stand in a target: what comes out is
/// a name, which leads nowhere but down, and a `Location` on this host whose
/// own name is the same. Whether it is a good path.
pub fn path(bytes: &[u8]) -> bool {
    // Nothing else is left of a target by then.
    if !bytes.iter().all(u8::is_ascii_graphic) {
        return false;
    }
    let Ok(text) = str::from_utf8(bytes) else { return false };
    let (path, query) = split(text);
    let mut name = Vec::new();
    if decode_path(path, &mut name).is_err() {
        return false;
    }
    assert!(!name.contains(&0));
    let body = name.strip_suffix(b"/").unwrap_or(&name);
    if !name.is_empty() {
        for segment in body.split(|&byte| byte == b'/') {
            assert!(!matches!(segment, b"" | b"." | b".."));
        }
    }

    let mut location = Vec::new();
    encode_directory(&name, query, &mut location);
    let location = String::from_utf8(location).expect("ASCII");
    assert!(location.starts_with('/') && !location.starts_with("//"));
    assert!(location.bytes().all(|byte| byte.is_ascii_graphic()));
    let (path, query_again) = split(&location);
    // What a URI may not contain is encoded; what it says is the same.
    assert_eq!(query_again.map(decode), query.map(decode));
    let mut second = Vec::new();
    decode_path(path, &mut second).expect("a good path");
    assert_eq!(second.strip_suffix(b"/").unwrap_or(b""), body);
    true
}

/// The path and the query.
fn split(text: &str) -> (&str, Option<&str>) {
    let both = text.split_once('?');
    both.map_or((text, None), |(path, query)| (path, Some(query)))
}

static ESCAPE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("(?-u)%([0-9A-Fa-f]{2})").expect("a pattern"));

/// A text with the percent signs undone that are followed by two digits.
fn decode(text: &str) -> Vec<u8> {
    let byte = |found: &Captures| {
        let digits = str::from_utf8(&found[1]).expect("digits");
        [u8::from_str_radix(digits, 16).expect("two digits")]
    };
    ESCAPE.replace_all(text.as_bytes(), byte).into_owned()
}
