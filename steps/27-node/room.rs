//! The room as the page shows it: what is said goes there, and what somebody
//! wants of the page is done.

use std::mem;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use peer::block::{Block, BodyKind};
use peer::clock::clock;
use peer::members::Members;
use peer::roster;
use peer::violation::Reason;
use shared::cli;
use shared::collections::slab::Key;

use super::event_loop::EventLoop;
use super::events::event;
use super::orders::Order;
use super::page::PeerRow;

use super::{metrics, signals};

/// What changes often is not shown more often.
const PAUSE: Duration = Duration::from_millis(200);

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
    /// A block is new: the page shows it.
    pub fn post(&mut self, block: &Block) {
        let mut room = self.room.borrow_mut();
        let is_post = room.posts.add(block, clock());
        let Some((block, is_ahead)) = room.posts.recent().next_back() else {
            return;
        };
        if is_post && self.server.streams() > 0 {
            let post = self.page.post(&room, block, is_ahead);
            event("post", &post, &mut room.events);
        }
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
        room.forked = forked.map(|(author, _)| author).collect();
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

    /// Somebody has sent SIGHUP or SIGUSR1.
    pub fn called(&mut self) {
        while let Some(signal) = signals::next(&self.tasks.calls) {
            if signal == Signal::SIGUSR1 {
                self.tasks.reload.reopen_log();
                continue;
            }
            self.tasks.notifier.reloading();
            self.tasks.reload.run();
            match self.members_file.as_deref().map(Members::read) {
                Some(Ok(list)) => self.take_members(list),
                Some(Err(failure)) => cli::log(failure),
                None => {}
            }
            self.tasks.notifier.ready();
        }
    }

    /// There is another list: who is not on it has to go.
    fn take_members(&mut self, list: Members) {
        self.members.take_list(list);
        let now = self.now();
        let members = &self.members;
        let gone = self.peers.iter().filter(|(_, peer)| {
            let node = roster::node(peer);
            node.is_some_and(|node| !members.admits(node, now))
        });
        let gone: Vec<Key> = gone.map(|(key, _)| key).collect();
        for key in gone {
            if let Some(link) = self.peers.get_mut(key).and_then(|it| it.link())
            {
                link.close(Reason::Refused, now);
            }
            self.go_on(key, 0);
        }
    }
}
