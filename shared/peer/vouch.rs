//! Enters in step 27: the proof in a HELLO: an author signs that they speak
//! through this node, over this connection.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use crate::block::Author;
use crate::hello::PeerId;
use crate::wire::{Field, Reader};

/// What is signed begins like this: it cannot be taken for a block.
const CONTEXT: &[u8] = b"swarm hello v1";

/// The longest agent.
const MAX_AGENT: usize = 32;

/// The proof.
pub const FIELDS: [Field; 4] = [
    Field::new(
        "author",
        0,
        32,
        "the key with which the node's blocks are signed",
    ),
    Field::new("signature", 32, 64, "of the connection and of the node"),
    Field::new("agent", 96, 1, "so many bytes follow, up to 32"),
    Field::new("", 97, 0, "the program; may be a lie"),
];

/// Who speaks through a node, and with which program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouch {
    /// It has signed the node.
    pub author: Author,
    /// What it says that it is: ASCII.
    pub agent: String,
}

/// What is signed: the connection, of which there is no second; and the node at
/// this end, or the other end could send our own signature back to us.
fn signed(binding: &[u8], node: PeerId) -> Vec<u8> {
    [CONTEXT, binding, &node.0].concat()
}

/// The proof of `node`, whose author has this key.
pub fn sign(
    key: &SigningKey,
    binding: &[u8],
    node: PeerId,
    agent: &str,
) -> Vec<u8> {
    let author = key.verifying_key().to_bytes();
    let signature = key.sign(&signed(binding, node)).to_bytes();
    let agent = &agent.as_bytes()[..agent.len().min(MAX_AGENT)];
    [&author[..], &signature, &[agent.len() as u8], agent].concat()
}

/// Who speaks through `node`, if the proof is right.
pub fn check(proof: &[u8], binding: &[u8], node: PeerId) -> Option<Vouch> {
    let mut reader = Reader(proof);
    let author = reader.next_array()?;
    let signature = Signature::from_bytes(&reader.next_array()?);
    let [length] = reader.next_array()?;
    let agent = reader.next_slice(length.into())?;
    let is_fit =
        agent.len() <= MAX_AGENT && agent.iter().all(u8::is_ascii_graphic);
    reader.nothing_left().filter(|()| is_fit)?;
    let key = VerifyingKey::from_bytes(&author).ok()?;
    key.verify_strict(&signed(binding, node), &signature).ok()?;
    let agent = String::from_utf8_lossy(agent).into_owned();
    Some(Vouch { author: Author(author), agent })
}
