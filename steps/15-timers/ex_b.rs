//! Exercise 15b, Last orders: an end in which nothing is lost.
//!
//! Try it: `cargo run --example 15b -- 127.0.0.1:8080`

use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::unistd;
use shared::cli::{self, Failure};
use shared::events::handlers::{handle, terminate};
use shared::net::listener::Listener;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let address = cli::server_address("usage: 15b [ADDRESS]")?;
    let listener = Listener::open_nonblocking(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    // TODO: this cuts off everybody.
    handle(&[(Signal::SIGINT, terminate), (Signal::SIGTERM, terminate)])
        .map_err(|errno| Failure::new("cannot handle signals", errno))?;
    serve(listener).map_err(|errno| Failure::new("cannot go on", errno))
}

fn serve(listener: Listener) -> nix::Result<()> {
    cli::print(format_args!("listening on {}", listener.address()));
    let mut clients: Vec<Client> = Vec::new();
    loop {
        // First the clients, in their order.
        let mut list: Vec<PollFd> = clients
            .iter()
            .map(|client| PollFd::new(client.socket.as_fd(), client.waits()))
            .collect();
        let readable = |fd| PollFd::new(fd, PollFlags::POLLIN);
        list.push(readable(listener.as_fd()));
        match poll(&mut list, PollTimeout::NONE) {
            Err(Errno::EINTR) => continue,
            result => result?,
        };
        let ready = list.iter().map(|it| it.any().unwrap_or(false));
        let ready: Vec<bool> = ready.collect();
        let (theirs, ours) = ready.split_at(clients.len());
        let mut theirs = theirs.iter();
        clients.retain_mut(|client| {
            let is_ready = theirs.next() == Some(&true);
            !is_ready || client.go_on()
        });
        if ours[0] {
            clients.extend(accept(&listener)?);
        }
    }
}

/// The next client, if it has not gone again.
fn accept(listener: &Listener) -> nix::Result<Option<Client>> {
    match listener.try_accept() {
        Ok((socket, _)) => {
            let (input, output) = (Vec::new(), Vec::new());
            Ok(Some(Client { socket, input, output }))
        }
        Err(Errno::EAGAIN | Errno::ECONNABORTED) => Ok(None),
        Err(errno) => Err(errno),
    }
}

struct Client {
    socket: OwnedFd,
    /// What has come, and has had no response yet.
    input: Vec<u8>,
    /// What is still to be sent.
    output: Vec<u8>,
}

impl Client {
    fn waits(&self) -> PollFlags {
        match self.output.is_empty() {
            true => PollFlags::POLLIN,
            false => PollFlags::POLLOUT,
        }
    }

    /// Goes on until that would mean to wait. Says whether the client stays.
    fn go_on(&mut self) -> bool {
        loop {
            if self.output.is_empty() {
                self.respond();
            }
            let result = match self.output.is_empty() {
                true => self.receive(),
                false => self.send(),
            };
            match result {
                Ok(0) => return false,
                Ok(_) | Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return true,
                Err(_) => return false,
            }
        }
    }

    /// Responds to the next line, if it is there: as many dots as it says.
    fn respond(&mut self) {
        let end = self.input.iter().position(|byte| *byte == b'\n');
        let Some(end) = end else { return };
        let line: Vec<u8> = self.input.drain(..=end).collect();
        let text = String::from_utf8_lossy(&line[..end]);
        let count = text.parse::<u32>().unwrap_or(0).min(1 << 24);
        self.output = vec![b'.'; count as usize];
        self.output.push(b'\n');
    }

    fn receive(&mut self) -> nix::Result<usize> {
        let mut buffer = [0; 4096];
        let count = unistd::read(&self.socket, &mut buffer)?;
        self.input.extend(&buffer[..count]);
        Ok(count)
    }

    fn send(&mut self) -> nix::Result<usize> {
        let count = unistd::write(&self.socket, &self.output)?;
        self.output.drain(..count);
        Ok(count)
    }
}
