//! What must hold for whatever a peer sends; see entries.rs.

use std::time::Instant;

use peer::beacon::Beacon;
use peer::block::Block;
use peer::book::Book;
use peer::hello::Hello;
use peer::join::JoinCode;
use peer::kind::Kind;
use peer::link::IDLE;
use peer::message::Message;
use peer::peers;
use peer::store::{SEGMENT_HEADER, records};
use peer::text::{self, Lines};

#[path = "../peer/side.rs"]
pub mod side;

/// Frames: wherever they are cut, they come to the same, and the link ends.
pub fn link(bytes: &[u8]) {
    let sum = bytes.iter().fold(0, |sum, byte| sum + usize::from(*byte));
    let ends = [usize::MAX, 1, 1 + sum % 128].map(|size| {
        let mut side = side::Side::start();
        bytes.chunks(size).for_each(|piece| side.receive(piece));
        side.wait(1000 * IDLE);
        assert!(side.is_closed, "{:?}", side.link);
        (side.log, side.link.end())
    });
    // What is behind a BYE counts or not.
    let is_left = bytes.windows(4).any(|it| it == b"\xd5\x53\x01\x05");
    assert!(is_left || ends.iter().all(|it| *it == ends[0]), "{ends:?}");
}

/// A HELLO has exactly its fields, and says all of them.
pub fn hello(bytes: &[u8]) {
    let proof = bytes.get(106..).and_then(|it| it.first_chunk());
    let length = proof.map(|it| 108 + usize::from(u16::from_be_bytes(*it)));
    let is_good = length == Some(bytes.len()) && bytes[..2] <= bytes[2..4];
    let hello = Hello::parse(bytes).ok().map(|it| it.encode());
    assert_eq!(hello.as_deref(), is_good.then_some(bytes));
}

/// Lines of at most 8 bytes, wherever they are cut.
pub fn line(bytes: &[u8]) {
    let lines = bytes.split(|byte| *byte == b'\n').map(|it| {
        let it = it.strip_suffix(b"\r").unwrap_or(it);
        text::line(it, 8).map(str::to_string)
    });
    let plain: Vec<_> = lines.filter(|it| *it != Ok(String::new())).collect();
    for size in [bytes.len().max(1), 1, 3] {
        let mut lines = Lines::new(8);
        let cut = bytes.chunks(size).flat_map(|piece| lines.cut(piece));
        let cut: Vec<_> = cut.collect();
        assert_eq!([cut, Vec::from_iter(lines.end())].concat(), plain);
    }
}

/// What nodes say about blocks: each has all of its bytes, or is none.
pub fn block(bytes: &[u8]) {
    if let Ok(it) = Block::parse(bytes) {
        assert!(it.bytes() == bytes && it.body().len() + 200 == bytes.len());
        assert!(it.verify(60).is_err());
    }
    for kind in (0..=255).filter_map(Kind::from_byte) {
        if let Ok(Some(it)) = Message::parse(kind, bytes)
            && kind != Kind::Prune
        {
            assert_eq!(it.encode(), bytes);
        }
    }
}

/// A segment: its good records are one behind the other, and whole.
pub fn segment(bytes: &[u8]) {
    let mut end = SEGMENT_HEADER as usize;
    for (place, block) in records(bytes, 1) {
        assert!(place.start >= end && place.start.is_multiple_of(8));
        let there = &bytes[place.start + 8..][..block.bytes().len()];
        assert!(there == block.bytes() && place.len() - there.len() < 16);
        end = place.end;
    }
}

/// What says where nodes are: all of it, or none of it is understood.
pub fn whereabouts(bytes: &[u8]) {
    if let Some(it) = Beacon::parse(bytes) {
        let plain = [&bytes[..3], &[0], &bytes[4..]].concat();
        assert!(it.encode()[..] == plain && it.port != 0);
    }
    if let Ok(it) = peers::parse(bytes) {
        let again = peers::encode(&it);
        assert!(it.len() <= 32 && again.len() == bytes.len());
        assert_eq!(peers::parse(&again), Ok(it));
    }
    let (text, now) = (String::from_utf8_lossy(bytes), Instant::now());
    if let Ok(it) = JoinCode::parse(&text) {
        assert_eq!(JoinCode::parse(&it.to_string()), Ok(it));
    }
    let (book, wrong) = Book::from_text(&text, now);
    assert!(book.entries().len() + wrong.len() <= text.lines().count());
    let (again, wrong) = Book::from_text(&book.to_text(), now);
    assert_eq!((again.to_text(), wrong), (book.to_text(), vec![]));
}
