//! The room as the page shows it: what is said goes there, and what somebody
//! wants of the page is done.

use std::mem;
use std::time::{Duration, Instant};

use peer::block::{Author, Block, BodyKind};
use peer::clock::clock;
use peer::roster;
use shared::collections::slab::Key;

use super::event_loop::EventLoop;
use super::events::event;
use super::orders::Order;
use super::page::PeerRow;

use super::metrics;

/// What changes often is not shown more often.
const PAUSE: Duration = Duration::from_millis(200);

/// Of an author whose log has ended, so many posts are marked on open pages.
const MARKED: usize = 20;

/// So far two clocks may differ, in milliseconds.
const SKEW: i64 = 5 * 60 * 1000;

/// What pages have been shown.
#[derive(Default)]
pub struct Shown {
    /// When the state is to be shown anew.
    pub due: Option<Instant>,
    state: Vec<u8>,
}

impl EventLoop {
    /// A block is new: the page shows it. If its author has another name now,
    /// their last post says so.
    pub fn post(&mut self, block: &Block) {
        self.room.borrow_mut().posts.add(block, clock());
        if self.server.streams() > 0 {
            self.say_again(block.author(), 1);
        }
    }

    /// Open pages are told the last posts of an author, so many: what is said
    /// of the author has changed, or there is one more.
    fn say_again(&self, author: Author, most: usize) {
        let mut room = self.room.borrow_mut();
        let posts = room.posts.recent().rev();
        let posts = posts.filter(|(block, _)| block.author() == author);
        let posts = posts.take(most).map(|(block, is_ahead)| {
            let mut text = Vec::new();
            event("post", &self.page.post(&room, block, is_ahead), &mut text);
            text
        });
        let posts: Vec<_> = posts.collect();
        room.events.extend(posts.into_iter().rev().flatten());
    }

    /// Has the page show what was said before the node was started, in the
    /// order of the times that the authors have given.
    pub fn remember(&mut self) {
        let logs = self.node.logs().authors();
        let mut blocks: Vec<&Block> =
            logs.flat_map(|(_, log)| log.blocks()).collect();
        blocks.sort_by_key(|block| block.timestamp());
        let mut room = self.room.borrow_mut();
        for block in blocks {
            room.posts.add(block, clock());
        }
    }

    /// From now on we are called this.
    pub fn call_me(&mut self, name: String) {
        let room = self.room.borrow();
        let is_known = room.posts.name(self.ledger.author) == name;
        drop(room);
        if !is_known {
            self.ledger.say(BodyKind::Profile, name.into_bytes());
        }
    }

    /// Something has changed that the page shows.
    pub fn room_changed(&mut self) {
        let soon = self.now() + PAUSE;
        self.shown.due.get_or_insert(soon);
    }

    /// Shows what has happened to those whose pages are open.
    pub fn show_room(&mut self) {
        if self.shown.due.is_some_and(|due| due <= self.now()) {
            self.shown.due = None;
            self.look_around();
        }
        let events = mem::take(&mut self.room.borrow_mut().events);
        if !events.is_empty() {
            self.server.publish(&events);
        }
    }

    /// Looks at everything that is not a post.
    pub fn look_around(&mut self) {
        let (peers, warnings) = (self.rows(), self.warnings());
        let logs = self.node.logs();
        let forked = logs.authors().filter(|(_, log)| log.fork_at().is_some());
        let mut room = self.room.borrow_mut();
        let forked: Vec<Author> = forked.map(|it| it.0).collect();
        let before = mem::replace(&mut room.forked, forked.clone());
        room.counts = logs.authors().fold((0, 0), |(blocks, authors), it| {
            (blocks + it.1.blocks().len(), authors + 1)
        });
        (room.peers, room.warnings) = (peers, warnings);
        room.alone = self.board.borrow().alone.clone();
        let mut state = Vec::new();
        event("state", &self.page.state(&room), &mut state);
        if state != self.shown.state {
            room.events.extend_from_slice(&state);
            self.shown.state = state;
        }
        drop(room);
        for author in forked.iter().filter(|it| !before.contains(it)) {
            self.say_again(*author, MARKED);
        }
        *self.metrics.borrow_mut() = metrics::text(self);
    }

    fn rows(&self) -> Vec<PeerRow> {
        let used = self.peers.iter().map(|(_, it)| it);
        let used = used.filter(|it| it.is_used()).filter_map(|peer| {
            let node = roster::node(peer)?;
            let author = peer.vouch().map(|it| it.author);
            let state = match self.node.differences(node) {
                None => "comparing".to_string(),
                Some((0, 0)) => "in sync".to_string(),
                Some((0, lacks)) => format!("{lacks} behind"),
                Some((leads, _)) => format!("{leads} ahead"),
            };
            let direction = if peer.dial.is_some() { "to" } else { "from" };
            let node = node.to_string();
            Some(PeerRow {
                node,
                author,
                address: peer.address,
                state,
                direction,
            })
        });
        let unreached = self.board.borrow().unreached.clone();
        let unreached = unreached.into_iter().filter_map(|address| {
            Some(PeerRow {
                node: String::new(),
                author: None,
                address: address.parse().ok()?,
                state: "not reached".to_string(),
                direction: "to",
            })
        });
        used.chain(unreached).collect()
    }

    /// What somebody should know who looks at the page.
    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::from_iter(self.ledger.trouble());
        let room = self.room.borrow();
        for (author, log) in self.node.logs().authors() {
            if let Some(seq) = log.fork_at() {
                let name = room.posts.name(author);
                warnings.push(format!(
                    "{name} {author} has signed two blocks #{seq}: the log \
                     ends there. Somebody uses one key in two places."
                ));
            }
        }
        for (_, peer) in self.peers.iter().filter(|(_, it)| it.is_used()) {
            let Some(hello) = &peer.hello else { continue };
            let passed = self.now().saturating_duration_since(peer.since);
            let theirs = hello.clock.saturating_add(passed.as_millis() as u64);
            let ahead = theirs.cast_signed().saturating_sub(clock() as i64);
            if ahead.abs() > SKEW {
                let minutes = ahead / 60_000;
                warnings.push(format!(
                    "The clock of {} is {minutes} minutes from ours.",
                    hello.node
                ));
            }
        }
        warnings
    }

    /// Does what somebody wants of the page.
    pub fn take_orders(&mut self) {
        for order in self.orders.take() {
            match order {
                Order::Say(line) => self.say(line),
                Order::Name(name) => self.call_me(name),
                Order::Dial(address) => {
                    self.book.tell(address, self.now());
                    self.is_stale = true;
                }
                Order::Forget(address) => {
                    self.book.forget(address);
                    let linked = self.peers.iter();
                    let linked = linked.filter(|(_, it)| it.address == address);
                    let linked: Vec<Key> = linked.map(|it| it.0).collect();
                    linked.into_iter().for_each(|key| self.leave(key));
                    self.refresh();
                }
            }
        }
    }
}
