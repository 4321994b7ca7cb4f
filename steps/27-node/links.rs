//! What happens to those who do not speak HTTP, from their first byte on.

use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::rc::Rc;

use nix::errno::Errno;
use nix::sys::epoll::EpollEvent;
use nix::sys::socket::{self, MsgFlags, SockaddrStorage};
use nix::unistd;
use peer::clock::clock;
use peer::link::{Link, Want};
use peer::secure::Handshake;
use peer::text::{Speaks, kind_of};
use shared::cli;
use shared::collections::slab::Key;
use shared::net::{address, connect};

use super::event_loop::{EventLoop, data_of};
use peer::asker::Asker;
use peer::roster::{self, MAX_HALF_OPEN};
use peer::talk::{Event, Peer, TURN, Talk};

impl EventLoop {
    /// Somebody has connected, and does not speak HTTP.
    pub fn accept(&mut self, socket: OwnedFd) {
        // Who has gone in the meantime is not missed.
        let Ok((own, address)) = ends(&socket) else { return };
        if self.is_ending {
            return;
        }
        let now = self.now();
        let talk = if peek(&socket).map(kind_of) == Some(Speaks::Text) {
            let is_trusted = address.ip().is_loopback() || self.is_public;
            let board = self.board.clone();
            Talk::Text(Asker::new(board, own.ip(), is_trusted, now))
        } else if roster::half_open(&self.peers) < MAX_HALF_OPEN
            && self.members.hears(address.ip(), now)
        {
            Talk::Handshake(self.new_handshake(false))
        } else {
            // What is unread would make a reset of the close.
            let _ = unistd::read(&socket, &mut [0; 4096]);
            return;
        };
        let peer = Peer::new(socket, address, talk, now);
        self.insert(peer);
    }

    fn new_handshake(&self, is_dialled: bool) -> Box<Handshake> {
        Handshake::new(Rc::clone(&self.keys), is_dialled, self.now()).into()
    }

    /// A handshake is over: the link begins, or somebody is not wanted.
    fn secured(&mut self, key: Key) {
        let now = self.now();
        let Some(peer) = self.peers.get_mut(key) else { return };
        let (address, is_dialled) = (peer.address, peer.dial.is_some());
        let Talk::Handshake(handshake) = &mut peer.talk else { return };
        let secured = match handshake.outcome() {
            Some(Ok(secured)) => secured,
            Some(Err(fault)) => {
                if fault.is_offence() && !is_dialled {
                    self.members.discourage_address(address.ip(), now);
                }
                return self.remove(key, Some(&fault));
            }
            None => return,
        };
        let node = secured.cipher.node();
        let is_admitted = self.members.admits(node, now);
        let hello = is_admitted.then(|| {
            let mut hello = self.greeting.hello(address, clock());
            let binding = secured.cipher.channel_binding();
            hello.proof = self.ledger.vouch(binding, self.greeting.node);
            hello
        });
        if !is_admitted {
            let node = node.digits();
            cli::log(format_args!("{address}: not admitted: {node}"));
        }
        let mut link = Link::sealed(hello.as_ref(), self.traces, secured, now);
        link.gossip(now);
        if let Some(peer) = self.peers.get_mut(key) {
            peer.talk = Talk::Frames(link.into());
        }
    }

    /// Dials somebody, without waiting for it.
    pub fn dial(&mut self, number: usize) {
        let now = self.now();
        let Some(entry) = self.book.entry(number) else { return };
        let address = entry.address;
        match connect::start(address) {
            Err(errno) => self.failed(number, &cli::strerror(errno)),
            Ok(socket) => {
                self.book.begun(number);
                let talk = Talk::Dialling(now);
                let mut peer = Peer::new(socket, address, talk, now);
                peer.dial = Some(number);
                self.insert(peer);
            }
        }
    }

    /// Puts somebody onto our list, and by their first turn onto the kernel's.
    fn insert(&mut self, peer: Peer) {
        let key = self.peers.insert(peer);
        self.is_stale = true;
        self.turn(key);
    }

    /// Gives somebody their turn, unless they are gone.
    pub fn turn(&mut self, key: Key) {
        self.go_on(key, TURN);
    }

