//! Exercise 14b, The middleman: a proxy in one loop.
//!
//! Try it: `cargo run --example 14b -- 127.0.0.1:8080 --to 127.0.0.1:8081`

use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::ExitCode;

use nix::errno::Errno;
use nix::sys::epoll::{
    Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout,
};
use nix::sys::socket::{
    self, AddressFamily, SockFlag, SockType, SockaddrLike, SockaddrStorage,
    sockopt, //-solution
};
use nix::unistd;
use shared::cli::{self, Failure};
use shared::collections::slab::{Key, Slab};
use shared::net::listener::Listener;

/// What an event of the listener says; a pair's says its key and the side.
const LISTENER: u64 = u64::MAX;

/// The two sides of a pair: who has connected to us, and to whom we have.
const NEAR: usize = 0;
const FAR: usize = 1;

/// At most this many bytes are kept for one direction.
const MOST: usize = 64 * 1024;

//-main

fn run() -> Result<(), Failure> {
    let usage = "usage: 14b [ADDRESS] --to ADDRESS";
    let (address, [to]) = cli::server_arguments(usage, ["to"])?;
    let to = to.and_then(|to| to.to_str()?.parse().ok());
    let to = to.ok_or_else(|| Failure::usage(usage))?;
    let listener = Listener::open_nonblocking(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    serve(&listener, to).map_err(|errno| Failure::new("cannot serve", errno))
}

fn serve(listener: &Listener, to: SocketAddr) -> nix::Result<()> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    epoll.add(listener, EpollEvent::new(EpollFlags::EPOLLIN, LISTENER))?;
    cli::print(format_args!("listening on {}", listener.address()));
    let mut pairs = Slab::new();
    let mut events = [EpollEvent::empty(); 64];
    loop {
        let count = match epoll.wait(&mut events, EpollTimeout::NONE) {
            Err(Errno::EINTR) => 0,
            result => result?,
        };
        for event in &events[..count] {
            // The lowest bit is the side.
            let (mut key, mut side) =
                (Key::from_bits(event.data() >> 1), event.data() as usize & 1);
            if event.data() == LISTENER {
                let Some(pair) = accept(listener, to)? else { continue };
                (key, side) = (pairs.insert(pair), NEAR);
            }
            let Some(pair) = pairs.get_mut(key) else { continue };
            // An error on one side is the end of both.
            let stays = pair.go_on(side).and_then(|stays| {
                pair.ask(&epoll, key.to_bits() << 1).map(|()| stays)
            });
            if stays != Ok(true) {
                pairs.remove(key);
            }
        }
    }
}

/// Accepts a client, if there is one, and calls the other side for it.
fn accept(listener: &Listener, to: SocketAddr) -> nix::Result<Option<Pair>> {
    let (near, _) = match listener.try_accept() {
        Err(Errno::EAGAIN | Errno::ECONNABORTED) => return Ok(None),
        result => result?,
    };
    // Without the other side the client's connection is closed.
    Ok(connect(to).ok().map(|far| Pair {
        sides: [near, far],
        is_connecting: true, //-solution
        asked: [EpollFlags::empty(); 2],
        ways: [Way::default(), Way::default()],
    }))
}

/// A socket that does not wait, and connects to `address`.
fn connect(address: SocketAddr) -> nix::Result<OwnedFd> {
    let to = SockaddrStorage::from(address);
    let family = to.family().unwrap_or(AddressFamily::Inet);
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK; //-solution
    // let flags = SockFlag::SOCK_CLOEXEC; //-starter
    let socket = socket::socket(family, SockType::Stream, flags, None)?;
    //-solution
    match socket::connect(socket.as_raw_fd(), &to) {
        Ok(()) | Err(Errno::EINPROGRESS) => Ok(socket),
        Err(errno) => Err(errno),
    }
    //-starter
    // // TODO: this waits for the other side, and be it for two minutes.
    // socket::connect(socket.as_raw_fd(), &to)?;
    // let flags = nix::fcntl::OFlag::O_NONBLOCK;
    // nix::fcntl::fcntl(&socket, nix::fcntl::FcntlArg::F_SETFL(flags))?;
    // Ok(socket)
    //-end
}

/// Two connections, and what is under way between them.
struct Pair {
    sides: [OwnedFd; 2],
    /// The far side: whether it will accept is not known yet. //-solution
    is_connecting: bool, //-solution
    /// What the interest list looks for. With nothing a side is not in it.
    asked: [EpollFlags; 2],
    /// From the near side, and from the far side.
    ways: [Way; 2],
}

