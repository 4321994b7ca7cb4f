//! Enters in step 26: what others have, and what is missing here.

use std::time::Instant;

use super::{Action, MAX_AUTHORS, MAX_OF_AUTHOR, Node, PATIENCE};
use crate::block::{Author, Block, BlockId};
use crate::have::{Have, Head};
use crate::hello::PeerId;
use crate::log::Added;
use crate::message::Message;
use crate::messages::NotFound;
use crate::proof::Proof;
use crate::violation::Violation;

impl Node {
    /// A peer has these blocks.
    pub(super) fn announced(
        &mut self,
        peer: PeerId,
        heads: &[Head],
        now: Instant,
    ) {
        for Head { author, seq, id } in heads {
            let Some(neighbour) = self.neighbours.get_mut(&peer) else {
                return;
            };
            neighbour.has(*author, *seq);
            // Who sends us blocks at once does not send this one. Of the
            // others, somebody else may be about to.
            let wait = if neighbour.is_eager { 0 } else { 1 };
            let due = now + wait * PATIENCE;
            self.compare(peer, *author, seq.saturating_add(1), *id, due);
        }
    }

    /// A peer has the blocks of an author before `next`, and `head` is the last
    /// of them: what we do not have is asked for.
    fn compare(
        &mut self,
        peer: PeerId,
        author: Author,
        next: u64,
        head: BlockId,
        due: Instant,
    ) {
        let log = self.logs.log(author);
        let ours = log.map_or(0, |log| log.head().0);
        let end = log.and_then(|log| log.fork_at()).unwrap_or(u64::MAX);
        let Some(last) = next.checked_sub(1) else { return };
        match log.and_then(|log| log.block(last)) {
            Some(mine) if mine.id() != head => {
                // As long as ours, and another one.
                self.wants.differs(author, peer, last, due);
            }
            Some(_) => {}
            None if ours < end && !self.refused.contains(&author) => {
                self.wants.heard(author, peer, next, due);
            }
            None => {}
        }
    }

    /// A peer says all that it has, in pieces.
    pub(super) fn have(
        &mut self,
        peer: PeerId,
        have: &Have,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        for entry in &have.entries {
            let Some(neighbour) = self.neighbours.get_mut(&peer) else {
                return;
            };
            if let Some(at) = entry.fork_at {
                neighbour.knows_fork(entry.author, at);
            }
            if entry.author == self.author {
                neighbour.of_ours = entry.next;
            }
            if let Some(last) = entry.next.checked_sub(1) {
                neighbour.has(entry.author, last);
            }
            // Enters in step 27.
            let log = self.logs.log(entry.author);
            let here = log.map_or(0, |log| log.head().0);
            neighbour.shares =
                neighbour.shares.saturating_add(here.min(entry.next));
            self.compare(peer, entry.author, entry.next, entry.head, now);
        }
        let Some(neighbour) = self.neighbours.get_mut(&peer) else { return };
        if !have.more {
            neighbour.has_said_all = true;
            // Enters in step 27.
            let here: u64 = self.logs.authors().map(|it| it.1.head().0).sum();
            neighbour.lacks = here.saturating_sub(neighbour.shares);
            neighbour.shares = 0;
            self.confirm(actions);
        }
        self.serve(peer, now, actions);
    }

    /// A peer does not have a block that we have asked for.
    pub(super) fn denied(
        &mut self,
        peer: PeerId,
        what: NotFound,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        self.wants.denied(peer, what.author, now);
        if let Some(neighbour) = self.neighbours.get_mut(&peer)
            && what.author == self.author
        {
            neighbour.of_ours = neighbour.of_ours.min(what.seq);
            self.confirm(actions);
        }
    }

    /// Says so, once, if somebody has said how much they have of our log, and
    /// nobody has more of it than we have, without a hole.
    pub(super) fn confirm(&mut self, actions: &mut Vec<Action>) {
        if self.is_confirmed {
            return;
        }
        let next = self.logs.log(self.author).map_or(0, |log| log.head().0);
        let mut said =
            self.neighbours.values().filter(|it| it.has_said_all).peekable();
        let is_all = said.peek().is_some() && said.all(|it| it.of_ours <= next);
        self.is_confirmed =
            is_all && !self.logs.incomplete().contains(&self.author);
        if self.is_confirmed {
            actions.push(Action::Confirmed);
        }
    }

    /// A peer has a proof that an author has signed two blocks of one number.
    pub(super) fn proof(
        &mut self,
        peer: PeerId,
        proof: &Proof,
        actions: &mut Vec<Action>,
    ) {
        let (author, seq) = (proof.author(), proof.seq());
        let Some(neighbour) = self.neighbours.get_mut(&peer) else { return };
        neighbour.knows_fork(author, seq);
        let log = self.logs.log(author);
        if log.and_then(|it| it.fork_at()).is_some_and(|at| at <= seq) {
            self.tell(peer, author, actions);
            return;
        }
        if log.is_none() && self.logs.authors().count() >= MAX_AUTHORS {
            return self.refuse(author, actions);
        }
        if let Err(flaw) = proof.verify(self.bits) {
            let violation = Violation::Flawed(flaw);
            return actions.push(Action::Break(peer, violation));
        }
        if let Added::Fork(_) = self.logs.prove(proof) {
            self.forked(author, actions);
        }
    }

    /// The log of an author ends, or ends earlier: all are told.
    pub(super) fn forked(&mut self, author: Author, actions: &mut Vec<Action>) {
        self.forked.insert(author);
        self.kept = self.logs.authors().map(|(_, log)| log.size()).sum();
        self.wants.forget_known(author, &self.logs);
        let log = self.logs.log(author);
        if let Some(proof) = log.and_then(|log| log.proof()) {
            actions.push(Action::KeepProof(proof.clone()));
        }
        let peers: Vec<PeerId> = self.neighbours.keys().copied().collect();
        for peer in peers {
            self.tell(peer, author, actions);
        }
    }

    /// Sends a proof to who does not know it, or one of a higher number; once.
    pub(super) fn tell(
        &mut self,
        peer: PeerId,
        author: Author,
        actions: &mut Vec<Action>,
    ) -> bool {
        let log = self.logs.log(author);
        let proof = log.and_then(|log| log.proof());
        let neighbour = self.neighbours.get_mut(&peer);
        let Some((proof, neighbour)) = proof.zip(neighbour) else {
            return false;
        };
        let known = neighbour.fork_at(author);
        let is_known = known.is_some_and(|at| at <= proof.seq());
        if is_known || neighbour.is_full {
            return false;
        }
        neighbour.knows_fork(author, proof.seq());
        let message = Message::Fork(proof.clone());
        actions.push(Action::Send(peer, message));
        true
    }

    /// Whether there is room for this block: one author's are not all that is
    /// kept.
    pub(super) fn has_room(&self, block: &Block) -> bool {
        let size = block.bytes().len();
        let is_possible = match self.logs.log(block.author()) {
            Some(log) => log.size() + size <= MAX_OF_AUTHOR,
            None => self.logs.authors().count() < MAX_AUTHORS,
        };
        is_possible && self.kept + size <= self.max
    }

    /// There is no room for what an author says: that is not asked for again.
    pub(super) fn refuse(&mut self, author: Author, actions: &mut Vec<Action>) {
        self.wants.forget(author);
        if self.refused.len() < MAX_AUTHORS && self.refused.insert(author) {
            actions.push(Action::Full(author));
        }
    }
}
