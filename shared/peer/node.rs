//! Enters in step 26: a node without sockets: what it knows, and what it says
//! to whom.
//!
//! It takes what happens and the time, and says what is to be done. So it is
//! the same in a process and in a simulation.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use crate::block::{Author, Block, BlockId};
use crate::have::{Digest, Entry, MAX_ENTRIES};
use crate::hello::PeerId;
use crate::log::{Added, Logs};
use crate::message::Message;
use crate::neighbour::{COMPARE, GATHER, Neighbour};
use crate::proof::Proof;
use crate::violation::Violation;
use crate::wants::{PATIENCE, Wants};

/// Larger ones are only announced: who wants one asks for it.
const MAX_PUSHED: usize = 1024;

/// So many bytes of one author are kept, of so many authors.
const MAX_OF_AUTHOR: usize = 64 * 1024 * 1024;
const MAX_AUTHORS: usize = 4096;

/// What happens.
#[derive(Debug)]
pub enum Event {
    /// A link to this node has opened.
    Up(PeerId),
    /// It is there no more.
    Down(PeerId),
    /// That node says something.
    Message(PeerId, Message),
    /// There is no room for more in what waits to be sent to it.
    Full(PeerId),
    /// There is room: what it is owed can be sent, one message at a time.
    Room(PeerId),
    /// We have said this, and it is on our disk.
    Own(Block),
    /// Nothing: but it is time.
    Time,
}

/// What is to be done.
#[derive(Debug)]
pub enum Action {
    /// Send that node this.
    Send(PeerId, Message),
    /// Keep a block that was new, and show it; it may be lost.
    Keep(Block),
    /// Show a block of ours.
    Show(Block),
    /// Keep a proof that an author has signed two blocks of one number.
    KeepProof(Proof),
    /// A peer has broken the protocol: end the link.
    Break(PeerId, Violation),
    /// For an author there is no room, for the first time.
    Full(Author),
    /// A peer knows our log, and has no more of it than we have.
    Confirmed,
}

/// What a node is, and what it has.
#[derive(Debug)]
pub struct Node {
    author: Author,
    bits: u8,
    logs: Logs,
    /// How many bytes of blocks there are, and how many may be.
    kept: usize,
    max: usize,
    neighbours: BTreeMap<PeerId, Neighbour>,
    wants: Wants,
    /// Authors who have signed two blocks of one number.
    forked: BTreeSet<Author>,
    /// Authors for whom there was no room.
    refused: BTreeSet<Author>,
    /// It has been said that our log is all that we have said.
    is_confirmed: bool,
}

impl Node {
    /// A node that says blocks as `author`, in a network of so many `bits`,
    /// keeps at most `max` bytes of them, and has these.
    pub fn new(author: Author, bits: u8, max: usize, logs: Logs) -> Self {
        let kept = logs.authors().map(|(_, log)| log.size()).sum();
        let forked = logs.authors();
        let forked = forked.filter(|(_, log)| log.fork_at().is_some());
        Node {
            author,
            bits,
            kept,
            max,
            forked: forked.map(|(author, _)| author).collect(),
            logs,
            neighbours: BTreeMap::new(),
            wants: Wants::default(),
            refused: BTreeSet::new(),
            is_confirmed: false,
        }
    }

    /// Something happens at this time: appends to `actions` what is to be done
    /// because of it.
    pub fn on(
        &mut self,
        now: Instant,
        event: Event,
        actions: &mut Vec<Action>,
    ) {
        match event {
            Event::Up(peer) => {
                self.neighbours.insert(peer, Neighbour::new(now));
                self.serve(peer, now, actions);
            }
            Event::Down(peer) => {
                self.neighbours.remove(&peer);
                self.wants.gone(peer, now);
            }
            Event::Message(peer, message) => {
                // From a link that is used no more: the other one says it.
                if self.neighbours.contains_key(&peer) {
                    self.message(peer, message, now, actions);
                }
            }
            Event::Full(peer) => {
                if let Some(neighbour) = self.neighbours.get_mut(&peer) {
                    neighbour.is_full = true;
                }
            }
            Event::Room(peer) => {
                if let Some(neighbour) = self.neighbours.get_mut(&peer) {
                    neighbour.is_full = false;
                }
                self.serve(peer, now, actions);
            }
            Event::Own(block) => self.own(block, now, actions),
            Event::Time => self.expire(now, actions),
        }
        self.ask(now, actions);
    }

    /// When [`Event::Time`] is to happen, if nothing else does.
    pub fn due(&self) -> Option<Instant> {
        let free = self.neighbours.values().filter(|it| !it.is_full);
        free.map(Neighbour::due).chain(self.wants.due()).min()
    }

    /// All logs.
    pub fn logs(&self) -> &Logs {
        &self.logs
    }

    /// What our next block has to follow; `None` if there can be none, because
    /// there are two of ours with one number.
    pub fn head(&self) -> Option<(u64, BlockId)> {
        let log = self.logs.log(self.author);
        let is_frozen = log.is_some_and(|log| log.fork_at().is_some());
        let head = log.map(|log| log.head()).unwrap_or_default();
        (!is_frozen).then_some(head)
    }

