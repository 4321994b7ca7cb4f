//! Exercise 03a, A pipe with two ends: joins two servers.
//!
//! Try it: `cargo run --example 03a -- 127.0.0.1:8080 127.0.0.1:8081`

use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::process;
use std::thread; //-solution

use nix::errno::Errno; //-solution
use nix::sys::socket::{
    self, AddressFamily, Shutdown, SockFlag, SockType, SockaddrStorage,
};
use shared::net::stream;

//-client

fn run() -> Result<(), String> {
    let usage = "usage: 03a ADDRESS ADDRESS";
    let mut arguments = std::env::args().skip(1);
    let left = connect(&arguments.next().ok_or(usage)?)?;
    let right = connect(&arguments.next().ok_or(usage)?)?;
    join(&left, &right).map_err(|errno| format!("the pipe is broken: {errno}"))
}

/// Carries both ways until both sides have no more to say.
fn join(left: &OwnedFd, right: &OwnedFd) -> nix::Result<()> {
    //-solution
    thread::scope(|scope| {
        let there = scope.spawn(|| carry(left, right));
        let back = carry(right, left);
        let there = there.join().unwrap_or(Err(Errno::EIO));
        there.and(back)
    })
    //-starter
    // // TODO: the right side may speak first, and both may speak at once.
    // // Neither direction must wait for the other.
    // carry(left, right)?;
    // carry(right, left)
    //-end
}

/// Carries one way, up to and including the end of the stream.
fn carry(from: &OwnedFd, to: &OwnedFd) -> nix::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        let count = stream::read(from, &mut buffer)?;
        if count == 0 {
            break;
        }
        stream::write_all(to, &buffer[..count])?;
    }
    //-solution
    // This direction only: the other may have much to say still.
    match socket::shutdown(to.as_raw_fd(), Shutdown::Write) {
        // Nobody is left to be told.
        Err(Errno::ENOTCONN) => Ok(()),
        result => result,
    }
    //-starter
    // // TODO: is that what the end of one direction means?
    // socket::shutdown(to.as_raw_fd(), Shutdown::Both)
    //-end
}

/// A connection to `address`; a failure is one line that names it.
fn connect(address: &str) -> Result<OwnedFd, String> {
    let parsed = address.parse::<SocketAddr>();
    let parsed = parsed.map_err(|_| format!("{address} is no address"))?;
    let family = match parsed {
        SocketAddr::V4(_) => AddressFamily::Inet,
        SocketAddr::V6(_) => AddressFamily::Inet6,
    };
    let flags = SockFlag::SOCK_CLOEXEC;
    let socket = socket::socket(family, SockType::Stream, flags, None)
        .map_err(|errno| format!("no socket: {errno}"))?;
    socket::connect(socket.as_raw_fd(), &SockaddrStorage::from(parsed))
        .map_err(|errno| format!("cannot connect to {address}: {errno}"))?;
    Ok(socket)
}
