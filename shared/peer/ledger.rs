//! Enters in step 26: what this node says, and how what was said gets to the
//! disk. In step 25 it stood in the step.
//!
//! What this node says itself is on the disk before anybody hears it. Else it
//! could say something else under the same number after a power cut.

use std::collections::VecDeque;
use std::time::Instant;

use ed25519_dalek::SigningKey;
use shared::cli::{self, Failure};

use crate::block::{Author, Block, BlockId, BodyKind, Draft};
use crate::clock::clock;
use crate::committer::Committer;
use crate::disk::Files;
use crate::hello::PeerId;
use crate::mint::Mint;
use crate::proof::Proof;
use crate::store::Store;
use crate::vouch;

/// Whether our log is all that we have said.
mod confirmation;

/// How what was said gets to the disk.
mod keeping;

/// What was there when the node was started.
mod recovery;

use confirmation::Confirmation;

pub use recovery::{open_store, take};

/// What is to be said, and what is on the disk or on its way there.
pub struct Ledger {
    /// Whose blocks it makes.
    pub author: Author,
    /// What the next one has to follow; `None`: there can be none, because
    /// there are two of ours with one number.
    head: Option<(u64, BlockId)>,
    key: SigningKey,
    bits: u8,
    store: Option<Store<Files>>,
    /// The thread that syncs.
    pub committer: Committer,
    /// The threads that make stamps.
    pub mint: Mint,
    confirmation: Confirmation,
    /// What is to be said, in order.
    waiting: VecDeque<(BodyKind, Vec<u8>)>,
    /// The first of it, while it gets its stamp; and what it follows.
    draft: Option<((u64, BlockId), Draft)>,
    /// What is on its way to the disk, and its ticket.
    sealed: Option<(u64, Block)>,
    /// The last ticket; bytes that are not synced, and since when.
    ticket: u64,
    unsynced: (usize, Option<Instant>),
    /// Why nothing can be said or kept any more.
    failure: Option<Failure>,
}

impl Ledger {
    /// Says something, after what is to be said before.
    pub fn say(&mut self, kind: BodyKind, body: Vec<u8>) {
        self.waiting.push_back((kind, body));
        self.begin();
    }

    /// Begins to make the next block, if there is something to be said.
    fn begin(&mut self) {
        let is_busy = self.draft.is_some() || self.sealed.is_some();
        if is_busy || self.is_silent() || self.awaits_confirmation() {
            return;
        }
        let Some((kind, body)) = self.waiting.front() else { return };
        let Some(head) = self.head else { return };
        let draft = Draft::new(self.author, head, clock(), *kind, body.clone());
        self.mint.begin(draft.clone(), self.bits);
        self.draft = Some((head, draft));
    }

    /// The mint may have found a stamp: the block goes to the disk.
    pub fn minted(&mut self) {
        let Some(nonce) = self.mint.take() else { return };
        let Some((head, draft)) = self.draft.take() else { return };
        if self.is_silent() || self.head != Some(head) {
            // A peer has brought a block of ours meanwhile: it comes first.
            return self.begin();
        }
        self.waiting.pop_front();
        let block = draft.seal(nonce, &self.key);
        let kept = self.keep(&block);
        self.sealed = Some((self.ticket + 1, block));
        match kept {
            Ok(()) => self.commit(),
            Err(error) => self.fail(error),
        }
    }

    /// The disk may have confirmed something: our block, if it is there now.
    pub fn committed(&mut self) -> Option<Block> {
        let durable = match self.committer.take() {
            Ok(ticket) => ticket,
            Err(error) => {
                self.fail(error);
                return None;
            }
        };
        if self.failure.is_some() {
            // Writing ours may have failed: a later sync says nothing of it.
            return None;
        }
        let is_there = |(ticket, _): &mut (u64, Block)| *ticket <= durable;
        self.sealed.take_if(is_there).map(|(_, block)| block)
    }

    /// That is what our next block has to follow now.
    pub fn follow(&mut self, head: Option<(u64, BlockId)>) {
        self.head = head;
        self.begin();
    }

    /// The proof that we speak through `node`, over the connection that has
    /// this. Enters in step 27.
    pub fn vouch(&self, binding: &[u8], node: PeerId) -> Vec<u8> {
        vouch::sign(&self.key, binding, node, &cli::program())
    }

    /// How much is to be said that nobody can hear yet.
    pub fn unsaid(&self) -> usize {
        self.waiting.len() + usize::from(self.sealed.is_some())
    }

    /// Whether nothing can be said any more: the disk has failed, or our key
    /// has signed two blocks of one number.
    pub fn is_silent(&self) -> bool {
        self.failure.is_some() || self.head.is_none()
    }

    /// Why nothing can be said, in words for a page. Enters in step 27.
    pub fn trouble(&self) -> Option<String> {
        match &self.failure {
            Some(failure) => Some(format!("{failure}: nothing is kept")),
            None if self.head.is_none() => Some(
                "Our key has signed two blocks of one number: nothing can be \
                 said with it any more. Is it used somewhere else?"
                    .to_string(),
            ),
            None if self.awaits_confirmation() => Some(
                "What is said waits for a peer who knows our log.".to_string(),
            ),
            None => None,
        }
    }

    /// Whether it is of no use to wait for what is to be said.
    pub fn is_idle(&self) -> bool {
        let is_stuck = self.is_silent() || self.awaits_confirmation();
        is_stuck || self.unsaid() == 0
    }
}

/// Says so if an author has signed two blocks of one number; `we` may be it.
pub fn tell_fork(proof: &Proof, we: Author) {
    let (author, seq) = (proof.author(), proof.seq());
    cli::log(format_args!(
        "{author} has signed two blocks #{seq}: its log ends there"
    ));
    if author == we {
        cli::log(
            "that is our key, and nothing can be said with it any more: is it \
             used somewhere else, too?",
        );
    }
}
