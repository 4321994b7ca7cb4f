//! The node and the loop around it: what happens goes in, and what is to be
//! done is done.

use std::mem;

use peer::block::{Block, BodyKind};
use peer::commands::line;
use peer::hello::PeerId;
use peer::ledger::tell_fork;
use peer::message::Message;
use peer::node::{Action, Event};
use peer::roster;
use shared::cli;
use shared::collections::slab::Key;

use super::event_loop::EventLoop;

impl EventLoop {
    /// Something happens that is the node's: does what it wants done. Says
    /// whether somebody was sent something.
    pub fn happens(&mut self, event: Event) -> bool {
        let now = self.now();
        let mut actions = Vec::new();
        self.node.on(now, event, &mut actions);
        let mut sent_to = Vec::new();
        for action in actions {
            match action {
                Action::Send(peer, message) => {
                    sent_to.extend(self.send(peer, &message));
                }
                Action::Keep(block) => {
                    self.ledger.keep_soon(&block, now);
                    if block.author() == self.ledger.author {
                        self.ledger.has_come_back(now);
                    }
                    self.show(&block);
                }
                Action::Show(block) => self.show(&block),
                Action::KeepProof(proof) => {
                    tell_fork(&proof, self.ledger.author);
                    self.ledger.keep_proof(&proof, now);
                }
                Action::Break(peer, violation) => {
                    let key = self.links.get(&peer).copied();
                    let peer = key.and_then(|key| self.peers.get_mut(key));
                    if let Some(link) = peer.and_then(|peer| peer.link()) {
                        link.broken(violation, now);
                    }
                }
                Action::Full(author) => cli::log(format_args!(
                    "no room for what {author} says: not kept"
                )),
                Action::Confirmed => self.ledger.confirm(),
            }
        }
        self.ledger.follow(self.node.head());
        self.room_changed();
        let has_sent = !sent_to.is_empty();
        sent_to.retain(|key| !self.unsent.contains(key));
        self.unsent.extend(sent_to);
        has_sent
    }

    /// Puts a message into what waits to be sent to somebody: who is it?
    fn send(&mut self, peer: PeerId, message: &Message) -> Option<Key> {
        let now = self.now();
        let key = *self.links.get(&peer)?;
        let link = self.peers.get_mut(key)?.link()?;
        if !link.tell(message, now) {
            // It makes no other action necessary.
            self.node.on(now, Event::Full(peer), &mut Vec::new());
        }
        Some(key)
    }

    /// Has those written to who were sent something meanwhile.
    pub fn write_unsent(&mut self) {
        while let Some(key) = self.unsent.pop() {
            self.go_on(key, 0);
        }
    }

    /// Somebody says something about blocks.
    pub fn said(&mut self, key: Key, message: Message) {
        let peer = self.peers.get_mut(key).and_then(|it| roster::node(it));
        // What comes over a link that is used no more was on its way.
        if let Some(peer) = peer.filter(|it| self.links.contains_key(it)) {
            self.happens(Event::Message(peer, message));
        }
    }

    /// There is room for more to be sent to somebody: says whether there was
    /// something.
    pub fn offer(&mut self, key: Key) -> bool {
        let has_room = self.peers.get_mut(key).is_some_and(|it| it.has_room());
        let Some(peer) = self.is_link(key).filter(|_| has_room) else {
            return false;
        };
        self.happens(Event::Room(peer))
    }

    /// The node that the links of the node's lead to over this one.
    fn is_link(&mut self, key: Key) -> Option<PeerId> {
        let peer = roster::node(self.peers.get_mut(key)?)?;
        (self.links.get(&peer) == Some(&key)).then_some(peer)
    }

    /// Some links have opened, ended, or are used no more: the node is told
    /// which ones it has.
    pub fn tell_links(&mut self) {
        let used = self.peers.iter().filter(|(_, peer)| peer.is_used());
        let used = used.filter_map(|(key, it)| Some((roster::node(it)?, key)));
        let before = mem::replace(&mut self.links, used.collect());
        for (peer, key) in &before {
            if self.links.get(peer) != Some(key) {
                self.happens(Event::Down(*peer));
            }
        }
        let now: Vec<(PeerId, Key)> =
            self.links.iter().map(|(peer, key)| (*peer, *key)).collect();
        for (peer, key) in now {
            if before.get(&peer) != Some(&key) {
                self.happens(Event::Up(peer));
            }
        }
    }

    /// Says a line: it becomes a block.
    pub fn say(&mut self, line: String) {
        self.ledger.say(BodyKind::Text, line.into_bytes());
    }

    /// A block of ours may be on the disk: now it may be heard.
    pub fn publish(&mut self) {
        if let Some(block) = self.ledger.committed() {
            self.happens(Event::Own(block));
        }
    }

    /// Prints a block, and keeps it for the page.
    fn show(&mut self, block: &Block) {
        cli::print(line(block));
        self.post(block);
    }
}