    /// What a peer has, as far as we know: how many blocks that are not here,
    /// and how many it lacks. `None` as long as it has not said. Enters in step
    /// 27.
    pub fn differences(&self, peer: PeerId) -> Option<(u64, u64)> {
        let neighbour = self.neighbours.get(&peer)?;
        let leads = self.wants.leads(peer, &self.logs);
        neighbour.has_said_all.then_some((leads, neighbour.lacks))
    }

    /// Of how many bytes the blocks are. Enters in step 27.
    pub fn kept(&self) -> usize {
        self.kept
    }

    fn message(
        &mut self,
        peer: PeerId,
        message: Message,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        match message {
            Message::Block(block) => self.block(peer, block, now, actions),
            Message::Inv(heads) => self.announced(peer, &heads, now),
            Message::Get(get) => self.asked(peer, get, now, actions),
            Message::Have(have) => self.have(peer, &have, now, actions),
            Message::Digest(digest) => {
                // Enters in step 27.
                if digest == self.digest()
                    && let Some(neighbour) = self.neighbours.get_mut(&peer)
                {
                    neighbour.lacks = 0;
                } else if let Some(neighbour) = self.neighbours.get_mut(&peer) {
                    neighbour.compared(now);
                    self.serve(peer, now, actions);
                }
            }
            Message::Fork(proof) => self.proof(peer, &proof, actions),
            Message::NotFound(what) => self.denied(peer, what, now, actions),
            Message::Prune => {
                if let Some(neighbour) = self.neighbours.get_mut(&peer) {
                    neighbour.is_eager = false;
                }
            }
        }
    }

    /// Somebody has sent a block.
    fn block(
        &mut self,
        peer: PeerId,
        block: Block,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let (author, seq) = (block.author(), block.seq());
        let is_answer = self.wants.is_answer(peer, &block);
        let log = self.logs.log(author);
        let (next, end) =
            log.map_or((0, None), |it| (it.head().0, it.fork_at()));
        let mine = log.and_then(|log| log.block(seq));
        // The cheapest first: most of those that come twice come soon.
        if mine.is_some_and(|mine| mine.id() == block.id()) {
            if let Some(neighbour) = self.neighbours.get_mut(&peer) {
                neighbour.has(author, seq);
                if neighbour.is_eager && !is_answer {
                    // There is a faster way: this one is not needed.
                    neighbour.is_eager = false;
                    actions.push(Action::Send(peer, Message::Prune));
                }
            }
        } else if end.is_some_and(|end| end <= seq)
            || self.refused.contains(&author)
        {
            // It does not count, or there is no room for it.
        } else if seq > next {
            self.wants.heard(author, peer, seq.saturating_add(1), now);
        } else if let Err(flaw) = block.verify(self.bits) {
            let violation = Violation::Flawed(flaw);
            return actions.push(Action::Break(peer, violation));
        } else if !self.has_room(&block) {
            self.refuse(author, actions);
        } else {
            self.add(peer, &block, now, actions);
        }
        self.wants.came(&block, peer, &self.logs, now);
        self.confirm(actions);
    }

    /// Adds a verified block to its author's log, and passes it on.
    fn add(
        &mut self,
        peer: PeerId,
        block: &Block,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let (author, seq) = (block.author(), block.seq());
        let before = seq.checked_sub(1).and_then(|before| {
            self.logs.log(author)?.block(before).map(Block::id)
        });
        let added = self.logs.add(block);
        match added {
            Added::New => {
                self.kept += block.bytes().len();
                actions.push(Action::Keep(block.clone()));
                if let Some(neighbour) = self.neighbours.get_mut(&peer) {
                    neighbour.has(author, seq);
                }
                self.pass_on(Some(peer), block, now, actions);
            }
            Added::Fork(_) => self.forked(author, actions),
            _ => {}
        }
        let is_other = before.is_some_and(|it| it != block.previous());
        if let Some(before) = seq.checked_sub(1).filter(|_| is_other) {
            // There are two of the one before, too.
            self.wants.differs(author, peer, before, now);
        }
    }

    /// We have said something.
    fn own(&mut self, block: Block, now: Instant, actions: &mut Vec<Action>) {
        match self.logs.add(&block) {
            Added::New => {
                self.kept += block.bytes().len();
                self.pass_on(None, &block, now, actions);
                actions.push(Action::Show(block));
            }
            Added::Fork(_) => self.forked(self.author, actions),
            // Who says the next one has all that were before.
            _ => {}
        }
    }

    /// Passes a block on to all, but not to who has brought it: at once, or by
    /// an announcement.
    fn pass_on(
        &mut self,
        from: Option<PeerId>,
        block: &Block,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let is_small = block.body().len() <= MAX_PUSHED;
        let others = self.neighbours.iter_mut();
        for (peer, it) in others.filter(|(peer, _)| Some(**peer) != from) {
            if it.is_eager && is_small && !it.is_full {
                let message = Message::Block(block.clone());
                actions.push(Action::Send(*peer, message));
            } else {
                let wait = if it.is_eager { 0 } else { 1 };
                it.announce(block, now + wait * GATHER);
            }
        }
    }
}

/// What others have, and what is missing here.
mod compare;

/// What others are sent because they are owed it.
mod serve;
