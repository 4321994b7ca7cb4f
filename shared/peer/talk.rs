//! Enters in step 24: a connection with somebody who does not speak HTTP: its
//! system calls.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use crate::hello::Hello;
use crate::link::{HANDSHAKE, Link, Want};
use crate::secure::Handshake;
use crate::vouch::Vouch;
use nix::errno::Errno;
use nix::sys::epoll::EpollFlags;
use nix::sys::socket::{self, Shutdown};
use nix::unistd;

use crate::asker::Asker;
use crate::block::Author;
use crate::messages::Get;

/// It is read from this many times at most, then it is another's turn.
pub const TURN: usize = 16;

/// How long a handshake of TCP may take: the kernel would wait for minutes.
const CONNECT: Duration = Duration::from_secs(5);

/// Somebody at the other end of a connection.
pub struct Peer {
    socket: OwnedFd,
    /// Where the other end is.
    pub address: SocketAddr,
    /// What is spoken.
    pub talk: Talk,
    /// Which of those that we dial it is; `None` if it dialled us.
    pub dial: Option<usize>,
    /// What it has said of itself, once that has been looked at.
    pub hello: Option<Hello>,
    /// Both ends are ready.
    pub is_open: bool,
    /// Since when they are.
    pub since: Instant,
    /// There is another link to the same node, which is used.
    pub is_surplus: bool,
    /// There is no room for it: it is told where others are, and has to go.
    pub is_guest: bool,
    /// How many lines it has not been told.
    pub missed: u64,
    /// Whose blocks we want of it; the ones that it has been asked for, and
    /// those that it has asked for. Enters in step 25.
    pub wanted: VecDeque<Author>,
    /// Enters in step 25.
    pub asked: Option<Get>,
    /// Enters in step 25.
    pub owed: Option<Get>,
    /// What the kernel looks for.
    waits_for: EpollFlags,
}

/// What is spoken.
pub enum Talk {
    /// Nothing yet: the handshake of TCP has begun then.
    Dialling(Instant),
    /// A handshake that makes the link secret. Enters in step 27.
    Handshake(Box<Handshake>),
    /// Lines of text.
    Text(Asker),
    /// Frames.
    Frames(Box<Link>),
}

/// What somebody wants whose turn it is.
pub enum Event {
    /// To have its next turn.
    Waits,
    /// Something of the node, and then to go on.
    Wants(Want),
    /// Nothing more.
    Gone(Option<Errno>),
}

impl Peer {
    /// Somebody with whom nothing has been spoken yet.
    pub fn new(
        socket: OwnedFd,
        address: SocketAddr,
        talk: Talk,
        now: Instant,
    ) -> Self {
        Peer {
            socket,
            address,
            talk,
            dial: None,
            hello: None,
            is_open: false,
            since: now,
            is_surplus: false,
            is_guest: false,
            missed: 0,
            // Enters in step 25.
            wanted: VecDeque::new(),
            // Enters in step 25.
            asked: None,
            // Enters in step 25.
            owed: None,
            waits_for: EpollFlags::empty(),
        }
    }

    /// Their connection.
    pub fn socket(&self) -> &OwnedFd {
        &self.socket
    }

    /// The link, if frames are spoken.
    pub fn link(&mut self) -> Option<&mut Link> {
        match &mut self.talk {
            Talk::Frames(link) => Some(link),
            _ => None,
        }
    }

    /// Whether it is told what we say.
    pub fn is_used(&self) -> bool {
        self.is_open && !self.is_surplus && !self.is_guest
    }

    /// Who speaks through the node, if that has been proved. Enters in step 27.
    pub fn vouch(&self) -> Option<&Vouch> {
        match &self.talk {
            Talk::Frames(link) => link.vouch(),
            _ => None,
        }
    }

    /// Whether the other end is known to be ready, too.
    pub fn is_confirmed(&self) -> bool {
        matches!(&self.talk, Talk::Frames(link) if link.is_confirmed())
    }

    /// Whether it can be told something now.
    pub fn has_room(&self) -> bool {
        matches!(&self.talk, Talk::Frames(link) if link.has_room())
    }

    /// When it has to be looked at.
    pub fn deadline(&self) -> Instant {
        match &self.talk {
            Talk::Dialling(since) => *since + CONNECT,
            // Enters in step 27.
            Talk::Handshake(it) => it.since() + HANDSHAKE,
            Talk::Text(asker) => asker.deadline(),
            Talk::Frames(link) => link.deadline(),
        }
    }

    /// What the kernel looks for; nothing: it is not on its list.
    pub fn waits_for(&self) -> EpollFlags {
        self.waits_for
    }

