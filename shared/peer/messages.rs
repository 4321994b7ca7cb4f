//! Enters in step 25: GET and NOTFOUND: which blocks somebody wants.

use crate::block::{Author, Block};
use crate::kind::Kind;
use crate::violation::Violation;
use crate::wire::{Field, Reader};

/// At most so many blocks are wanted at once.
pub const MAX_COUNT: u16 = 64;

/// Some blocks of an author.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Get {
    /// Whose.
    pub author: Author,
    /// The number of the first.
    pub from: u64,
    /// How many.
    pub count: u16,
}

impl Get {
    /// As many of this author as may be wanted at once, from this number on.
    pub fn new(author: Author, from: u64) -> Self {
        Get { author, from, count: MAX_COUNT }
    }

    /// Whether it asks for the block with this number. Enters in step 26.
    pub fn has(&self, seq: u64) -> bool {
        let end = self.from.saturating_add(self.count.into());
        (self.from..end).contains(&seq)
    }

    /// Whether no block comes behind this one.
    pub fn is_last(&self, block: &Block) -> bool {
        let end = self.from.saturating_add(self.count.into());
        block.author() == self.author && block.seq().checked_add(1) == Some(end)
    }

    /// What the payload says.
    pub const FIELDS: [Field; 3] = [
        Field::new("author", 0, 32, "whose blocks"),
        Field::new("from", 32, 8, "the number of the first"),
        Field::new("count", 40, 2, "how many, up to 64"),
    ];

    /// The payload of a frame.
    pub fn encode(&self) -> Vec<u8> {
        let from = self.from.to_be_bytes();
        [&self.author.0[..], &from, &self.count.to_be_bytes()].concat()
    }

    /// What a payload says.
    ///
    /// # Errors
    /// When it has not exactly these fields, or too large a count.
    pub fn parse(payload: &[u8]) -> Result<Self, Violation> {
        let read = |mut from: Reader| {
            let get = Get {
                author: Author(from.next_array()?),
                from: from.next_u64()?,
                count: from.next_u16()?,
            };
            from.nothing_left().map(|()| get)
        };
        let get = read(Reader(payload));
        let get = get.filter(|it| (1..=MAX_COUNT).contains(&it.count));
        get.ok_or(Violation::Malformed(Kind::Get))
    }
}

/// The first block of an author that is not here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotFound {
    /// Whose.
    pub author: Author,
    /// Its number.
    pub seq: u64,
}

impl NotFound {
    /// What the payload says: who has asked for more gets no more.
    pub const FIELDS: [Field; 2] = [
        Field::new("author", 0, 32, "whose block"),
        Field::new("seq", 32, 8, "the first that is not here; may be a lie"),
    ];

    /// The payload of a frame.
    pub fn encode(&self) -> Vec<u8> {
        [&self.author.0[..], &self.seq.to_be_bytes()].concat()
    }

    /// What a payload says.
    ///
    /// # Errors
    /// When it has not exactly these fields.
    pub fn parse(payload: &[u8]) -> Result<Self, Violation> {
        let read = |mut from: Reader| {
            let author = Author(from.next_array()?);
            let seq = from.next_u64()?;
            from.nothing_left().map(|()| NotFound { author, seq })
        };
        read(Reader(payload)).ok_or(Violation::Malformed(Kind::NotFound))
    }
}