    /// The same; they are read from so many times at most.
    pub fn go_on(&mut self, key: Key, mut left: usize) {
        let now = self.now();
        loop {
            let Some(peer) = self.peers.get_mut(key) else { return };
            if matches!(peer.talk, Talk::Dialling(_)) && !self.connected(key) {
                return self.wait_for(key);
            }
            let Some(peer) = self.peers.get_mut(key) else { return };
            let event = peer.go_on(&mut left, now);
            self.show_frames(key);
            self.notice_offence(key);
            match event {
                Event::Waits if self.offer(key) => {}
                Event::Waits => return self.wait_for(key),
                Event::Gone(None) => return self.remove(key, None),
                Event::Gone(Some(errno)) => {
                    return self.remove(key, Some(&cli::strerror(errno)));
                }
                Event::Wants(Want::Keys) => self.secured(key),
                Event::Wants(Want::Decision(hello)) => self.decide(key, hello),
                Event::Wants(Want::Open) => self.opened(key),
                Event::Wants(Want::Message(message)) => {
                    self.said(key, message);
                }
                Event::Wants(Want::AskedForPeers) => self.tell_peers(key),
                Event::Wants(Want::Peers(entries)) => {
                    self.learn(key, &entries);
                }
                Event::Wants(_) => {}
            }
        }
    }

    /// Whether the handshake of TCP is over, and our turn has come.
    fn connected(&mut self, key: Key) -> bool {
        let Some(peer) = self.peers.get_mut(key) else { return false };
        let finished = match connect::finish(peer.socket()) {
            // Not yet.
            Err(Errno::ENOTCONN) => return false,
            result => result.and_then(|()| ends(peer.socket())),
        };
        match finished {
            Ok(_) => {
                let handshake = self.new_handshake(true);
                if let Some(peer) = self.peers.get_mut(key) {
                    peer.talk = Talk::Handshake(handshake);
                }
                true
            }
            Err(errno) => {
                self.remove(key, Some(&cli::strerror(errno)));
                false
            }
        }
    }

    /// Has the kernel look for what somebody waits for.
    fn wait_for(&mut self, key: Key) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let before = peer.waits_for();
        let Some(flags) = peer.new_interest() else { return };
        let mut event = EpollEvent::new(flags, data_of(key));
        let (epoll, socket) = (self.server.epoll(), peer.socket());
        // The end of a connection is told in any case, again and again: who
        // waits for nothing leaves the list.
        let changed = match (before.is_empty(), flags.is_empty()) {
            (true, _) => epoll.add(socket, event),
            (_, true) => epoll.delete(socket),
            _ => epoll.modify(socket, &mut event),
        };
        if let Err(errno) = changed {
            self.remove(key, Some(&cli::strerror(errno)));
        }
    }

    pub fn timed_out(&mut self, key: Key) {
        let now = self.now();
        let Some(peer) = self.peers.get_mut(key) else { return };
        match peer.timed_out(now) {
            Event::Gone(Some(errno)) => {
                self.remove(key, Some(&cli::strerror(errno)));
            }
            Event::Gone(None) => self.remove(key, None),
            _ => self.turn(key),
        }
    }
}

/// The two ends of a connection: ours, and the other.
///
/// # Errors
/// Those of getsockname(2) and getpeername(2): `ENOTCONN` if the other end has
/// reset the connection.
fn ends(socket: &OwnedFd) -> nix::Result<(SocketAddr, SocketAddr)> {
    let descriptor = socket.as_raw_fd();
    // Ask what our end is called. If we listen on all addresses, this is the
    // one that was dialled.
    let own: SocketAddr = {
        let storage: SockaddrStorage = socket::getsockname(descriptor)?;
        canonical(address::from_sockaddr(&storage)?)
    };
    // Ask who is at the other end.
    let storage: SockaddrStorage = socket::getpeername(descriptor)?;
    Ok((own, canonical(address::from_sockaddr(&storage)?)))
}

/// A socket for both versions of IP shows an IPv4 address as `::ffff:1.2.3.4`.
fn canonical(mut address: SocketAddr) -> SocketAddr {
    address.set_ip(address.ip().to_canonical());
    address
}

/// The next byte, which stays where it is.
fn peek(socket: &OwnedFd) -> Option<u8> {
    let mut first = [0];
    let flags = MsgFlags::MSG_PEEK;
    // The server has seen it: it is there.
    let count = socket::recv(socket.as_raw_fd(), &mut first, flags).ok()?;
    (count > 0).then_some(first[0])
}