    /// What the kernel is to look for now, if that is something else than
    /// before.
    pub fn new_interest(&mut self) -> Option<EpollFlags> {
        let (reads, has_output) = match &self.talk {
            Talk::Dialling(_) => (false, true),
            // Enters in step 27.
            Talk::Handshake(it) => (true, !it.output().is_empty()),
            Talk::Text(asker) => (asker.reads(), !asker.output().is_empty()),
            Talk::Frames(link) => (link.reads(), !link.output().is_empty()),
        };
        let mut flags = EpollFlags::empty();
        flags.set(EpollFlags::EPOLLIN, reads);
        flags.set(EpollFlags::EPOLLOUT, has_output);
        let is_new = flags != self.waits_for;
        self.waits_for = flags;
        is_new.then_some(flags)
    }

    /// Does what it wants, until that would mean to wait, or is for the node to
    /// do. `left` is how often it may still be read from.
    pub fn go_on(&mut self, left: &mut usize, now: Instant) -> Event {
        loop {
            let want = match &mut self.talk {
                Talk::Dialling(_) => return Event::Waits,
                // Enters in step 27.
                Talk::Handshake(it) => match it.advance() {
                    true => Want::Keys,
                    false => Want::Wait,
                },
                Talk::Text(asker) if asker.is_done() => Want::Close,
                Talk::Text(_) => Want::Wait,
                Talk::Frames(link) => link.advance(now),
            };
            let result = match want {
                Want::Wait => self.pass(left, now),
                Want::Shutdown => {
                    let descriptor = self.socket.as_raw_fd();
                    socket::shutdown(descriptor, Shutdown::Write).map(|()| true)
                }
                Want::Close => return Event::Gone(None),
                want => return Event::Wants(want),
            };
            match result {
                Ok(true) | Err(Errno::EINTR) => {}
                Ok(false) => return Event::Waits,
                Err(errno) => return Event::Gone(Some(errno)),
            }
        }
    }

    /// Sends what there is to be sent, and takes what has arrived. Says
    /// whether anything could be done.
    fn pass(&mut self, left: &mut usize, now: Instant) -> nix::Result<bool> {
        let sent = self.send(now)?;
        if *left == 0 {
            return Ok(sent);
        }
        // Less than there was room for: that was all.
        let received = self.receive(now)?;
        *left = if received == Some(true) { *left - 1 } else { 0 };
        Ok(sent || received.is_some())
    }

    fn send(&mut self, now: Instant) -> nix::Result<bool> {
        let output = match &self.talk {
            Talk::Frames(link) => link.output(),
            // Enters in step 27.
            Talk::Handshake(it) => it.output(),
            Talk::Text(asker) => asker.output(),
            Talk::Dialling(_) => &[],
        };
        if output.is_empty() {
            return Ok(false);
        }
        let count = match unistd::write(&self.socket, output) {
            Err(Errno::EAGAIN) => return Ok(false),
            result => result?,
        };
        match &mut self.talk {
            Talk::Frames(link) => link.sent(count, now),
            // Enters in step 27.
            Talk::Handshake(it) => it.sent(count),
            Talk::Text(asker) => asker.sent(count),
            Talk::Dialling(_) => {}
        }
        Ok(true)
    }

    /// Whether all of the room was used; `None` if nothing was read.
    fn receive(&mut self, now: Instant) -> nix::Result<Option<bool>> {
        let space = match &mut self.talk {
            Talk::Frames(link) if link.reads() => link.space(),
            // Enters in step 27.
            Talk::Handshake(it) => it.space(),
            Talk::Text(asker) if asker.reads() => asker.space(),
            _ => return Ok(None),
        };
        let room = space.len();
        let count = match unistd::read(&self.socket, space) {
            Err(Errno::EAGAIN) => return Ok(None),
            result => result?,
        };
        match &mut self.talk {
            Talk::Frames(link) => link.received(count, now),
            // Enters in step 27.
            Talk::Handshake(it) => it.received(count),
            Talk::Text(asker) => asker.received(count, now),
            Talk::Dialling(_) => {}
        }
        Ok(Some(count == room))
    }

    /// Its deadline has come.
    pub fn timed_out(&mut self, now: Instant) -> Event {
        match &mut self.talk {
            Talk::Dialling(_) => Event::Gone(Some(Errno::ETIMEDOUT)),
            // Enters in step 27.
            Talk::Handshake(_) => Event::Gone(Some(Errno::ETIMEDOUT)),
            Talk::Text(_) => Event::Gone(None),
            Talk::Frames(link) => {
                link.timed_out(now);
                Event::Waits
            }
        }
    }
}
