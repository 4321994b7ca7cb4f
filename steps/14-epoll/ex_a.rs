//! Exercise 14a, Keep the rest: what the kernel does not take now, it takes
//! later.
//!
//! Try it: `cargo run --example 14a -- 127.0.0.1:8080`

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
    let address = cli::server_address("usage: 14a [ADDRESS]")?;
    let listener = Listener::open_nonblocking(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    serve(listener).map_err(|errno| Failure::new("cannot serve", errno))
}

fn serve(listener: Listener) -> nix::Result<()> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    epoll.add(&listener, EpollEvent::new(EpollFlags::EPOLLIN, LISTENER))?;
    cli::print(format_args!("listening on {}", listener.address()));
    let mut clients = Slab::new();
    let mut events = [EpollEvent::empty(); 64];
    loop {
        // TODO: not every error is a reason to end.
        let count = epoll.wait(&mut events, EpollTimeout::NONE)?;
        for event in &events[..count] {
            if event.data() == LISTENER {
                accept(&listener, &epoll, &mut clients)?;
                continue;
            }
            let key = Key::from_bits(event.data());
            let Some(client) = clients.get_mut(key) else { continue };
            let before = client.flags();
            // A client's error is its end.
            let stays = client.go_on().unwrap_or(false);
            let after = client.flags();
            if !stays {
                clients.remove(key);
            } else if after != before {
                let mut event = EpollEvent::new(after, key.to_bits());
                epoll.modify(&client.socket, &mut event)?;
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

impl Client {
    /// What it waits for.
    fn flags(&self) -> EpollFlags {
        // TODO: and if there is a rest?
        EpollFlags::EPOLLIN
    }

    /// Its socket is ready. Says whether the client stays.
    fn go_on(&mut self) -> nix::Result<bool> {
        if self.rest.is_empty() {
            let mut bytes = [0; 16 * 1024];
            match unistd::read(&self.socket, &mut bytes) {
                Ok(0) => return Ok(false),
                Ok(count) => self.rest.extend_from_slice(&bytes[..count]),
                Err(Errno::EAGAIN) => return Ok(true),
                Err(errno) => return Err(errno),
            }
            self.rest.make_ascii_uppercase();
        }
        let _ = unistd::write(&self.socket, &self.rest);
        // TODO: how much has been taken?
        self.rest.clear();
        Ok(true)
    }
}
