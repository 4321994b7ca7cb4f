//! Enters in step 26: INV, HAVE and DIGEST: what somebody has, without the
//! blocks themselves.

use sha2::{Digest as _, Sha256};

use crate::block::{Author, BlockId};
use crate::kind::Kind;
use crate::log::Log;
use crate::violation::Violation;
use crate::wire::{Field, Reader};

/// So many entries fit into an INV, and into a HAVE.
pub const MAX_ENTRIES: usize = 256;

/// What a HAVE says of an author who has not signed two blocks of one number.
const NO_FORK: u64 = u64::MAX;

/// An entry of INV: a block, and with it all of its author before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Whose.
    pub author: Author,
    /// Its number.
    pub seq: u64,
    /// Its hash.
    pub id: BlockId,
}

impl Head {
    /// An entry; the first begins at byte 2.
    pub const FIELDS: [Field; 3] = [
        Field::new("author", 0, 32, "whose block"),
        Field::new("seq", 32, 8, "its number: those before it are here, too"),
        Field::new("id", 40, 32, "its hash; may be a lie"),
    ];

    fn parse(from: &mut Reader) -> Option<Self> {
        let author = Author(from.next_array()?);
        let (seq, id) = (from.next_u64()?, BlockId(from.next_array()?));
        Some(Head { author, seq, id })
    }
}

/// The payload of an INV.
pub fn encode_inv(heads: &[Head]) -> Vec<u8> {
    let mut payload = (heads.len() as u16).to_be_bytes().to_vec();
    for Head { author, seq, id } in heads {
        payload.extend(author.0.iter().chain(&seq.to_be_bytes()).chain(&id.0));
    }
    payload
}

/// What the payload of an INV says.
///
/// # Errors
/// When it does not have as many entries as it says, or none.
pub fn parse_inv(payload: &[u8]) -> Result<Vec<Head>, Violation> {
    let mut from = Reader(payload);
    let count = from.next_u16().filter(|it| *it > 0);
    let read = count.and_then(|count| {
        let heads = (0..count).map(|_| Head::parse(&mut from));
        let heads: Option<Vec<Head>> = heads.collect();
        heads.filter(|_| from.0.is_empty())
    });
    read.ok_or(Violation::Malformed(Kind::Inv))
}

/// An entry of HAVE: how far somebody has the log of an author.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Whose.
    pub author: Author,
    /// The number of the first block that is not here.
    pub next: u64,
    /// The hash of the one before it; zeros if there is none.
    pub head: BlockId,
    /// Where the log ends for ever, because there are two of that number.
    pub fork_at: Option<u64>,
}

impl Entry {
    /// An entry; the first begins at byte 3.
    pub const FIELDS: [Field; 4] = [
        Field::new("author", 0, 32, "whose log"),
        Field::new("next", 32, 8, "the first number that is not here"),
        Field::new("head", 40, 32, "the hash of the block before it"),
        Field::new("fork at", 72, 8, "from there on it is frozen; ff…: no"),
    ];

    /// How far we have this log.
    pub fn of(author: Author, log: &Log) -> Self {
        let (next, head) = log.head();
        Entry { author, next, head, fork_at: log.fork_at() }
    }

    fn parse(from: &mut Reader) -> Option<Self> {
        Some(Entry {
            author: Author(from.next_array()?),
            next: from.next_u64()?,
            head: BlockId(from.next_array()?),
            fork_at: Some(from.next_u64()?).filter(|at| *at != NO_FORK),
        })
    }

    fn encode(&self, into: &mut Vec<u8>) {
        let fork_at = self.fork_at.unwrap_or(NO_FORK).to_be_bytes();
        let next = self.next.to_be_bytes();
        let all = self.author.0.iter().chain(&next);
        into.extend(all.chain(&self.head.0).chain(&fork_at));
    }
}

/// What somebody has, of these authors. There may be more of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Have {
    /// Another HAVE follows.
    pub more: bool,
    /// In the order of the authors' keys.
    pub entries: Vec<Entry>,
}

impl Have {
    /// The payload of a frame.
    pub fn encode(&self) -> Vec<u8> {
        let mut payload = vec![u8::from(self.more)];
        payload.extend((self.entries.len() as u16).to_be_bytes());
        self.entries.iter().for_each(|it| it.encode(&mut payload));
        payload
    }

    /// What a payload says.
    ///
    /// # Errors
    /// When it does not have as many entries as it says.
    pub fn parse(payload: &[u8]) -> Result<Self, Violation> {
        let read = |mut from: Reader| {
            let [more] = from.next_array()?;
            let count = from.next_u16()?;
            let entries = (0..count).map(|_| Entry::parse(&mut from));
            let entries = entries.collect::<Option<_>>()?;
            from.nothing_left()?;
            (more <= 1).then_some(Have { more: more == 1, entries })
        };
        read(Reader(payload)).ok_or(Violation::Malformed(Kind::Have))
    }
}

/// All that somebody has, as one number: who has the same has the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest {
    /// The hash of all entries of HAVE.
    pub hash: [u8; 32],
    /// How many there are.
    pub authors: u32,
}

impl Digest {
    /// What the payload says.
    pub const FIELDS: [Field; 2] = [
        Field::new("hash", 0, 32, "SHA-256 of all entries of HAVE"),
        Field::new("authors", 32, 4, "how many entries"),
    ];

    /// Of all that we have, in the order of the authors' keys.
    pub fn of(entries: impl Iterator<Item = Entry>) -> Self {
        let (mut hasher, mut authors) = (Sha256::new(), 0);
        let mut bytes = Vec::new();
        for entry in entries {
            bytes.clear();
            entry.encode(&mut bytes);
            hasher.update(&bytes);
            authors += 1;
        }
        Digest { hash: hasher.finalize().into(), authors }
    }

    /// The payload of a frame.
    pub fn encode(&self) -> Vec<u8> {
        [&self.hash[..], &self.authors.to_be_bytes()].concat()
    }

    /// What a payload says.
    ///
    /// # Errors
    /// When it has not exactly these fields.
    pub fn parse(payload: &[u8]) -> Result<Self, Violation> {
        let read = |mut from: Reader| {
            let hash = from.next_array()?;
            let authors = from.next_array().map(u32::from_be_bytes)?;
            from.nothing_left().map(|()| Digest { hash, authors })
        };
        read(Reader(payload)).ok_or(Violation::Malformed(Kind::Digest))
    }
}
