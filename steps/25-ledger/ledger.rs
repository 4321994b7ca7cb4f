//! What has been said, by everybody: in memory, and on the disk.
//!
//! What this node says itself is on the disk before anybody hears it. Else it
//! could say something else under the same number after a power cut.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use ed25519_dalek::SigningKey;
use peer::block::{Author, Block, BodyKind, Draft, Flaw};
use peer::clock::clock;
use peer::committer::Committer;
use peer::disk::Files;
use peer::log::{Added, Logs};
use peer::messages::{Get, MAX_COUNT};
use peer::mint::Mint;
use peer::store::Store;
use shared::cli;

/// What was there when the node was started.
mod recovery;

pub use recovery::take;

/// How long others' blocks wait for a sync together, and how many bytes.
const PATIENCE: (Duration, usize) = (Duration::from_millis(250), 256 * 1024);

/// How long to wait for a peer who knows our log, before the first block.
const CONFIRMATION: Duration = Duration::from_secs(10);

/// So many bytes of one author are kept.
const MAX_OF_AUTHOR: usize = 64 * 1024 * 1024;

/// Whether our log is all that we have said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Log {
    /// Until then, or a peer says so; `None`: until a peer says so.
    Waits(Option<Instant>),
    Confirmed,
}

/// Everything that was said, as far as this node knows.
pub struct Ledger {
    pub logs: Logs,
    pub author: Author,
    key: SigningKey,
    bits: u8,
    store: Option<Store<Files>>,
    pub committer: Committer,
    pub mint: Mint,
    log: Log,
    /// What is to be said, in order.
    waiting: VecDeque<(BodyKind, Vec<u8>)>,
    /// What is getting its stamp.
    draft: Option<Draft>,
    /// What is on its way to the disk, and its ticket.
    sealed: Option<(u64, Block)>,
    /// The last ticket; bytes that are not synced, and since when.
    ticket: u64,
    unsynced: (usize, Option<Instant>),
    /// How many bytes are kept, and how many may be.
    kept: usize,
    max: usize,
    /// Why nothing can be said or kept any more.
    pub failure: Option<io::Error>,
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
        let has_failed = self.failure.is_some();
        if is_busy || has_failed || self.log != Log::Confirmed {
            return;
        }
        let Some((kind, body)) = self.waiting.pop_front() else { return };
        let own = self.logs.log(self.author);
        let head = own.map(|log| log.head()).unwrap_or_default();
        let draft = Draft::new(self.author, head, clock(), kind, body);
        self.mint.begin(draft.clone(), self.bits);
        self.draft = Some(draft);
    }

    /// The mint may have found a stamp: the block goes to the disk.
    pub fn minted(&mut self) {
        let Some(nonce) = self.mint.take() else { return };
        let Some(draft) = self.draft.take() else { return };
        let block = draft.seal(nonce, &self.key);
        match self.keep(&block) {
            Ok(()) => {
                self.sealed = Some((self.ticket + 1, block));
                self.commit();
            }
            Err(error) => self.fail(error),
        }
    }

    /// The disk may have confirmed something: our block, if it is there now.
    pub fn committed(&mut self) -> Option<Block> {
        match self.committer.take() {
            Err(error) => self.fail(error),
            Ok(durable) => {
                if let Some((_, block)) =
                    self.sealed.take_if(|(ticket, _)| *ticket <= durable)
                {
                    self.logs.add(&block);
                    self.begin();
                    return Some(block);
                }
            }
        }
        None
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
        let added = self.logs.add(block);
        if added == Added::New && self.failure.is_none() {
            match self.keep(block) {
                Ok(()) => {
                    self.unsynced.0 += block.bytes().len();
                    self.unsynced.1.get_or_insert(now);
                    if self.unsynced.0 >= PATIENCE.1 {
                        self.commit();
                    }
                }
                Err(error) => self.fail(error),
            }
        }
        Ok(added)
    }

    /// Whether there is room for this block: one author's are not all that is
    /// kept, and the disk is not ours alone.
    pub fn has_room(&self, block: &Block) -> bool {
        let size = block.bytes().len();
        let log = self.logs.log(block.author());
        let blocks = log.map(|log| log.blocks()).unwrap_or_default();
        let of_author: usize = blocks.iter().map(|it| it.bytes().len()).sum();
        self.kept + size <= self.max && of_author + size <= MAX_OF_AUTHOR
    }

    fn keep(&mut self, block: &Block) -> io::Result<()> {
        self.kept += block.bytes().len();
        match &mut self.store {
            Some(store) => store.append(block),
            None => Ok(()),
        }
    }

    /// Has the thread sync what was appended.
    fn commit(&mut self) {
        self.unsynced = (0, None);
        self.ticket += 1;
        let ticket = self.ticket;
        let Some(store) = &mut self.store else {
            return self.committer.pass(ticket);
        };
        match store.file() {
            Ok(file) => self.committer.request(ticket, file),
            Err(error) => self.fail(error),
        }
    }

    /// When something is to be done without an event.
    pub fn due(&self) -> Option<Instant> {
        let sync = self.unsynced.1.map(|since| since + PATIENCE.0);
        let log = match self.log {
            Log::Waits(until) => until,
            Log::Confirmed => None,
        };
        sync.into_iter().chain(log).min()
    }

    /// Does it, if it is time.
    pub fn expire(&mut self, now: Instant) {
        if self.unsynced.1.is_some_and(|since| since + PATIENCE.0 <= now) {
            self.commit();
        }
        if let Log::Waits(Some(until)) = self.log
            && until <= now
        {
            cli::log("nobody knows our log: what is said now is unconfirmed");
            self.confirm();
        }
    }

    /// A peer has no block of ours beyond those that we have.
    pub fn confirm(&mut self) {
        self.log = Log::Confirmed;
        self.begin();
    }

    /// How much waits to be said.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The number of our next block.
    pub fn next_seq(&self) -> u64 {
        self.logs.log(self.author).map_or(0, |log| log.head().0)
    }

    /// What to ask peers for: blocks of ours that we have lost.
    pub fn own_from(&self) -> Get {
        let (author, from) = (self.author, self.next_seq());
        Get { author, from, count: MAX_COUNT }
    }

    /// The disk has failed: from now on nothing is said or kept.
    fn fail(&mut self, error: io::Error) {
        let why = error.raw_os_error().map(io::Error::from_raw_os_error);
        let why = cli::strerror(why.unwrap_or(io::ErrorKind::Other.into()));
        cli::log(format_args!(
            "the disk fails: {why}: nothing is said or kept any more"
        ));
        (self.draft, self.sealed) = (None, None);
        self.failure.get_or_insert(error);
    }
}
