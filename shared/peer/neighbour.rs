//! Enters in step 26: what a node remembers of one that it has a link to: what
//! it is to be told, and what it is owed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::block::{Author, Block, BlockId};
use crate::have::{Head, MAX_ENTRIES};
use crate::messages::Get;

/// A block that is announced waits so long for others, to be announced with
/// them.
pub const GATHER: Duration = Duration::from_millis(200);

/// So often what both have is compared.
pub const COMPARE: Duration = Duration::from_secs(30);

/// All that we have is not said again before that.
const SAY_AGAIN: Duration = Duration::from_secs(10);

/// Of so many authors we remember what it knows of their forks.
const MAX_FORKS: usize = 4096;

/// A node at the other end of a link.
#[derive(Debug)]
pub struct Neighbour {
    /// It is sent blocks at once, and sends us its own; else both announce
    /// them.
    pub is_eager: bool,
    /// There is no room for more in what waits to be sent to it.
    pub is_full: bool,
    /// The last block of each author that it is to be told of.
    announced: BTreeMap<Author, (u64, BlockId)>,
    /// When it is to be told.
    pub announce_at: Option<Instant>,
    /// What it has asked for, as far as it has not been sent yet.
    pub owed: Option<Get>,
    /// It is to be told all that we have: of the authors behind this one.
    pub have_from: Option<Option<Author>>,
    /// When it was told last.
    said: Option<Instant>,
    /// When it is sent the next DIGEST.
    pub compare_at: Instant,
    /// How many of our blocks it has, as it has said.
    pub of_ours: u64,
    /// It has said all that it has.
    pub has_said_all: bool,
    /// Numbers of which it knows that there are two blocks.
    forks: BTreeMap<Author, u64>,
    /// How many of the blocks that are here it has, as far as it has said; and
    /// how many it did not have then, as far as they have not been sent. Enters
    /// in step 27.
    pub shares: u64,
    /// Enters in step 27.
    pub lacks: u64,
}

impl Neighbour {
    /// A link has opened: all that we have is said first.
    pub fn new(now: Instant) -> Self {
        Neighbour {
            is_eager: true,
            is_full: false,
            announced: BTreeMap::new(),
            announce_at: None,
            owed: None,
            have_from: Some(None),
            said: Some(now),
            compare_at: now + COMPARE,
            of_ours: 0,
            has_said_all: false,
            forks: BTreeMap::new(),
            // Enters in step 27.
            shares: 0,
            // Enters in step 27.
            lacks: 0,
        }
    }

    /// It is to be told that there is this block, until then.
    pub fn announce(&mut self, block: &Block, until: Instant) {
        if self.announced.len() >= MAX_ENTRIES {
            // So much that all can be said as well.
            self.announced.clear();
            self.announce_at = None;
            self.have_from = Some(None);
            return;
        }
        let last = (block.seq(), block.id());
        self.announced.insert(block.author(), last);
        let at = self.announce_at.map_or(until, |at| at.min(until));
        self.announce_at = Some(at);
    }

    /// It has these blocks: it need not be told of them.
    pub fn has(&mut self, author: Author, seq: u64) {
        let last = self.announced.get(&author);
        if last.is_some_and(|(last, _)| *last <= seq) {
            self.announced.remove(&author);
        }
        if self.announced.is_empty() {
            self.announce_at = None;
        }
    }

    /// It knows that an author has signed two blocks of this number.
    pub fn knows_fork(&mut self, author: Author, seq: u64) {
        let has_room = self.forks.len() < MAX_FORKS;
        if has_room || self.forks.contains_key(&author) {
            let known = self.forks.entry(author).or_insert(seq);
            *known = seq.min(*known);
        }
    }

    /// The lowest number of which it knows that there are two blocks.
    pub fn fork_at(&self, author: Author) -> Option<u64> {
        self.forks.get(&author).copied()
    }

    /// What is to be announced.
    pub fn take_announced(&mut self) -> Vec<Head> {
        self.announce_at = None;
        let announced = std::mem::take(&mut self.announced).into_iter();
        announced.map(|(author, (seq, id))| Head { author, seq, id }).collect()
    }

    /// What it has is not what we have: it is told all, unless it has just
    /// been.
    pub fn compared(&mut self, now: Instant) {
        if self.said.is_none_or(|said| said + SAY_AGAIN <= now) {
            self.have_from = Some(None);
            self.said = Some(now);
        }
    }

    /// When it is to be told something.
    pub fn due(&self) -> Instant {
        let announce = self.announce_at.unwrap_or(self.compare_at);
        announce.min(self.compare_at)
    }
}
