//! Exercise 02a, Nothing lost: an echo in capitals.
//!
//! Try it: `cargo run --example 02a -- 127.0.0.1:8080`

use std::net::SocketAddr;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::process::ExitCode;

use nix::errno::Errno;
use nix::sys::socket::{
    self, AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, sockopt,
};
use nix::unistd;
use shared::cli::{self, Failure};

//-main

fn run() -> Result<(), Failure> {
    let address = cli::server_address("usage: 02a [ADDRESS]")?;
    let listener =
        listen(address).map_err(|errno| Failure::listening(address, errno))?;
    loop {
        let connection = accept(&listener)
            .map_err(|errno| Failure::new("cannot accept", errno))?;
        if let Err(errno) = shout(&connection) {
            eprintln!("client lost: {errno}");
        }
    }
}

/// Sends every byte back in upper case, until the client has no more.
fn shout(connection: &OwnedFd) -> nix::Result<()> {
    let mut buffer = [0; 4096];
    //-solution
    loop {
        let count = match unistd::read(connection, &mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(Errno::EINTR) => continue,
            Err(errno) => return Err(errno),
        };
        buffer[..count].make_ascii_uppercase();
        let mut rest = &buffer[..count];
        while !rest.is_empty() {
            match unistd::write(connection, rest) {
                Ok(taken) => rest = &rest[taken..],
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }
    //-starter
    // // TODO: this is right for one short line on a good day. It must go on
    // // until the client's end of file, whatever the kernel takes or gives
    // // at a time, and a signal is no reason to give up.
    // let count = unistd::read(connection, &mut buffer)?;
    // buffer[..count].make_ascii_uppercase();
    // unistd::write(connection, &buffer[..count])?;
    // Ok(())
    //-end
}

//-listen

/// Waits for a client.
fn accept(listener: &OwnedFd) -> nix::Result<OwnedFd> {
    loop {
        let flags = SockFlag::SOCK_CLOEXEC;
        match socket::accept4(listener.as_raw_fd(), flags) {
            // SAFETY: the kernel has just made this descriptor for us.
            Ok(raw) => return Ok(unsafe { OwnedFd::from_raw_fd(raw) }),
            Err(Errno::EINTR | Errno::ECONNABORTED) => {}
            Err(errno) => return Err(errno),
        }
    }
}
