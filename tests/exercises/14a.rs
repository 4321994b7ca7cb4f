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

//-server nonblocking

fn serve(listener: Listener) -> nix::Result<()> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    epoll.add(&listener, EpollEvent::new(EpollFlags::EPOLLIN, LISTENER))?;
    cli::print(format_args!("listening on {}", listener.address()));
    let mut clients = Slab::new();
    let mut events = [EpollEvent::empty(); 64];
    loop {
        //-solution
        let count = match epoll.wait(&mut events, EpollTimeout::NONE) {
            // A signal, or the process was stopped: no event.
            Err(Errno::EINTR) => 0,
            result => result?,
        };
        //-starter
        // // TODO: not every error is a reason to end.
        // let count = epoll.wait(&mut events, EpollTimeout::NONE)?;
        //-end
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

//-clients

impl Client {
    /// What it waits for.
    fn flags(&self) -> EpollFlags {
        //-solution
        match self.rest.is_empty() {
            true => EpollFlags::EPOLLIN,
            false => EpollFlags::EPOLLOUT,
        }
        //-starter
        // // TODO: and if there is a rest?
        // EpollFlags::EPOLLIN
        //-end
    }

    /// Its socket is ready. Says whether the client stays.
    fn go_on(&mut self) -> nix::Result<bool> {
        // With a rest nothing more is read: what comes meanwhile //-solution
        // stays in the kernel's buffers, and then in the client's. //-solution
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
        //-solution
        match unistd::write(&self.socket, &self.rest) {
            Ok(count) => drop(self.rest.drain(..count)),
            Err(Errno::EAGAIN) => {}
            Err(errno) => return Err(errno),
        }
        //-starter
        // let _ = unistd::write(&self.socket, &self.rest);
        // // TODO: how much has been taken?
        // self.rest.clear();
        //-end
        Ok(true)
    }
}
