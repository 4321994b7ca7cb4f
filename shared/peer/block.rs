//! Enters in step 25: a block: what an author has said, signed, and linked to
//! what the same author had said before.
//!
//! The bytes on the wire are the bytes on the disk are the bytes that are
//! hashed. Whether a block is valid depends on it and on those before it, and
//! on nothing else: not on a clock, nor on who brought it.

use std::fmt::{self, Display};
use std::sync::Arc;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::stamp::{leading_zeros, required_bits};
use crate::wire::{Field, hex};

/// Bytes of the header, and of the signature behind the body.
pub const HEADER: usize = 136;
/// Bytes of the signature.
pub const SIGNATURE: usize = 64;

/// The largest body.
pub const MAX_BODY: usize = 32 * 1024;

const MAGIC: [u8; 4] = [0xd5, 0x42, 0x4c, 0x4b];
const VERSION: u8 = 1;

/// What is signed besides the block's number, so that no signature of
/// something else is one of a block.
const SIGNED: &[u8] = b"swarm block v1";

/// The header of a block. The rest is the body, and a signature of 64 bytes.
pub const FIELDS: [Field; 12] = [
    Field::new("magic", 0, 4, "d5 42 4c 4b, or it is no block"),
    Field::new("version", 4, 1, "another one is refused"),
    Field::new("flags", 5, 1, "0"),
    Field::new("kind", 6, 2, "0: text, 1: bytes"),
    Field::new("previous", 8, 32, "the hash of the author's block before"),
    Field::new("sender", 40, 32, "the author's key: the signature proves it"),
    Field::new("seq", 72, 8, "how many blocks the author had before"),
    Field::new("timestamp", 80, 8, "ms since 1970; may be a lie"),
    Field::new("nonce", 88, 8, "makes the hash begin with zeros"),
    Field::new("size", 96, 4, "of the body"),
    Field::new("reserved", 100, 4, "0"),
    Field::new("body hash", 104, 32, "SHA-256 of the body"),
];

/// An author: the key that signatures are checked with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Author(pub [u8; 32]);

impl Display for Author {
    /// The first eight digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0[..4]))
    }
}

impl fmt::Debug for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

/// The hash of a header: no two blocks have the same.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlockId(pub [u8; 32]);

impl fmt::Debug for BlockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// What the body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum BodyKind {
    /// UTF-8.
    Text = 0,
    /// Anything.
    Bytes = 1,
    /// UTF-8: what its author wants to be called. Enters in step 27.
    Profile = 2,
}

/// What is wrong with a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// It is shorter or longer than its header says, or than a block may be.
    Length,
    /// It is no block of this version, or has something where zeros belong.
    Header,
    /// Its number has fewer zeros than its size costs in this network.
    Stamp,
    /// The body is another one.
    Body,
    /// The author has not signed it.
    Signature,
}

impl Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Flaw::Length => "a block of the wrong length",
            Flaw::Header => "a block with a wrong header",
            Flaw::Stamp => "a block without its stamp",
            Flaw::Body => "a block with another one's body",
            Flaw::Signature => "a block that its author has not signed",
        })
    }
}

/// A block that is well-formed. Clones share its bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Block {
    bytes: Arc<[u8]>,
    id: BlockId,
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} #{}", self.author(), self.seq())
    }
}

