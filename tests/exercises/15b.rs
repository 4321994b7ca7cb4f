//! Exercise 15b, Last orders: an end in which nothing is lost.
//!
//! Try it: `cargo run --example 15b -- 127.0.0.1:8080`

use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal}; //-solution
use nix::sys::signalfd::{SfdFlags, SignalFd}; //-solution
// use nix::sys::signal::Signal; //-starter
use nix::unistd;
use shared::cli::{self, Failure};
// use shared::events::handlers::{handle, terminate}; //-starter
use shared::net::listener::Listener;

//-main

fn run() -> Result<(), Failure> {
    let address = cli::server_address("usage: 15b [ADDRESS]")?;
    let listener = Listener::open_nonblocking(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    //-starter
    // // TODO: this cuts off everybody.
    // handle(&[(Signal::SIGINT, terminate), (Signal::SIGTERM, terminate)])
    //     .map_err(|errno| Failure::new("cannot handle signals", errno))?;
    //-end
    serve(listener).map_err(|errno| Failure::new("cannot go on", errno))
}

fn serve(listener: Listener) -> nix::Result<()> {
    //-solution
    let signals = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM]);
    signals.thread_block()?;
    let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
    let signals = SignalFd::with_flags(&signals, flags)?;
    //-end
    cli::print(format_args!("listening on {}", listener.address()));
    let mut listener = Some(listener); //-solution
    let mut clients: Vec<Client> = Vec::new();
    let mut drains = false; //-solution
    loop {
        // First the clients, in their order.
        let mut list: Vec<PollFd> = clients
            .iter()
            .map(|client| PollFd::new(client.socket.as_fd(), client.waits()))
            .collect();
        let readable = |fd| PollFd::new(fd, PollFlags::POLLIN);
        list.push(readable(signals.as_fd())); //-solution
        list.extend(listener.iter().map(|it| readable(it.as_fd()))); //-solution
        // list.push(readable(listener.as_fd())); //-starter
        match poll(&mut list, PollTimeout::NONE) {
            Err(Errno::EINTR) => continue,
            result => result?,
        };
        let ready = list.iter().map(|it| it.any().unwrap_or(false));
        let ready: Vec<bool> = ready.collect();
        let (theirs, ours) = ready.split_at(clients.len());
        //-solution
        if ours[0] && signals.read_signal()?.is_some() {
            if drains {
                return Ok(());
            }
            (drains, listener) = (true, None);
        }
        //-end
        let mut theirs = theirs.iter();
        clients.retain_mut(|client| {
            let is_ready = theirs.next() == Some(&true);
            // Who has nothing to wait for any more is not ready. //-solution
            !(is_ready || drains) || client.go_on(drains) //-solution
            // !is_ready || client.go_on() //-starter
        });
        //-solution
        if drains && clients.is_empty() {
            return Ok(());
        }
        if let Some(listener) = &listener
            && ours[1]
        {
            clients.extend(accept(listener)?);
        }
        //-starter
        // if ours[0] {
        //     clients.extend(accept(&listener)?);
        // }
        //-end
    }
}

/// The next client, if it has not gone again.
fn accept(listener: &Listener) -> nix::Result<Option<Client>> {
    match listener.try_accept() {
        Ok((socket, _)) => {
            let (input, output) = (Vec::new(), Vec::new());
            let is_last = false; //-solution
            Ok(Some(Client { socket, input, output, is_last })) //-solution
            // Ok(Some(Client { socket, input, output })) //-starter
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
    /// Nothing follows the output. //-solution
    is_last: bool, //-solution
}

impl Client {
    fn waits(&self) -> PollFlags {
        match self.output.is_empty() {
            true => PollFlags::POLLIN,
            false => PollFlags::POLLOUT,
        }
    }

    /// Goes on until that would mean to wait. Says whether the client stays.
    fn go_on(&mut self, drains: bool) -> bool { //-solution
    // fn go_on(&mut self) -> bool { //-starter
        loop {
            if self.output.is_empty() {
                self.respond();
            }
            if drains && !self.output.is_empty() && !self.is_last { //-solution
                self.output.extend(b"bye\n"); //-solution
                self.is_last = true; //-solution
            } //-solution
            let result = match self.output.is_empty() {
                true => self.receive(),
                false => self.send(),
            };
            match result {
                Ok(0) => return false,
                Ok(_) if self.is_last && self.output.is_empty() => { //-solution
                    return false; //-solution
                } //-solution
                Ok(_) | Err(Errno::EINTR) => {}
                //-solution
                Err(Errno::EAGAIN) => {
                    let is_idle =
                        self.input.is_empty() && self.output.is_empty();
                    return !(drains && is_idle);
                }
                //-starter
                // Err(Errno::EAGAIN) => return true,
                //-end
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
