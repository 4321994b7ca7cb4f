//! Enters in step 26: what nodes say to each other about blocks.

use std::borrow::Cow;

use crate::block::Block;
use crate::have::{Digest, Have, Head, encode_inv, parse_inv};
use crate::kind::Kind;
use crate::messages::{Get, NotFound};
use crate::proof::Proof;
use crate::violation::Violation;

/// What a frame about blocks says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// This has been said.
    Block(Block),
    /// I have these blocks, and those before them.
    Inv(Vec<Head>),
    /// Send me these.
    Get(Get),
    /// This is all that I have.
    Have(Have),
    /// The same, to be compared.
    Digest(Digest),
    /// An author has signed two blocks of one number.
    Fork(Proof),
    /// I do not have this block.
    NotFound(NotFound),
    /// You need not send me blocks at once: tell me which there are.
    Prune,
}

impl Message {
    /// What kind of frame it is.
    pub fn frame_kind(&self) -> Kind {
        match self {
            Message::Block(_) => Kind::Block,
            Message::Inv(_) => Kind::Inv,
            Message::Get(_) => Kind::Get,
            Message::Have(_) => Kind::Have,
            Message::Digest(_) => Kind::Digest,
            Message::Fork(_) => Kind::Fork,
            Message::NotFound(_) => Kind::NotFound,
            Message::Prune => Kind::Prune,
        }
    }

    /// The payload of the frame.
    pub fn encode(&self) -> Cow<'_, [u8]> {
        match self {
            Message::Block(block) => block.bytes().into(),
            Message::Inv(heads) => encode_inv(heads).into(),
            Message::Get(get) => get.encode().into(),
            Message::Have(have) => have.encode().into(),
            Message::Digest(digest) => digest.encode().into(),
            Message::Fork(proof) => proof.bytes().into(),
            Message::NotFound(what) => what.encode().into(),
            Message::Prune => Cow::Borrowed(&[]),
        }
    }

    /// What a frame says. `None`: it is about something else.
    ///
    /// # Errors
    /// When the payload is not as this kind has it.
    pub fn parse(
        kind: Kind,
        payload: &[u8],
    ) -> Result<Option<Self>, Violation> {
        Ok(Some(match kind {
            Kind::Block => Message::Block(
                Block::parse(payload).map_err(Violation::Flawed)?,
            ),
            Kind::Inv => Message::Inv(parse_inv(payload)?),
            Kind::Get => Message::Get(Get::parse(payload)?),
            Kind::Have => Message::Have(Have::parse(payload)?),
            Kind::Digest => Message::Digest(Digest::parse(payload)?),
            Kind::Fork => Message::Fork(Proof::parse(payload)?),
            Kind::NotFound => Message::NotFound(NotFound::parse(payload)?),
            Kind::Prune => Message::Prune,
            _ => return Ok(None),
        }))
    }
}
