//! What has been said, by everybody: in memory, and on the disk.
//!
//! What this node says itself is on the disk before anybody hears it. Else it
//! could say something else under the same number after a power cut.

use std::collections::VecDeque;
use std::time::Instant;

use ed25519_dalek::SigningKey;
use peer::block::{Author, Block, BlockId, BodyKind, Draft, Flaw};
use peer::clock::clock;
use peer::committer::Committer;
use peer::disk::Files;
use peer::log::{Added, Logs};
use peer::mint::Mint;
use peer::store::Store;
use shared::cli::{self, Failure};

/// Whether our log is all that we have said.
mod confirmation;

/// How what was said gets to the disk.
mod keeping;

/// What was there when the node was started.
mod recovery;

use confirmation::Confirmation;

pub use recovery::{open_store, take};

/// Everything that was said, as far as this node knows.
pub struct Ledger {
    pub logs: Logs,
    pub author: Author,
    key: SigningKey,
    bits: u8,
    store: Option<Store<Files>>,
    pub committer: Committer,
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
    /// How many bytes are kept, and how many may be.
    kept: usize,
    max: usize,
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
        let head = self.head();
        let draft = Draft::new(self.author, head, clock(), *kind, body.clone());
        self.mint.begin(draft.clone(), self.bits);
        self.draft = Some((head, draft));
    }

    /// The mint may have found a stamp: the block goes to the disk.
    pub fn minted(&mut self) {
        let Some(nonce) = self.mint.take() else { return };
        let Some((head, draft)) = self.draft.take() else { return };
        if self.is_silent() || head != self.head() {
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
        let (_, block) = self.sealed.take_if(is_there)?;
        self.log(&block);
        self.begin();
        Some(block)
    }

    /// Somebody has brought a block.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn add(&mut self, block: &Block, now: Instant) -> Result<Added, Flaw> {
        // The cheapest first: most of those that come twice come soon.
        let log = self.logs.log(block.author());
        let mine = log.and_then(|log| log.block(block.seq()));
        if mine.is_some_and(|mine| mine.id() == block.id()) {
            return Ok(Added::Duplicate);
        }
        block.verify(self.bits)?;
        let added = self.log(block);
        // The second of two with one number is the proof that there are two.
        if matches!(added, Added::New | Added::Fork(_)) {
            self.keep_soon(block, now);
        }
        if added == Added::New && block.author() == self.author {
            self.has_come_back(now);
        }
        Ok(added)
    }

    /// Adds a verified block to its author's log.
    fn log(&mut self, block: &Block) -> Added {
        let added = self.logs.add(block);
        tell_fork(added, block.author(), self.author);
        added
    }

    /// How much is to be said that nobody can hear yet.
    pub fn unsaid(&self) -> usize {
        self.waiting.len() + usize::from(self.sealed.is_some())
    }

    /// Whether nothing can be said any more: the disk has failed, or our key
    /// has signed two blocks of one number.
    pub fn is_silent(&self) -> bool {
        let log = self.logs.log(self.author);
        let is_frozen = log.is_some_and(|log| log.fork_at().is_some());
        self.failure.is_some() || is_frozen
    }

    /// Whether it is of no use to wait for what is to be said.
    pub fn is_idle(&self) -> bool {
        let is_stuck = self.is_silent() || self.awaits_confirmation();
        is_stuck || self.unsaid() == 0
    }

    /// What our next block has to follow.
    fn head(&self) -> (u64, BlockId) {
        let log = self.logs.log(self.author);
        log.map(|log| log.head()).unwrap_or_default()
    }

    /// The number of the next block of an author.
    pub fn next_seq(&self, author: Author) -> u64 {
        self.logs.log(author).map_or(0, |log| log.head().0)
    }
}

/// Says so if an author has signed two blocks of one number; `we` may be it.
fn tell_fork(added: Added, author: Author, we: Author) {
    let Added::Fork(seq) = added else { return };
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
