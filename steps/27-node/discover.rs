//! How the node finds others, and what it does when nobody is there.

use std::net::SocketAddr;
use std::time::Instant;

use peer::beacon::Beacon;
use peer::book::{Entry, Links, Path};
use peer::hello::{Greeting, PeerId};
use peer::roster;
use peer::talk::Peer;
use shared::cli;
use shared::collections::slab::Key;
use shared::events::sleep::Clocks;

use super::event_loop::{EventLoop, chance};
use peer::alone::Facts;
use peer::beacons::{Beacons, Heard};

impl EventLoop {
    /// Dials who is due, sends a beacon, keeps the book, and says why nobody
    /// is there: if it is time, or if something has changed.
    pub fn discover(&mut self) {
        let now = self.now();
        let due = self.next_discovery();
        if !self.is_stale && due.is_none_or(|due| due > now) {
            return;
        }
        self.next_dial = self.find_next_dial();
        while let Some((due, number)) = self.next_dial
            && due <= now
        {
            self.dial(number);
            self.next_dial = self.find_next_dial();
        }
        self.is_stale = false;
        if let (Some(beacons), Some(network)) =
            (&mut self.beacons, self.network.id)
            && beacons.due() <= now
        {
            let Greeting { node, port, .. } = self.greeting;
            let beacon = Beacon { network, node, port, sequence: 0 };
            beacons.send(beacon, now, chance());
        }
        if self.book.take_changed() {
            self.keeper.changed(now);
        }
        if self.keeper.due().is_some_and(|due| due <= now) {
            self.keeper.keep(&self.book, now);
        }
        let told = |it: &&Entry| it.path == Path::Told;
        let others = || self.book.others();
        let facts = Facts {
            links: self.peers.iter().filter(|(_, it)| it.is_used()).count(),
            told: others().filter(told).count(),
            known: others().filter(|it| !told(it)).count(),
            beacons: self.beacons.as_ref().map(|it| it.heard),
        };
        if let Some(why) = self.alone.look(&facts, now) {
            cli::log(format_args!("alone: {why}"));
            self.board.borrow_mut().alone = Some(why.to_string());
            self.room_changed();
        } else if facts.links > 0
            && self.board.borrow_mut().alone.take().is_some()
        {
            self.room_changed();
        }
    }

    /// When that is to be done next.
    pub fn next_discovery(&self) -> Option<Instant> {
        if self.is_ending {
            return None;
        }
        let dial = self.next_dial.map(|(due, _)| due);
        // As long as we do not know our network, there is nothing to be said.
        let beacons =
            self.beacons.as_ref().filter(|_| self.network.id.is_some());
        let beacon = beacons.map(Beacons::due);
        let alone = self.alone.due();
        let stale = self.is_stale.then(|| self.now());
        let others = [dial, beacon, alone, self.keeper.due(), stale];
        others.into_iter().flatten().min()
    }

    /// Which address is to be dialled next, and when.
    fn find_next_dial(&self) -> Option<(Instant, usize)> {
        let peers = || self.peers.iter().map(|(_, peer)| peer);
        let has = |node: PeerId| {
            peers().any(|it| it.is_open && roster::node(it) == Some(node))
        };
        let is_spare = |peer: &&Peer| {
            let entry = peer.dial.and_then(|it| self.book.entry(it));
            let node = entry.and_then(|entry| entry.node);
            !peer.is_open && node.is_some_and(has)
        };
        let links = Links {
            has: &has,
            dialled: peers().filter(|peer| peer.dial.is_some()).count(),
            spare: peers().filter(is_spare).count(),
        };
        self.book.next(self.now(), &links)
    }

    /// Beacons have come.
    pub fn hear(&mut self) {
        let now = self.now();
        let Some(beacons) = &mut self.beacons else { return };
        for (beacon, ip) in beacons.receive() {
            if beacon.node == self.greeting.node {
                if beacons.heard != Heard::Others {
                    beacons.heard = Heard::Own;
                }
                continue;
            }
            if !self.network.adopt(beacon.network, &mut self.greeting) {
                continue;
            }
            beacons.heard = Heard::Others;
            let address = SocketAddr::new(ip, beacon.port);
            let node = Some(beacon.node);
            self.book.add(address, node, Path::Beacon, now);
        }
        self.is_stale = true;
    }

    /// After a sleep nothing is as it was: links may be dead, and others may
    /// have come.
    pub fn notice_sleep(&mut self) {
        // It cannot fail on a kernel that has openat2(2).
        let Ok(clocks) = Clocks::read() else { return };
        let Some(slept) = self.sleep.slept(clocks) else { return };
        let now = self.now();
        // The clocks are read one after the other: 3599.9 s are an hour.
        let seconds = slept.as_secs_f64().round();
        cli::log(format_args!("slept for {seconds} s"));
        self.book.wake(now);
        self.is_stale = true;
        if let Some(beacons) = &mut self.beacons {
            beacons.hurry(now);
        }
        let keys: Vec<Key> = self.peers.iter().map(|(key, _)| key).collect();
        for key in keys {
            if let Some(peer) = self.peers.get_mut(key)
                && let Some(link) = peer.link()
            {
                link.ping(now);
                self.go_on(key, 0);
            }
        }
    }
}
