//! What the node makes of its peers: who stays, and what is said.

use std::fmt::Display;
use std::mem;

use peer::book::Path;
use peer::hello::{Hello, PeerId};
use peer::kind::Kind;
use peer::link::End;
use peer::violation::{Reason, Violation};
use peer::wire::hex;
use shared::cli;
use shared::collections::slab::Key;

use super::event_loop::{EventLoop, chance};
use peer::board::Linked;
use peer::roster::{self, Verdict};
use peer::talk::Peer;

/// How many characters of a payload are shown.
const SHOWN: usize = 40;

impl EventLoop {
    /// Somebody has said who they are.
    pub fn decide(&mut self, key: Key, hello: Hello) {
        let now = self.now();
        // If it is the first of our network, its HELLO says which one it is.
        self.network.adopt(hello.network, &mut self.greeting);
        let verdict = roster::admit(&self.greeting, &hello, key, &self.peers);
        let Some(peer) = self.peers.get_mut(key) else { return };
        if let Some(number) = peer.dial {
            match verdict {
                Err(Reason::Itself) => {
                    cli::log(format_args!("{} is this node", peer.address));
                    self.book.is_own(number);
                }
                _ => self.book.found(number, hello.node),
            }
        }
        peer.is_guest = verdict == Err(Reason::Full);
        let is_guest = peer.is_guest;
        let Some(link) = peer.link() else { return };
        match verdict {
            Err(reason) if !is_guest => link.close(reason, now),
            _ => {
                link.admit(now);
                peer.hello = Some(hello);
            }
        }
    }

    /// A link has opened: it may be the second to that node.
    pub fn opened(&mut self, key: Key) {
        let now = self.now();
        let Some(peer) = self.peers.get_mut(key) else { return };
        (peer.is_open, peer.since) = (true, now);
        let (address, dial) = (peer.address, peer.dial);
        let Some((node, port)) =
            peer.hello.as_ref().map(|it| (it.node, it.port))
        else {
            return;
        };
        if peer.is_guest {
            return self.dismiss(key);
        }
        if let Some(link) = peer.link() {
            link.ask_for_peers(now);
        }
        let path = self.note(address, port, node, dial);
        let verdict = roster::compare(self.greeting.node, key, &self.peers);
        if let None | Some(Verdict::Dead(_)) = verdict {
            cli::log(format_args!("{node} at {address}: linked ({path})"));
        }
        match verdict {
            Some(Verdict::Dead(old)) => {
                self.remove(old, Some(&"it was started anew"));
            }
            Some(Verdict::Surplus(surplus, used)) => {
                self.mark_surplus(surplus, used);
            }
            None => {}
        }
        self.tell_links();
        self.refresh();
    }

    /// A second link to a node is used no more; who has dialled it closes it,
    /// but not before the other end is known to have the one that is used.
    fn mark_surplus(&mut self, key: Key, used: Key) {
        let now = self.now();
        let Some(peer) = self.peers.get_mut(key) else { return };
        peer.is_surplus = true;
        if peer.dial.is_some() {
            self.surplus.push(key);
            if let Some(link) = self.peers.get_mut(used).and_then(Peer::link) {
                link.ping(now);
            }
            // It may not be its turn.
            self.go_on(used, 0);
        }
    }

    /// Closes those of our links that are not needed, if it is time.
    pub fn close_surplus(&mut self) {
        let now = self.now();
        for key in mem::take(&mut self.surplus) {
            let Some(peer) = self.peers.get_mut(key) else { continue };
            let (node, is_surplus) = (roster::node(peer), peer.is_surplus);
            let is_confirmed = self.peers.iter().any(|(_, it)| {
                it.is_used() && roster::node(it) == node && it.is_confirmed()
            });
            if !is_confirmed || !is_surplus {
                // It is too early; or it is needed after all.
                self.surplus.extend(Some(key).filter(|_| is_surplus));
                continue;
            }
            if let Some(link) = self.peers.get_mut(key).and_then(Peer::link) {
                link.close(Reason::Duplicate, now);
            }
            self.go_on(key, 0);
        }
    }

    /// The node ends: somebody is told.
    pub fn leave(&mut self, key: Key) {
        let now = self.now();
        let Some(peer) = self.peers.get_mut(key) else { return };
        match peer.link() {
            Some(link) => link.close(Reason::Shutdown, now),
            None => return self.remove(key, None),
        }
        self.turn(key);
    }

