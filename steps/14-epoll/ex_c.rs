//! Exercise 14c, Drain it: a list that says each thing once.
//!
//! Try it: `cargo run --example 14c -- 127.0.0.1:8080`

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

/// What an event of the listener says; a client's says its key.
const LISTENER: u64 = u64::MAX;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let address = cli::server_address("usage: 14c [ADDRESS]")?;
    let listener = Listener::open_nonblocking(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    serve(listener).map_err(|errno| Failure::new("cannot serve", errno))
}

fn serve(listener: Listener) -> nix::Result<()> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    let flags = EpollFlags::EPOLLIN | EpollFlags::EPOLLET;
    epoll.add(&listener, EpollEvent::new(flags, LISTENER))?;
    cli::print(format_args!("listening on {}", listener.address()));
    let mut clients = Slab::new();
    let mut events = [EpollEvent::empty(); 64];
    loop {
        let timeout = EpollTimeout::NONE;
        let count = match epoll.wait(&mut events, timeout) {
            Err(Errno::EINTR) => 0,
            result => result?,
        };
        for event in &events[..count] {
            if event.data() == LISTENER {
                // TODO: there may be more than one.
                accept(&listener, &epoll, &mut clients)?;
                continue;
            }
            let key = Key::from_bits(event.data());
            let Some(client) = clients.get_mut(key) else { continue };
            match client.go_on() {
                Ok(Then::Sleeps) => {}
                Ok(Then::Ends) | Err(_) => drop(clients.remove(key)),
            }
        }
    }
}

/// Accepts one client. Says whether there was one.
fn accept(
    listener: &Listener,
    epoll: &Epoll,
    clients: &mut Slab<Client>,
) -> nix::Result<bool> {
    let (socket, _) = match listener.try_accept() {
        Err(Errno::EAGAIN) => return Ok(false),
        Err(Errno::ECONNABORTED) => return Ok(true),
        result => result?,
    };
    let key = clients.insert(Client { socket, rest: Vec::new() });
    if let Some(client) = clients.get_mut(key) {
        let event = EpollEvent::new(client.flags(), key.to_bits());
        epoll.add(&client.socket, event)?;
    }
    Ok(true)
}

struct Client {
    /// It does not wait.
    socket: OwnedFd,
    /// What the kernel has not taken yet.
    rest: Vec<u8>,
}

/// What becomes of a client after its turn.
enum Then {
    /// Until an event tells of something new.
    Sleeps,
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
        // TODO: once for each event is not enough.
        Ok(Then::Sleeps)
    }
}
