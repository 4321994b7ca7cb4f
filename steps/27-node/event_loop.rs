//! The loop: clients of HTTP, peers, and the terminal; and the node in the
//! middle of it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Instant;

use nix::sys::epoll::EpollEvent;
use peer::board::Shared;
use peer::book::Book;
use peer::hello::{Greeting, PeerId};
use peer::input::Input;
use peer::members::Members;
use peer::random::random;
use peer::secure::Keys;
use peer::talk::Peer;
use shared::cli::Failure;
use shared::collections::slab::{Key, Slab};
use shared::events::sleep::SleepWatch;
use shared::web::server::{ENDING, EVENTS, OTHERS, Server};

use peer::alone::Alone;
use peer::beacons::Beacons;
use peer::keeper::Keeper;
use peer::ledger::Ledger;
use peer::network::Network;
use peer::node::{Event, Node};

use super::orders::Orders;
use super::page::{Page, SharedRoom};
use super::room::Shown;
use super::signals::Tasks;
use super::site::NodeSite;

/// What an event of the terminal says. No key is like this.
pub const INPUT: u64 = OTHERS.start + u32::MAX as u64;

/// What an event of the beacons says.
pub const BEACONS: u64 = INPUT - 1;

/// What an event of the mint says, and one of the committer.
pub const MINT: u64 = INPUT - 2;
pub const COMMITTER: u64 = INPUT - 3;

/// What an event of the signals says that do not end the node.
pub const CALLS: u64 = INPUT - 4;

/// Whose turn it is.
enum Source {
    /// The terminal: a line, or its end.
    Input,
    /// Datagrams of other nodes.
    Beacons,
    /// A stamp.
    Mint,
    /// Blocks that are on the disk now.
    Committer,
    /// Somebody who does not speak HTTP.
    Peer(Key),
    /// Somebody wants the settings read again, or the log opened.
    Calls,
    /// The end of the node begins.
    Ending,
    /// A client of HTTP, or the listener: the server knows.
    Server(u64),
}

impl Source {
    fn of(data: u64) -> Self {
        match data {
            INPUT => Source::Input,
            BEACONS => Source::Beacons,
            MINT => Source::Mint,
            COMMITTER => Source::Committer,
            CALLS => Source::Calls,
            ENDING => Source::Ending,
            data if OTHERS.contains(&data) => {
                Source::Peer(Key::from_bits(data - OTHERS.start))
            }
            data => Source::Server(data),
        }
    }
}

/// What an event of this peer says.
pub fn data_of(key: Key) -> u64 {
    OTHERS.start + key.to_bits()
}

/// All that there is, in one thread.
pub struct EventLoop {
    pub server: Server<NodeSite>,
    pub peers: Slab<Peer>,
    /// Where others are, or may be.
    pub book: Book,
    pub keeper: Keeper,
    /// `None` if we are not to be found in the room.
    pub beacons: Option<Beacons>,
    pub network: Network,
    /// What makes links secret, and who may have one.
    pub keys: Rc<Keys>,
    pub members: Members,
    pub members_file: Option<PathBuf>,
    pub alone: Alone,
    /// Which address is to be dialled next, and when; and whether that may be
    /// wrong, because something has changed.
    pub next_dial: Option<(Instant, usize)>,
    pub is_stale: bool,
    pub sleep: SleepWatch,
    pub input: Input,
    pub board: Shared,
    /// What the page shows, and how; what has been shown; and what it wants.
    pub room: SharedRoom,
    pub page: Rc<Page>,
    pub shown: Shown,
    pub orders: Orders,
    pub metrics: Rc<RefCell<String>>,
    pub ledger: Ledger,
    /// What we know, and what is said to whom.
    pub node: Node,
    /// The links that it speaks over.
    pub links: BTreeMap<PeerId, Key>,
    /// Those for whom there is something that has not been written yet.
    pub unsent: Vec<Key>,
    /// What we say of ourselves.
    pub greeting: Greeting,
    /// Others than this machine may ask what the node knows.
    pub is_public: bool,
    /// Each frame is to be shown.
    pub traces: bool,
    /// Links of ours that are to be closed.
    pub surplus: Vec<Key>,
    pub tasks: Tasks,
    pub is_ending: bool,
    /// It ends at once, whatever may be under way.
    pub is_forced: bool,
}

impl EventLoop {
    /// Serves, listens and dials until the end has come.
    pub fn run(mut self) -> Result<(), Failure> {
        let mut events = [EpollEvent::empty(); EVENTS];
        while !self.is_done() {
            self.watch_input();
            let next = self.deadline();
            for event in self.server.next_events(&mut events, next)? {
                match Source::of(event.data()) {
                    Source::Input => self.read_input(),
                    Source::Beacons => self.hear(),
                    Source::Mint => self.ledger.minted(),
                    Source::Committer => self.publish(),
                    Source::Calls => self.called(),
                    Source::Peer(key) => self.turn(key),
                    Source::Ending => self.end()?,
                    Source::Server(data) => self.server.dispatch(data)?,
                }
            }
            self.server.end_round()?;
            for socket in self.server.take_others() {
                self.accept(socket);
            }
            self.expire();
            self.close_surplus();
            self.take_orders();
            self.write_unsent();
            self.show_room();
        }
        self.tasks.notifier.stopping();
        if self.book.take_changed() {
            self.keeper.changed(self.now());
        }
        self.keeper.keep_last(&self.book);
        self.server.end_log();
        self.tasks.reload.stop_log();
        self.ledger.close(!self.is_forced)
    }

    pub fn now(&self) -> Instant {
        self.server.time().now
    }

    /// When somebody has to be looked at who is not the server's.
    fn deadline(&self) -> Option<Instant> {
        let peers = self.peers.iter().map(|(_, peer)| peer.deadline());
        let input = self.input.is_always_ready().then(|| self.now());
        let shown = self.shown.due;
        let others =
            [self.next_discovery(), self.ledger.due(), self.node.due(), shown];
        peers.chain(input).chain(others.into_iter().flatten()).min()
    }

    /// Ends what takes too long, and dials who is due.
    fn expire(&mut self) {
        let now = self.now();
        let late = self.peers.iter().filter(|(_, it)| it.deadline() <= now);
        let late: Vec<Key> = late.map(|(key, _)| key).collect();
        for key in late {
            self.timed_out(key);
        }
        self.ledger.expire(now);
        if self.node.due().is_some_and(|due| due <= now) {
            self.happens(Event::Time);
        }
        self.notice_sleep();
        if !self.is_ending {
            self.discover();
        }
        if self.input.is_always_ready() {
            self.read_input();
        }
    }

    /// The end begins: everybody is told. If it begins once more, that is the
    /// end.
    fn end(&mut self) -> Result<(), Failure> {
        self.server.dispatch(ENDING)?;
        self.input.close(self.server.epoll());
        let keys: Vec<Key> = self.peers.iter().map(|(key, _)| key).collect();
        for key in keys {
            match self.is_ending {
                true => self.remove(key, None),
                false => self.leave(key),
            }
        }
        self.is_forced = self.is_ending;
        self.is_ending = true;
        Ok(())
    }

    fn is_done(&self) -> bool {
        let is_said = self.is_forced || self.ledger.is_idle();
        let are_gone = self.peers.iter().next().is_none();
        is_said && are_gone && self.server.is_done()
    }
}

/// A number that nobody can guess. The kernel had some at the start, so it has
/// more of them.
pub fn chance() -> u64 {
    random().map(u64::from_be_bytes).unwrap_or_default()
}
