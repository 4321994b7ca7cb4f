//! Blocks: to peers, and from them.

use peer::block::{Author, Block};
use peer::board::LINES;
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
            Ok(Added::New) => self.show(block),
            Ok(Added::Gap(_)) => self.want(key, block.author()),
            Ok(Added::Diverges | Added::Fork(_)) => self.ask_back(key, block),
            // It is known; or the log has ended, and it does not count.
            Ok(Added::Duplicate | Added::Frozen) => {}
            Err(flaw) => {
                let peer = self.peers.get_mut(key);
                if let Some(link) = peer.and_then(|peer| peer.link()) {
                    link.broken(Violation::Flawed(flaw), now);
                }
                return;
            }
        }
        let Some(peer) = self.peers.get_mut(key) else { return };
        if peer.asked.is_some_and(|get| get.is_last(block)) {
            self.ask(key);
        }
    }

    /// There is no room for a block: that is said, once for each author.
    fn drop_block(&mut self, block: &Block) {
        if self.full.insert(block.author()) {
            let author = block.author();
            cli::log(format_args!("no room for what {author} says: not kept"));
        }
    }

    /// A link has opened: is there more of our own log than we have, and what
    /// was in the holes of our disk?
    pub fn ask_first(&mut self, key: Key) {
        let incomplete = self.ledger.logs.incomplete();
        for author in [self.ledger.author].into_iter().chain(incomplete) {
            self.want(key, author);
        }
    }

    /// Blocks of this author are missing: somebody is asked for them.
    fn want(&mut self, key: Key, author: Author) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        if !peer.wanted.contains(&author) {
            peer.wanted.push_back(author);
        }
        if peer.asked.is_none() {
            self.ask(key);
        }
    }

    /// Asks for what is missing next: one GET at a time. An author from whom
    /// nothing has come is not asked for again.
    fn ask(&mut self, key: Key) {
        let now = self.now();
        let Some(peer) = self.peers.get_mut(key) else { return };
        if let Some(get) = peer.asked.take()
            && self.ledger.next_seq(get.author) == get.from
        {
            peer.wanted.retain(|it| *it != get.author);
        }
        let Some(author) = peer.wanted.front() else { return };
        let get = Get::new(*author, self.ledger.next_seq(*author));
        peer.asked = Some(get);
        if let Some(link) = peer.link() {
            link.ask_for(get, now);
        }
    }

    /// The author has signed two blocks of one number, this one or one before
    /// it: asks for the one before, back to the first of which there are two.
    fn ask_back(&mut self, key: Key, block: &Block) {
        let now = self.now();
        let Some(seq) = block.seq().checked_sub(1) else { return };
        let Some(peer) = self.peers.get_mut(key) else { return };
        if peer.asked.is_some() {
            // It has enough to do.
            return;
        }
        let get = Get { author: block.author(), from: seq, count: 1 };
        if let Some(link) = peer.link() {
            link.ask_for(get, now);
        }
    }

    /// Somebody does not have a block that we have asked for, nor those behind
    /// it.
    pub fn denied(&mut self, key: Key, what: NotFound) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        if peer.asked.is_none_or(|it| it.author != what.author) {
            return;
        }
        peer.wanted.retain(|it| *it != what.author);
        peer.asked = None;
        self.ledger.denied(what);
        self.ask(key);
    }

    /// Somebody asks for blocks.
    pub fn owe(&mut self, key: Key, get: Get) {
        if let Some(peer) = self.peers.get_mut(key) {
            peer.owed = Some(get);
        }
    }

    /// Sends blocks that somebody has asked for, as long as there is room for
    /// them. Says whether there is something to be sent now.
    pub fn give(&mut self, key: Key) -> bool {
        let now = self.now();
        let Some(peer) = self.peers.get_mut(key) else { return false };
        let mut has_given = false;
        while let Some(Get { author, from, count }) = peer.owed {
            let log = self.ledger.logs.log(author);
            let block = log.and_then(|log| log.block(from));
            let Some(link) = peer.link().filter(|it| it.has_room()) else {
                break;
            };
            peer.owed = match block {
                Some(block) => {
                    link.send_block(block, now);
                    let left = Get { author, from: from + 1, count: count - 1 };
                    Some(left).filter(|it| it.count > 0)
                }
                None => {
                    link.deny(NotFound { author, seq: from }, now);
                    None
                }
            };
            has_given = true;
        }
        has_given
    }

    /// Prints a block, and keeps it for the page.
    fn show(&self, block: &Block) {
        cli::print(line(block));
        self.keep_for_page(block);
    }

    fn keep_for_page(&self, block: &Block) {
        let from = Some(PeerId(block.author().0));
        let text = String::from_utf8_lossy(block.body()).into_owned();
        self.board.borrow_mut().add(from, text);
    }

    /// Has the page show what was said before the node was started, in the
    /// order of the times that the authors have given.
    pub fn remember(&self) {
        let logs = self.ledger.logs.authors();
        let mut blocks: Vec<&Block> =
            logs.flat_map(|(_, log)| log.blocks()).collect();
        blocks.sort_by_key(|block| block.timestamp());
        let first = blocks.len().saturating_sub(LINES);
        blocks[first..].iter().for_each(|block| self.keep_for_page(block));
    }
}
