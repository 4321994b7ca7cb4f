//! Mutated cases.

use crate::cases::{self, Case};
pub use crate::mutate::fuzz;
use crate::{entries, shell};

/// What makes HTTP what it is: mutations put these in.
#[rustfmt::skip]
pub const PIECES: &[&str] = &[
    "\r\n", "\r", "\n", " ", "\t", ":", ";", ",", "\0", "\r\n\r\n", "0", "5",
    "ffffffffffffffff", "Host: a\r\n", "Content-Length: 5\r\n",
    "Transfer-Encoding: chunked\r\n", "Connection: close\r\n", "chunked",
    "GET / HTTP/1.1\r\n", "HTTP/1.0", "0\r\n\r\n", "5\r\nhello\r\n",
];

/// The bytes of all cases that are not too long to be mutated often.
pub fn seeds() -> impl Iterator<Item = Vec<u8>> {
    let short = |case: &Case| case.bytes.len() < 2000;
    cases::all().into_iter().filter(short).map(|case| case.bytes)
}

#[test]
fn heads() {
    fuzz(seeds(), 60, PIECES, entries::head);
}

#[test]
fn chunked_bodies() {
    let bodies = seeds().filter_map(|bytes| {
        let head = bytes.windows(4).position(|w| w == b"\r\n\r\n")?;
        Some(bytes[head + 4..].to_vec()).filter(|body| !body.is_empty())
    });
    fuzz(bodies, 400, PIECES, entries::chunked);
}

#[test]
fn lengths() {
    let values = "5|0|05|18446744073709551615|18446744073709551616|+5|5\n5|\
        5,5|| 5|5\n|99999999999999999999999";
    let values = values.split('|').map(|value| value.as_bytes().to_vec());
    fuzz(values, 3000, PIECES, entries::content_length);
}

/// Whole conversations: cut anywhere, and whatever becomes of bodies, they come
/// out the same.
#[test]
fn conversations() {
    fuzz(seeds(), 20, PIECES, |bytes| {
        let whole = shell::outcome(&[bytes], true);
        let half = bytes.split_at(bytes.len() / 2);
        assert_eq!(shell::outcome(&[half.0, half.1], true), whole);
        let bytewise: Vec<&[u8]> = bytes.chunks(1).collect();
        let spooling = shell::spooling(true, usize::MAX);
        assert_eq!(shell::after(spooling, &bytewise, true), whole);
    });
}
