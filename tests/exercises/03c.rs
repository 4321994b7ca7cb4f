//! Exercise 03c, Not for ever: connecting within a limit.
//!
//! Try it: `cargo run --example 03c -- 300 192.0.2.1:80 127.0.0.1:8080`

use std::net::SocketAddr;
use std::os::fd::AsFd; //-solution
use std::os::fd::{AsRawFd, OwnedFd};
use std::process;
use std::time::Duration;
use std::time::Instant; //-solution

use nix::errno::Errno; //-solution
use nix::fcntl::{FcntlArg, OFlag, fcntl}; //-solution
use nix::poll::{PollFd, PollFlags, PollTimeout, poll}; //-solution
use nix::sys::socket::{
    self, AddressFamily, SockFlag, SockType, SockaddrStorage,
};
use shared::net::stream;

//-client

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
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK; //-solution
    // let flags = SockFlag::SOCK_CLOEXEC; //-starter
    let socket = socket::socket(family, SockType::Stream, flags, None)?;
    //-solution
    match socket::connect(socket.as_raw_fd(), &peer) {
        Ok(()) => {}
        Err(Errno::EINPROGRESS) => wait(&socket, limit)?,
        Err(errno) => return Err(errno),
    }
    set_blocking(&socket)?;
    //-starter
    // // TODO: connect waits as long as the kernel likes, two minutes and
    // // more. Do not let it wait: see SOCK_NONBLOCK in socket(2) and
    // // EINPROGRESS in connect(2).
    // let _ = limit;
    // socket::connect(socket.as_raw_fd(), &peer)?;
    //-end
    Ok(socket)
}
//-solution

/// Waits until a handshake has succeeded; its failure, or the end of the
/// time, is an error.
fn wait(socket: &OwnedFd, limit: Duration) -> nix::Result<()> {
    let deadline = Instant::now() + limit;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        // poll counts whole milliseconds: one more is better than too early.
        let timeout = PollTimeout::try_from(left.as_millis() + 1);
        let mut wanted = [PollFd::new(socket.as_fd(), PollFlags::POLLOUT)];
        match poll(&mut wanted, timeout.unwrap_or(PollTimeout::MAX)) {
            Ok(0) if left.is_zero() => return Err(Errno::ETIMEDOUT),
            // A millisecond of rounding, or a signal: look at the clock.
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => break,
            Err(errno) => return Err(errno),
        }
    }
    // "Writable" means only that it is decided.
    match socket::getsockopt(socket, socket::sockopt::SocketError)? {
        0 => Ok(()),
        errno => Err(Errno::from_raw(errno)),
    }
}

/// From now on reading and writing wait again.
fn set_blocking(socket: &OwnedFd) -> nix::Result<()> {
    let flags = fcntl(socket, FcntlArg::F_GETFL)?;
    let flags = OFlag::from_bits_retain(flags) & !OFlag::O_NONBLOCK;
    fcntl(socket, FcntlArg::F_SETFL(flags)).map(drop)
}
//-end

/// Waits until the server has closed.
fn wait_for_end(connection: &OwnedFd) -> nix::Result<()> {
    let mut unread = [0; 1024];
    while stream::read(connection, &mut unread)? > 0 {}
    Ok(())
}