impl Block {
    /// Takes a block apart: the cheapest checks first. It is still to be
    /// [`Block::verify`]ed.
    ///
    /// # Errors
    /// [`Flaw::Length`] and [`Flaw::Header`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Flaw> {
        let around = HEADER + SIGNATURE;
        if !(around..=around + MAX_BODY).contains(&bytes.len()) {
            return Err(Flaw::Length);
        }
        let size = bytes.len() - around;
        if bytes[96..100] != (size as u32).to_be_bytes() {
            return Err(Flaw::Length);
        }
        if !is_header(bytes) {
            return Err(Flaw::Header);
        }
        let id = BlockId(Sha256::digest(&bytes[..HEADER]).into());
        Ok(Block { bytes: bytes.into(), id })
    }

    /// Whether its author has said this, and has paid for it what it costs in
    /// a network of so many `bits`. The signature last: it takes longest.
    ///
    /// # Errors
    /// What is wrong.
    pub fn verify(&self, bits: u8) -> Result<(), Flaw> {
        let body = self.body();
        if !self.has_stamp(bits) {
            return Err(Flaw::Stamp);
        }
        if Sha256::digest(body)[..] != self.bytes[104..HEADER] {
            return Err(Flaw::Body);
        }
        verify_signature(self.author(), self.id, self.signature())
    }

    /// Whether it has cost what it costs in a network of so many `bits`.
    pub fn has_stamp(&self, bits: u8) -> bool {
        let required = required_bits(bits, self.body().len());
        leading_zeros(&self.id.0) >= required
    }

    /// All of its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The hash of its header.
    pub fn id(&self) -> BlockId {
        self.id
    }

    /// Who has said it.
    pub fn author(&self) -> Author {
        Author(self.array(40))
    }

    /// The author's block before; zeros for the first.
    pub fn previous(&self) -> BlockId {
        BlockId(self.array(8))
    }

    /// How many blocks the author had before.
    pub fn seq(&self) -> u64 {
        u64::from_be_bytes(self.array(72))
    }

    /// When, as the author says: milliseconds since 1970.
    pub fn timestamp(&self) -> u64 {
        u64::from_be_bytes(self.array(80))
    }

    /// What the body is.
    pub fn body_kind(&self) -> BodyKind {
        match self.bytes[7] {
            0 => BodyKind::Text,
            // Enters in step 27.
            2 => BodyKind::Profile,
            _ => BodyKind::Bytes,
        }
    }

    /// What was said.
    pub fn body(&self) -> &[u8] {
        &self.bytes[HEADER..self.bytes.len() - SIGNATURE]
    }

    /// The author's signature of the hash.
    pub fn signature(&self) -> &[u8] {
        &self.bytes[self.bytes.len() - SIGNATURE..]
    }

    /// `N` bytes of the header: it has them.
    fn array<const N: usize>(&self, offset: usize) -> [u8; N] {
        let mut bytes = [0; N];
        bytes.copy_from_slice(&self.bytes[offset..offset + N]);
        bytes
    }
}

/// Whether a header is of a block as this version has them. There are as many
/// bytes.
pub fn is_header(bytes: &[u8]) -> bool {
    let is_ours = bytes[..4] == MAGIC && bytes[4] == VERSION;
    let is_zero = bytes[5] == 0 && bytes[100..104] == [0; 4];
    let is_known = bytes[6] == 0 && bytes[7] <= BodyKind::Profile as u8;
    is_ours && is_zero && is_known
}

/// Whether the author has signed this.
///
/// # Errors
/// [`Flaw::Signature`]: they have not, or it is no key.
pub fn verify_signature(
    author: Author,
    id: BlockId,
    signature: &[u8],
) -> Result<(), Flaw> {
    let key = VerifyingKey::from_bytes(&author.0);
    let key = key.map_err(|_| Flaw::Signature)?;
    let signature = Signature::from_slice(signature);
    let signature = signature.map_err(|_| Flaw::Signature)?;
    // Strictly: what one node takes for valid, each does.
    key.verify_strict(&signed(id), &signature).map_err(|_| Flaw::Signature)
}

/// What an author signs.
fn signed(id: BlockId) -> Vec<u8> {
    [SIGNED, &id.0].concat()
}

/// A header that has no stamp yet.
#[derive(Debug, Clone)]
pub struct Draft {
    header: [u8; HEADER],
    body: Vec<u8>,
}

impl Draft {
    /// What `author` is about to say, after so many blocks, of which the last
    /// is `previous`, at this time in milliseconds since 1970. The body has
    /// at most [`MAX_BODY`] bytes.
    pub fn new(
        author: Author,
        (seq, previous): (u64, BlockId),
        timestamp: u64,
        kind: BodyKind,
        body: Vec<u8>,
    ) -> Self {
        let mut header = [0; HEADER];
        header[..4].copy_from_slice(&MAGIC);
        header[4] = VERSION;
        header[6..8].copy_from_slice(&(kind as u16).to_be_bytes());
        header[8..40].copy_from_slice(&previous.0);
        header[40..72].copy_from_slice(&author.0);
        header[72..80].copy_from_slice(&seq.to_be_bytes());
        header[80..88].copy_from_slice(&timestamp.to_be_bytes());
        header[96..100].copy_from_slice(&(body.len() as u32).to_be_bytes());
        header[104..].copy_from_slice(&Sha256::digest(&body));
        Draft { header, body }
    }

    /// How many bytes the body has.
    pub fn size(&self) -> usize {
        self.body.len()
    }

    /// The hash of the header with this nonce.
    pub fn hash(&mut self, nonce: u64) -> BlockId {
        self.header[88..96].copy_from_slice(&nonce.to_be_bytes());
        BlockId(Sha256::digest(self.header).into())
    }

    /// The block, with this nonce and a signature.
    pub fn seal(mut self, nonce: u64, key: &SigningKey) -> Block {
        let id = self.hash(nonce);
        let signature = key.sign(&signed(id)).to_bytes();
        let bytes = [&self.header[..], &self.body, &signature].concat();
        Block { bytes: bytes.into(), id }
    }
}
