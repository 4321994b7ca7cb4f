//! Exercise 03c, Not for ever: connecting within a limit.
//!
//! Try it: `cargo run --example 03c -- 300 192.0.2.1:80 127.0.0.1:8080`

use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::process;
use std::time::Duration;

use nix::sys::socket::{
    self, AddressFamily, SockFlag, SockType, SockaddrStorage,
};
use shared::net::stream;

fn main() {
    if let Err(message) = run() {
        eprintln!("{message}");
        process::exit(1);
    }
}

fn run() -> Result<(), String> {
    let usage = "usage: 03c MILLISECONDS ADDRESS...";
    let mut arguments = std::env::args().skip(1);
    let limit = arguments.next().ok_or(usage)?;
    let limit: u64 = limit.parse().map_err(|_| usage)?;
    for argument in arguments {
        let address: SocketAddr = argument
            .parse()
            .map_err(|_| format!("{argument} is no address"))?;
        match connect(address, Duration::from_millis(limit)) {
            Ok(connection) => {
                println!("connected to {address}");
                return wait_for_end(&connection)
                    .map_err(|errno| format!("{address}: {errno}"));
            }
            Err(errno) => eprintln!("{address}: {errno}"),
        }
    }
    Err("no address accepts".to_string())
}

/// A connection to `address`, or `ETIMEDOUT` if nothing came of it within
/// `limit`.
fn connect(address: SocketAddr, limit: Duration) -> nix::Result<OwnedFd> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::Inet,
        SocketAddr::V6(_) => AddressFamily::Inet6,
    };
    let peer = SockaddrStorage::from(address);
    let flags = SockFlag::SOCK_CLOEXEC;
    let socket = socket::socket(family, SockType::Stream, flags, None)?;
    // TODO: connect waits as long as the kernel likes, two minutes and
    // more. Do not let it wait: see SOCK_NONBLOCK in socket(2) and
    // EINPROGRESS in connect(2).
    let _ = limit;
    socket::connect(socket.as_raw_fd(), &peer)?;
    Ok(socket)
}

/// Waits until the server has closed.
fn wait_for_end(connection: &OwnedFd) -> nix::Result<()> {
    let mut unread = [0; 1024];
    while stream::read(connection, &mut unread)? > 0 {}
    Ok(())
}
