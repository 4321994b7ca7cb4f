//! What must hold for whatever says where nodes are; see entries.rs.

use std::time::Instant;

use peer::beacon::Beacon;
use peer::book::Book;
use peer::join::JoinCode;
use peer::peers;

/// A datagram is a beacon, all of it but the flags, or none.
pub fn beacon(bytes: &[u8]) {
    let Some(beacon) = Beacon::parse(bytes) else { return };
    assert_eq!(beacon.encode()[..], [&bytes[..3], &[0], &bytes[4..]].concat());
    assert_ne!(beacon.port, 0);
}

/// A payload has as many entries as it says, or none is believed.
pub fn peers(bytes: &[u8]) {
    let Ok(entries) = peers::parse(bytes) else { return };
    let encoded = peers::encode(&entries);
    assert!(entries.len() <= 32 && encoded.len() == bytes.len());
    assert_eq!(peers::parse(&encoded), Ok(entries));
}

/// A book says again what it was read from, without what says nothing.
pub fn book(bytes: &[u8]) {
    let (text, now) = (String::from_utf8_lossy(bytes), Instant::now());
    let (book, wrong) = Book::from_text(&text, now);
    assert!(book.entries().len() + wrong.len() <= text.lines().count());
    let kept = book.to_text();
    let (again, wrong) = Book::from_text(&kept, now);
    assert_eq!((again.to_text(), wrong), (kept, vec![]));
}

/// A code says again what it was read from.
pub fn join(bytes: &[u8]) {
    let code = JoinCode::parse(&String::from_utf8_lossy(bytes));
    let again = code.as_ref().map(|it| JoinCode::parse(&it.to_string()));
    assert_eq!(again.unwrap_or(code.clone()), code);
}
