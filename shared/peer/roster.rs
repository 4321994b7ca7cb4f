//! Enters in step 24: who may have a link, and which of two links to one node
//! is kept.

use std::net::IpAddr;

use crate::hello::{Greeting, Hello, PeerId};
use crate::violation::Reason;
use shared::collections::slab::{Key, Slab};

use crate::talk::{Peer, Talk};

/// So many of those who have dialled us may have a link.
const MAX_ACCEPTED: usize = 54;

/// So many may be about to.
pub const MAX_HALF_OPEN: usize = 32;

/// So many of one address, and of a private one: behind that there may be a
/// whole room.
const MAX_OF_ADDRESS: usize = 4;
const MAX_OF_PRIVATE: usize = 16;

/// Whether somebody who says this may have a link.
///
/// # Errors
/// Why not.
pub fn admit(
    greeting: &Greeting,
    hello: &Hello,
    key: Key,
    peers: &Slab<Peer>,
) -> Result<(), Reason> {
    greeting.suits(hello)?;
    let Some((_, asks)) = peers.at(key.index()) else { return Ok(()) };
    if asks.dial.is_some() {
        return Ok(());
    }
    let ip = asks.address.ip();
    let accepted = || {
        let peers = peers.iter().map(|(_, it)| it);
        peers.filter(|it| it.dial.is_none() && it.hello.is_some())
    };
    // A node that was started anew does not wait until its dead link is found
    // to be dead.
    let is_old =
        |it: &Hello| it.node == hello.node && it.session != hello.session;
    let is_known = accepted().any(|it| it.hello.as_ref().is_some_and(is_old));
    let of_address = accepted().filter(|it| it.address.ip() == ip).count();
    let is_full =
        accepted().count() >= MAX_ACCEPTED || of_address >= most_of(ip);
    match is_full && !is_known {
        true => Err(Reason::Full),
        false => Ok(()),
    }
}

fn most_of(ip: IpAddr) -> usize {
    match ip {
        ip if ip.is_loopback() => usize::MAX,
        IpAddr::V4(ip) if ip.is_private() || ip.is_link_local() => {
            MAX_OF_PRIVATE
        }
        IpAddr::V6(ip)
            if ip.is_unique_local() || ip.is_unicast_link_local() =>
        {
            MAX_OF_PRIVATE
        }
        _ => MAX_OF_ADDRESS,
    }
}

/// How many have no link yet, but may get one.
pub fn half_open(peers: &Slab<Peer>) -> usize {
    let peers = peers.iter().map(|(_, it)| it);
    let frames = peers.filter(|it| {
        // Enters in step 27.
        matches!(it.talk, Talk::Frames(_) | Talk::Handshake(_))
    });
    let half = |it: &&Peer| !it.is_open || it.is_guest;
    frames.filter(|it| half(it) && it.dial.is_none()).count()
}

/// Which node it is, if it has said so and may stay.
pub fn node(peer: &Peer) -> Option<PeerId> {
    peer.hello.as_ref().map(|it| it.node)
}

/// What becomes of another link to the same node, when one has opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is dead: the node has been started anew.
    Dead(Key),
    /// The first is not needed, but the second; who dialled it closes it.
    Surplus(Key, Key),
}

/// Looks at the links to the node to which this one leads, that has opened.
pub fn compare(
    own: PeerId,
    opened: Key,
    peers: &Slab<Peer>,
) -> Option<Verdict> {
    let (_, new) = peers.at(opened.index())?;
    let node = node(new)?;
    let is_other = |(key, it): &(Key, &Peer)| {
        *key != opened && it.is_open && self::node(it) == Some(node)
    };
    let (key, old) = peers.iter().find(is_other)?;
    let session = |peer: &Peer| peer.hello.as_ref().map(|it| it.session);
    if session(old) != session(new) {
        return Some(Verdict::Dead(key));
    }
    // Both ends come to the same result: the smaller node's own stays. If one
    // end dialled both, it keeps the first, and the other end leaves it to it.
    let is_mine_smaller = own < node;
    let stays = |peer: &Peer| peer.dial.is_some() == is_mine_smaller;
    match stays(new) && !stays(old) {
        true => Some(Verdict::Surplus(key, opened)),
        false => Some(Verdict::Surplus(opened, key)),
    }
}
