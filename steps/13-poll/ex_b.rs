//! Exercise 13b, Full house: more clients than descriptors.
//!
//! Try it: `cargo run --example 13b -- 127.0.0.1:8080`, after `ulimit -n 16`

use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd;
use shared::cli::{self, Failure};
use shared::net::listener::{Listener, is_transient};

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let address = cli::server_address("usage: 13b [ADDRESS]")?;
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    serve(listener).map_err(|errno| Failure::new("cannot serve", errno))
}

fn serve(listener: Listener) -> nix::Result<()> {
    fcntl(&listener, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    cli::print(format_args!("listening on {}", listener.address()));
    let mut clients: Vec<Client> = Vec::new();
    loop {
        let (accept, limit) = (PollFlags::POLLIN, PollTimeout::NONE);
        let mut list = vec![PollFd::new(listener.as_fd(), accept)];
        list.extend(clients.iter().map(|client| {
            PollFd::new(client.socket.as_fd(), client.waits_for())
        }));
        match poll(&mut list, limit) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
        let ready = list.iter().map(|it| it.any() != Some(false));
        let ready: Vec<bool> = ready.collect();
        let mut flags = ready[1..].iter();
        clients.retain_mut(|it| flags.next() != Some(&true) || it.go_on());
        if ready[0] {
            accept_all(&listener, &mut clients)?;
        }
    }
}

/// Accepts those who wait. Says whether it could: there may be no descriptor
/// left for the next.
fn accept_all(
    listener: &Listener,
    clients: &mut Vec<Client>,
) -> nix::Result<bool> {
    loop {
        match listener.try_accept() {
            Ok((socket, _)) => clients.push(Client { socket, rest: vec![] }),
            Err(Errno::EAGAIN) => return Ok(true),
            Err(errno) if is_transient(errno) => {}
            // TODO: what if there is no descriptor left?
            Err(errno) => return Err(errno),
        }
    }
}

/// A client, and what has not been sent back yet.
struct Client {
    socket: OwnedFd,
    rest: Vec<u8>,
}

impl Client {
    fn waits_for(&self) -> PollFlags {
        match self.rest.is_empty() {
            true => PollFlags::POLLIN,
            false => PollFlags::POLLOUT,
        }
    }

    /// Reads if there is nothing to be sent, and sends. Says whether the
    /// client stays.
    fn go_on(&mut self) -> bool {
        let mut space = [0; 4096];
        if self.rest.is_empty() {
            match unistd::read(&self.socket, &mut space) {
                Ok(0) => return false,
                Ok(count) => self.rest.extend_from_slice(&space[..count]),
                Err(errno) => return is_not_now(errno),
            }
        }
        match unistd::write(&self.socket, &self.rest) {
            Ok(count) => drop(self.rest.drain(..count)),
            Err(errno) => return is_not_now(errno),
        }
        true
    }
}

fn is_not_now(errno: Errno) -> bool {
    matches!(errno, Errno::EAGAIN | Errno::EINTR)
}
