//! Enters in step 26: what others are sent because they are owed it, or asked
//! for.

use std::time::Instant;

use super::{Action, COMPARE, Digest, Entry, MAX_ENTRIES, Node};
use crate::block::Author;
use crate::have::Have;
use crate::hello::PeerId;
use crate::message::Message;
use crate::messages::{Get, NotFound};

impl Node {
    /// A peer asks for blocks. What it has asked for before it wants no more.
    pub(super) fn asked(
        &mut self,
        peer: PeerId,
        get: Get,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        if let Some(neighbour) = self.neighbours.get_mut(&peer) {
            neighbour.owed = Some(get);
            // It had to ask: what we have comes too late by other ways.
            neighbour.is_eager = true;
        }
        self.serve(peer, now, actions);
    }

    /// Sends a peer one message of those that it is owed, if there is room.
    pub(super) fn serve(
        &mut self,
        peer: PeerId,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let Some(neighbour) = self.neighbours.get(&peer) else { return };
        if neighbour.is_full {
            return;
        }
        if neighbour.has_said_all {
            let forked: Vec<Author> = self.forked.iter().copied().collect();
            let mut forked = forked.into_iter();
            if forked.any(|author| self.tell(peer, author, actions)) {
                return;
            }
        }
        let Some(neighbour) = self.neighbours.get_mut(&peer) else { return };
        let message = if neighbour.announce_at.is_some_and(|at| at <= now) {
            Message::Inv(neighbour.take_announced())
        } else if let Some(get) = neighbour.owed.take() {
            let Get { author, from, count } = get;
            let log = self.logs.log(author);
            match log.and_then(|log| log.block(from)) {
                Some(block) => {
                    let left = Get { author, from: from + 1, count: count - 1 };
                    neighbour.owed = Some(left).filter(|it| it.count > 0);
                    neighbour.has(author, from);
                    // Enters in step 27.
                    neighbour.lacks = neighbour.lacks.saturating_sub(1);
                    Message::Block(block.clone())
                }
                None => Message::NotFound(NotFound { author, seq: from }),
            }
        } else if let Some(from) = neighbour.have_from.take() {
            let behind =
                |author: &Author| from.is_none_or(|from| *author > from);
            let entries = self.logs.authors();
            let entries = entries.filter(|(author, _)| behind(author));
            let entries = entries.map(|(author, log)| Entry::of(author, log));
            let mut entries: Vec<Entry> =
                entries.take(MAX_ENTRIES + 1).collect();
            let more = entries.len() > MAX_ENTRIES;
            entries.truncate(MAX_ENTRIES);
            let last = entries.last().map(|it| it.author);
            neighbour.have_from = more.then_some(last);
            Message::Have(Have { more, entries })
        } else if neighbour.compare_at <= now {
            neighbour.compare_at = now + COMPARE;
            Message::Digest(self.digest())
        } else {
            return;
        };
        actions.push(Action::Send(peer, message));
    }

    /// It is time.
    pub(super) fn expire(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let late = self.neighbours.iter().filter(|(_, it)| it.due() <= now);
        let late: Vec<PeerId> = late.map(|(peer, _)| *peer).collect();
        for peer in late {
            self.serve(peer, now, actions);
        }
    }

    /// Asks for what is missing, those who are not asked already.
    pub(super) fn ask(&mut self, now: Instant, actions: &mut Vec<Action>) {
        for (peer, get) in self.wants.ask(&self.logs, now) {
            if let Some(neighbour) = self.neighbours.get_mut(&peer) {
                // The blocks come this way: those behind them may as well.
                neighbour.is_eager = true;
            }
            actions.push(Action::Send(peer, Message::Get(get)));
        }
    }

    /// All that we have, as one number.
    pub(super) fn digest(&self) -> Digest {
        let entries = self.logs.authors();
        Digest::of(entries.map(|(author, log)| Entry::of(author, log)))
    }
}
