//! Enters in step 26: the proof that an author has signed two blocks of one
//! number. Their headers are enough: whoever has it need not believe anybody.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::block::{
    Author, Block, BlockId, Flaw, HEADER, SIGNATURE, is_header,
    verify_signature,
};
use crate::kind::Kind;
use crate::stamp::{leading_zeros, required_bits};
use crate::violation::Violation;
use crate::wire::Field;

/// Bytes of one of the two: a header and its signature.
const HALF: usize = HEADER + SIGNATURE;

/// Bytes of a proof.
pub const PROOF: usize = 2 * HALF;

/// Two headers of one author and one number, and their signatures. Clones
/// share the bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Proof(Arc<[u8]>);

impl Proof {
    /// What FORK says.
    pub const FIELDS: [Field; 4] = [
        Field::new("header", 0, 136, "of one block"),
        Field::new("signature", 136, 64, "of its author"),
        Field::new("header", 200, 136, "of the other, with the same number"),
        Field::new("signature", 336, 64, "of the same author"),
    ];

    /// Of these two, which have been verified: they are of one author and one
    /// number, and different.
    pub fn new(one: &Block, other: &Block) -> Self {
        let halves = [one, other].map(|block| {
            [&block.bytes()[..HEADER], block.signature()].concat()
        });
        Proof(halves.concat().into())
    }

    /// What the payload of a FORK says. It is still to be
    /// [`Proof::verify`]ed.
    ///
    /// # Errors
    /// When it has not exactly these fields, or the two are not of one author
    /// and one number, or not different.
    pub fn parse(bytes: &[u8]) -> Result<Self, Violation> {
        let halves = bytes.split_at_checked(HALF);
        let is_one = |(one, other): &(&[u8], &[u8])| {
            other.len() == HALF
                && one[40..80] == other[40..80]
                && one[..HEADER] != other[..HEADER]
        };
        let halves = halves.filter(is_one);
        halves.ok_or(Violation::Malformed(Kind::Fork))?;
        Ok(Proof(bytes.into()))
    }

    /// Whether both are headers of blocks of a network of so many `bits`, and
    /// signed.
    ///
    /// # Errors
    /// What is wrong.
    pub fn verify(&self, bits: u8) -> Result<(), Flaw> {
        for half in self.0.chunks_exact(HALF) {
            let (header, signature) = half.split_at(HEADER);
            if !is_header(header) {
                return Err(Flaw::Header);
            }
            let size = header[96..100].try_into().unwrap_or_default();
            let bits = required_bits(bits, u32::from_be_bytes(size) as usize);
            let id = BlockId(Sha256::digest(header).into());
            if leading_zeros(&id.0) < bits {
                return Err(Flaw::Stamp);
            }
            verify_signature(self.author(), id, signature)?;
        }
        Ok(())
    }

    /// Who has signed both.
    pub fn author(&self) -> Author {
        Author(self.0[40..72].try_into().unwrap_or_default())
    }

    /// The number that both have.
    pub fn seq(&self) -> u64 {
        u64::from_be_bytes(self.0[72..80].try_into().unwrap_or_default())
    }

    /// All of its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "two of {} #{}", self.author(), self.seq())
    }
}