    /// Somebody is gone, or let go; why, if not as it should be.
    pub fn remove(&mut self, key: Key, why: Option<&dyn Display>) {
        let now = self.now();
        let Some(mut peer) = self.peers.remove(key) else { return };
        let end = peer.link().and_then(|link| link.end());
        let is_fine = end.is_some_and(is_fine);
        let end = end.as_ref().filter(|_| !is_fine);
        let why = why.or(end.map(|end| end as &dyn Display));
        match (peer.dial, why) {
            // That we end says nothing about them.
            (Some(number), _) if self.is_ending => self.book.put_off(number),
            (Some(number), _) if peer.is_open && !is_fine => {
                let lasted = now - peer.since;
                self.book.ended(number, lasted, now, chance());
            }
            (Some(number), Some(why)) => self.failed(number, why),
            (Some(number), None) => self.book.put_off(number),
            (None, Some(why)) if !peer.is_open => {
                cli::log(format_args!("{}: {why}", peer.address));
            }
            _ => {}
        }
        if let Some(node) = roster::node(&peer).filter(|_| peer.is_used()) {
            let why = why.unwrap_or(&"closed");
            cli::log(format_args!("{node} at {}: {why}", peer.address));
            self.use_other(node);
        }
        self.tell_links();
        self.refresh();
    }

    /// Uses another link to a node, if there is one: the one used is gone.
    fn use_other(&mut self, node: PeerId) {
        let is_it =
            |peer: &Peer| peer.is_open && roster::node(peer) == Some(node);
        let other = self.peers.iter().find(|(_, peer)| is_it(peer));
        let other = other.map(|(key, _)| key);
        if let Some(peer) = other.and_then(|key| self.peers.get_mut(key)) {
            peer.is_surplus = false;
        }
    }

    /// Something has changed: writes down who is there, for those who ask.
    pub fn refresh(&mut self) {
        let peers = self.peers.iter().map(|(_, peer)| peer);
        let linked = peers.filter(|peer| peer.is_used()).filter_map(|peer| {
            let hello = peer.hello.as_ref()?;
            Some(Linked {
                node: hello.node,
                address: peer.address,
                port: hello.port,
                is_dialled: peer.dial.is_some(),
            })
        });
        let has = |node: Option<PeerId>| {
            let peers = self.peers.iter().map(|(_, peer)| peer);
            let mut open = peers.filter(|peer| peer.is_open);
            node.is_some() && open.any(|peer| roster::node(peer) == node)
        };
        let unreached = self.book.others().filter(|entry| {
            let has_failed = entry.failures > 0 && !entry.is_busy();
            entry.path == Path::Told && has_failed && !has(entry.node)
        });
        self.is_stale = true;
        let mut board = self.board.borrow_mut();
        board.linked = linked.collect();
        board.unreached = unreached.map(|it| it.address.to_string()).collect();
        drop(board);
        self.room_changed();
    }

    /// Who has broken the protocol is not spoken to for a while.
    pub fn notice_offence(&mut self, key: Key) {
        let now = self.now();
        let link = self.peers.get_mut(key).and_then(Peer::link);
        match link.map(|it| (it.end(), it.node())).unwrap_or_default() {
            // Somebody in between can do that: it says nothing of the node.
            (Some(End::Broken(Violation::Unsealed)), _) => {}
            (Some(End::Broken(_)), Some(node)) => {
                self.members.discourage(node, now);
            }
            _ => {}
        }
    }

    /// Shows the frames of somebody that have not been shown yet.
    pub fn show_frames(&mut self, key: Key) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let address = peer.address;
        let frames = peer.link().map(|it| it.take_trace()).unwrap_or_default();
        for (is_in, kind, payload) in frames {
            let arrow = if is_in { "<-" } else { "->" };
            let length = payload.len();
            let payload = match kind {
                // Control characters have no business in a terminal.
                Kind::Line => payload.escape_ascii().to_string(),
                _ => hex(&payload),
            };
            let more = if payload.len() > SHOWN { "…" } else { "" };
            let payload = &payload[..payload.len().min(SHOWN)];
            cli::log(format_args!(
                "{address} {arrow} {kind} {length} {payload}{more}"
            ));
        }
    }
}

/// Whether it is no fault of anybody's that a link has ended like this.
fn is_fine(end: End) -> bool {
    let reason = match end {
        End::Closed(reason) => Some(reason),
        End::Left(byte) => Reason::from_byte(byte),
        _ => None,
    };
    matches!(reason, Some(Reason::Itself | Reason::Duplicate))
}
