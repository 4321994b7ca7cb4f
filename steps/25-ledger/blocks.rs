//! Blocks: to peers, and from them.

use peer::block::Block;
use peer::hello::PeerId;
use peer::log::Added;
use peer::messages::{Get, NotFound};
use peer::violation::Violation;
use shared::cli;
use shared::collections::slab::Key;

use super::commands::line;
use super::node::Node;

impl Node {
    /// A block of ours is on the disk: now it may be heard.
    pub fn publish(&mut self) {
        let now = self.now();
        let Some(block) = self.ledger.committed() else { return };
        self.show(&block);
        let open = self.peers.iter().filter(|(_, it)| it.is_used());
        let open: Vec<Key> = open.map(|(key, _)| key).collect();
        for key in open {
            let Some(peer) = self.peers.get_mut(key) else { continue };
            let link = peer.link();
            let is_sent = link.is_some_and(|it| it.send_block(&block, now));
            peer.missed += u64::from(!is_sent);
            self.go_on(key, 0);
        }
    }

    /// Somebody has brought a block.
    pub fn receive(&mut self, key: Key, block: &Block) {
        let now = self.now();
        if !self.ledger.has_room(block) {
            return self.drop_block(block);
        }
        match self.ledger.add(block, now) {
            Ok(Added::New) => {
                self.show(block);
                self.ask_on(key, block);
            }
            Ok(Added::Fork(seq)) => {
                let author = block.author();
                cli::log(format_args!(
                    "{author} has signed two blocks #{seq}: its log ends there"
                ));
            }
            // What is missing has to be said again, by somebody.
            Ok(_) => {}
            Err(flaw) => {
                let peer = self.peers.get_mut(key);
                if let Some(link) = peer.and_then(|peer| peer.link()) {
                    link.broken(Violation::Flawed(flaw), now);
                }
            }
        }
    }

    /// If it was the last of those that we have asked for, there may be more.
    fn ask_on(&mut self, key: Key, block: &Block) {
        let now = self.now();
        let get = self.ledger.own_from();
        let is_last = get.from.is_multiple_of(u64::from(get.count));
        if block.author() != get.author || !is_last {
            return;
        }
        let peer = self.peers.get_mut(key);
        if let Some(link) = peer.and_then(|peer| peer.link()) {
            link.ask_for(get, now);
        }
    }

    /// There is no room for a block: that is said, once for each author.
    fn drop_block(&mut self, block: &Block) {
        if self.full.insert(block.author()) {
            let author = block.author();
            cli::log(format_args!("no room for what {author} says: not kept"));
        }
    }

    /// Somebody wants blocks.
    pub fn give(&mut self, key: Key, get: Get) {
        let now = self.now();
        let log = self.ledger.logs.log(get.author);
        let blocks = log.map(|log| log.blocks()).unwrap_or_default();
        let from = usize::try_from(get.from).unwrap_or(usize::MAX);
        let wanted = blocks.get(from..).unwrap_or_default();
        let wanted = wanted.iter().take(get.count.into());
        let count = wanted.len();
        let peer = self.peers.get_mut(key);
        let Some(link) = peer.and_then(|peer| peer.link()) else { return };
        for block in wanted {
            if !link.send_block(block, now) {
                // It has enough to read, and may ask again.
                return;
            }
        }
        if count < get.count.into() {
            let seq = get.from.saturating_add(count as u64);
            link.deny(NotFound { author: get.author, seq }, now);
        }
    }

    /// Somebody does not have a block: if it would be our next, our log is all
    /// that anybody has heard of us, as far as they know.
    pub fn denied(&mut self, what: NotFound) {
        let is_ours = what.author == self.ledger.author;
        if is_ours && what.seq <= self.ledger.next_seq() {
            self.ledger.confirm();
        }
    }

    /// Prints a block, and keeps it for the page.
    fn show(&self, block: &Block) {
        cli::print(line(block));
        let from = Some(PeerId(block.author().0));
        let text = String::from_utf8_lossy(block.body()).into_owned();
        self.board.borrow_mut().add(from, text);
    }
}
