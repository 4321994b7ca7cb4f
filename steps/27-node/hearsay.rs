//! Where nodes are: what this one has found, what it is told, and what it
//! tells.

use std::fmt::Display;
use std::net::SocketAddr;
use std::slice;

use peer::book::Path;
use peer::clock::clock;
use peer::hello::PeerId;
use peer::peers::{Whereabouts, is_passed_on};
use peer::roster;
use peer::violation::Reason;
use shared::cli;
use shared::collections::slab::Key;

use super::event_loop::{EventLoop, chance};

impl EventLoop {
    /// Writes down where a node was found, and says how we came to know it.
    pub fn note(
        &mut self,
        address: SocketAddr,
        port: u16,
        node: PeerId,
        dial: Option<usize>,
    ) -> &'static str {
        let now = self.now();
        let Some(number) = dial else {
            // Where it says that it listens, we have not been yet.
            let address = SocketAddr::new(address.ip(), port);
            self.book.add(address, Some(node), Path::Came, now);
            return "it has dialled us";
        };
        let entry = self.book.entry(number);
        let is_first = entry.is_some_and(|entry| entry.last_good == 0);
        let path = match entry.map(|entry| entry.path) {
            Some(Path::Told) => "as we were told",
            Some(Path::Beacon) => "by its beacon",
            Some(Path::Came) => "it had dialled us",
            Some(Path::Peer(_)) => "another peer knew it",
            Some(Path::File) | None => "it was in the book",
        };
        self.book.tried(number, node, clock() / 1000);
        if is_first {
            self.spread(number);
        }
        path
    }

    /// Says where a node was found for the first time to all who have asked.
    fn spread(&mut self, number: usize) {
        let now = self.now();
        let Some(entry) = self.book.entry(number) else { return };
        let Some(node) = entry.node else { return };
        let one = Whereabouts { address: entry.address, age: 0, node };
        let keys: Vec<Key> = self.peers.iter().map(|(key, _)| key).collect();
        for key in keys {
            let Some(peer) = self.peers.get_mut(key) else { continue };
            let is_it = roster::node(peer) == Some(node);
            let may_know = is_passed_on(one.address, peer.address.ip());
            let link = peer.link().filter(|link| link.is_asked());
            if let Some(link) = link.filter(|_| may_know && !is_it) {
                link.tell_peers(slice::from_ref(&one), now);
                self.go_on(key, 0);
            }
        }
    }

    /// Somebody asks where others are.
    pub fn tell_peers(&mut self, key: Key) {
        let now = self.now();
        let Some(peer) = self.peers.get_mut(key) else { return };
        let node = roster::node(peer);
        let mut known = self.book.known(peer.address.ip(), clock() / 1000);
        known.retain(|it| Some(it.node) != node);
        if let Some(link) = peer.link() {
            link.tell_peers(&known, now);
        }
    }

    /// Somebody says where others are.
    pub fn learn(&mut self, key: Key, entries: &[Whereabouts]) {
        let now = self.now();
        let Some(peer) = self.peers.get_mut(key) else { return };
        let teller = peer.address.ip();
        let others = entries.iter().filter(|it| {
            is_passed_on(it.address, teller) && it.node != self.greeting.node
        });
        for it in others {
            let path = Path::Peer(teller);
            self.book.add(it.address, Some(it.node), path, now);
        }
        self.is_stale = true;
    }

    /// There is no room for somebody: they are told where others are.
    pub fn dismiss(&mut self, key: Key) {
        self.tell_peers(key);
        let now = self.now();
        let Some(peer) = self.peers.get_mut(key) else { return };
        if let Some(link) = peer.link() {
            link.close(Reason::Full, now);
        }
    }

    /// Nobody was found at an address.
    pub fn failed(&mut self, number: usize, why: &dyn Display) {
        self.book.failed(number, self.now(), chance());
        let Some(entry) = self.book.entry(number) else { return };
        // Once, not again and again.
        if entry.path == Path::Told && entry.failures == 1 {
            cli::log(format_args!("cannot reach {}: {why}", entry.address));
        }
        self.refresh();
    }
}
