//! Exercise 14c, Drain it: a list that says each thing once.
//!
//! Try it: `cargo run --example 14c -- 127.0.0.1:8080`

use std::collections::VecDeque; //-solution
use std::os::fd::OwnedFd;
use std::process::ExitCode;

use nix::errno::Errno;
use nix::sys::epoll::{
    Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout,
};
use nix::unistd;
use shared::cli::{self, Failure};
use shared::collections::slab::{Key, Slab};
use shared::net::listener::Listener;

//-server nonblocking

fn serve(listener: Listener) -> nix::Result<()> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    let flags = EpollFlags::EPOLLIN | EpollFlags::EPOLLET;
    epoll.add(&listener, EpollEvent::new(flags, LISTENER))?;
    cli::print(format_args!("listening on {}", listener.address()));
    let mut clients = Slab::new();
    let mut events = [EpollEvent::empty(); 64];
    //-solution
    // Who is to have a turn. Of those whose turn was over before all was
    // taken, no event will tell.
    let mut turns = VecDeque::new();
    //-end
    loop {
        //-solution
        let timeout = match turns.is_empty() {
            true => EpollTimeout::NONE,
            false => EpollTimeout::ZERO,
        };
        //-end
        // let timeout = EpollTimeout::NONE; //-starter
        let count = match epoll.wait(&mut events, timeout) {
            Err(Errno::EINTR) => 0,
            result => result?,
        };
        for event in &events[..count] {
            if event.data() == LISTENER {
                while accept(&listener, &epoll, &mut clients)? {} //-solution
                // // TODO: there may be more than one. //-starter
                // accept(&listener, &epoll, &mut clients)?; //-starter
                continue;
            }
            let key = Key::from_bits(event.data());
            //-solution
            if !turns.contains(&key) {
                turns.push_back(key);
            }
        }
        for _ in 0..turns.len() {
            let Some(key) = turns.pop_front() else { break };
            //-end
            let Some(client) = clients.get_mut(key) else { continue };
            match client.go_on() {
                Ok(Then::Sleeps) => {}
                Ok(Then::GoesOn) => turns.push_back(key), //-solution
                Ok(Then::Ends) | Err(_) => drop(clients.remove(key)),
            }
        }
    }
}

//-clients

/// What becomes of a client after its turn.
enum Then {
    /// Until an event tells of something new.
    Sleeps,
    /// Not all was taken, but it is the next one's turn. //-solution
    GoesOn, //-solution
    Ends,
}

impl Client {
    /// What it waits for, from beginning to end.
    fn flags(&self) -> EpollFlags {
        EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT | EpollFlags::EPOLLET
    }

    /// Gives it its turn: one read, if there is no rest, and one write.
    fn go_on(&mut self) -> nix::Result<Then> {
        if self.rest.is_empty() {
            let mut bytes = [0; 16 * 1024];
            match unistd::read(&self.socket, &mut bytes) {
                Ok(0) => return Ok(Then::Ends),
                Ok(count) => self.rest.extend_from_slice(&bytes[..count]),
                Err(Errno::EAGAIN) => return Ok(Then::Sleeps),
                Err(errno) => return Err(errno),
            }
            self.rest.make_ascii_uppercase();
        }
        match unistd::write(&self.socket, &self.rest) {
            Ok(count) => drop(self.rest.drain(..count)),
            // When there is room an event tells of it.
            // What is unread then is read behind the rest.
            Err(Errno::EAGAIN) => return Ok(Then::Sleeps),
            Err(errno) => return Err(errno),
        }
        Ok(Then::GoesOn) //-solution
        // // TODO: once for each event is not enough. //-starter
        // Ok(Then::Sleeps) //-starter
    }
}