/// One direction.
#[derive(Default)]
struct Way {
    /// Received, but not sent yet.
    bytes: Vec<u8>,
    /// No more will be received. //-solution
    has_ended: bool, //-solution
    /// That has been passed on. //-solution
    is_shut: bool, //-solution
}

impl Pair {
    /// What to wait for on a side.
    fn flags(&self, side: usize) -> EpollFlags {
        //-solution
        if side == FAR && self.is_connecting {
            return EpollFlags::EPOLLOUT;
        }
        let (from, to) = (&self.ways[side], &self.ways[1 - side]);
        let has_room = from.bytes.len() < MOST;
        let mut flags = EpollFlags::empty();
        flags.set(EpollFlags::EPOLLIN, has_room && !from.has_ended);
        flags.set(EpollFlags::EPOLLOUT, !to.bytes.is_empty());
        flags
        //-starter
        // // TODO: there may be no room for more, and there may be a rest.
        // let _ = side;
        // EpollFlags::EPOLLIN
        //-end
    }

    /// Something has happened on a side. Says whether the pair stays.
    fn go_on(&mut self, side: usize) -> nix::Result<bool> {
        //-solution
        if side == FAR && self.is_connecting {
            match socket::getsockopt(&self.sides[FAR], sockopt::SocketError)? {
                0 => self.is_connecting = false,
                errno => return Err(Errno::from_raw(errno)),
            }
        }
        self.carry(NEAR)?;
        self.carry(FAR)?;
        Ok(self.ways.iter().any(|way| !way.is_shut))
        //-starter
        // let _ = side;
        // Ok(self.carry(NEAR)? && self.carry(FAR)?)
        //-end
    }

    //-solution
    /// Carries what one side says to the other, as far as it goes now.
    fn carry(&mut self, from: usize) -> nix::Result<()> {
        let way = &mut self.ways[from];
        let (source, sink) = (&self.sides[from], &self.sides[1 - from]);
        if !way.has_ended && way.bytes.len() < MOST {
            let mut bytes = [0; 16 * 1024];
            let room = bytes.len().min(MOST - way.bytes.len());
            match unistd::read(source, &mut bytes[..room]) {
                Ok(0) => way.has_ended = true,
                Ok(count) => way.bytes.extend_from_slice(&bytes[..count]),
                Err(Errno::EAGAIN) => {}
                Err(errno) => return Err(errno),
            }
        }
        // The far side says nothing yet (EAGAIN), and takes nothing.
        if self.is_connecting {
            return Ok(());
        }
        if !way.bytes.is_empty() {
            match unistd::write(sink, &way.bytes) {
                Ok(count) => drop(way.bytes.drain(..count)),
                Err(Errno::EAGAIN) => {}
                Err(errno) => return Err(errno),
            }
        }
        if way.has_ended && way.bytes.is_empty() && !way.is_shut {
            socket::shutdown(sink.as_raw_fd(), socket::Shutdown::Write)?;
            way.is_shut = true;
        }
        Ok(())
    }
    //-starter
    // /// Carries what one side says to the other. Says whether it goes on.
    // fn carry(&mut self, from: usize) -> nix::Result<bool> {
    //     let bytes = &mut self.ways[from].bytes;
    //     bytes.resize(MOST, 0);
    //     let count = match unistd::read(&self.sides[from], bytes) {
    //         Err(Errno::EAGAIN) => return Ok(true),
    //         result => result?,
    //     };
    //     // TODO: how much of that has been taken?
    //     let _ = unistd::write(&self.sides[1 - from], &bytes[..count]);
    //     // TODO: one direction has ended, and not the other.
    //     Ok(count > 0)
    // }
    //-end

    /// Has the list look for what is waited for now; `data` is for both.
    fn ask(&mut self, epoll: &Epoll, data: u64) -> nix::Result<()> {
        for side in [NEAR, FAR] {
            let (before, after) = (self.asked[side], self.flags(side));
            let socket = &self.sides[side];
            let mut event = EpollEvent::new(after, data | side as u64);
            match (before.is_empty(), after.is_empty()) {
                _ if before == after => {}
                (true, _) => epoll.add(socket, event)?,
                // An error, or both ends, is told of all that is in the list.
                (_, true) => epoll.delete(socket)?,
                _ => epoll.modify(socket, &mut event)?,
            }
            self.asked[side] = after;
        }
        Ok(())
    }
}
