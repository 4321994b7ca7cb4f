//! Step 15: deadlines for all.
//!
//! A deadline costs the same among ten clients and among ten thousand.
//! Signals come as events, between two clients' turns, and the first begins an
//! end in which no response is lost.

use std::process::ExitCode;

use nix::sys::epoll::EpollEvent;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use shared::cli::{self, Failure};
use shared::collections::slab::Key;
use shared::net::limit::raise_descriptors;
use shared::net::listener::Listener;
use shared::web::client::Client;
use shared::web::file_site::Files;

mod server;

use server::{EVENTS, LISTENER, SIGNALS, Server};

const HELP: &str = "\
Step 15: serves the files beneath a directory, all clients in one thread. And
GET /api/, POST /api/echo.

Usage: step15 [ADDRESS] [--root DIR]

  ADDRESS     IP:PORT, [IPv6]:PORT or a port of 127.0.0.1 (default
              127.0.0.1:8080); port 0 takes a free one
  --root DIR  the directory (default: the small site of step 08)
  -h, --help

Ctrl-C lets it finish the responses that it owes; a second one does not.
";

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let (address, [root]) = cli::server_arguments(HELP, ["root"])?;
    let site = Files::open(root)?;
    let listener = Listener::open_nonblocking(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    let signals = take_signals()
        .map_err(|errno| Failure::new("cannot take signals", errno))?;
    let limit = raise_descriptors()
        .map_err(|errno| Failure::new("cannot raise RLIMIT_NOFILE", errno))?;
    let address = listener.address();
    let mut server = Server::new(listener, signals, site)
        .map_err(|errno| Failure::new("cannot use epoll", errno))?;
    cli::announce("http", address, ["curl -i {url}/", "firefox {url}/"]);
    cli::log(format_args!("step15: at most {limit} descriptors"));
    let mut events = [EpollEvent::empty(); EVENTS];
    while !server.is_done() {
        let mut may_accept = false;
        for event in server.wait(&mut events)? {
            match event.data() {
                LISTENER => may_accept = true,
                SIGNALS => server.signal()?,
                data => server.turn(Key::from_bits(data), Client::go_on),
            }
        }
        server.expire()?;
        if may_accept {
            server.accept()?;
        }
    }
    Ok(())
}

/// From now on SIGINT and SIGTERM interrupt nothing: they are to be read.
fn take_signals() -> nix::Result<SignalFd> {
    let signals = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM]);
    // Blocked, a signal waits; else it would be handled as before.
    signals.thread_block()?;
    // Ask for a descriptor that is ready for reading when one waits.
    SignalFd::with_flags(
        &signals,
        SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC,
    )
}
