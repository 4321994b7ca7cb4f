//! Exercise 02b, Bad neighbours: a server that no client can end.
//!
//! Try it: `cargo run --example 02b -- 127.0.0.1:8080`

use std::net::SocketAddr;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::process::ExitCode;
use std::thread; //-solution
use std::time::Duration; //-solution

use nix::errno::Errno;
use nix::sys::socket::{
    self, AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, sockopt,
};
use nix::unistd;
use shared::cli::{self, Failure};

//-main

fn run() -> Result<(), Failure> {
    let address = cli::server_address("usage: 02b [ADDRESS]")?;
    let listener =
        listen(address).map_err(|errno| Failure::listening(address, errno))?;
    serve(&listener).map_err(|errno| Failure::new("cannot go on", errno))
}

/// Serves one client after the other, whatever they do.
fn serve(listener: &OwnedFd) -> nix::Result<()> {
    let mut client = 0;
    loop {
        //-solution
        let connection = match accept(listener) {
            Ok(connection) => connection,
            // This client has left already, or a signal came.
            Err(Errno::ECONNABORTED | Errno::EINTR) => continue,
            // No descriptor is free: one may be, in a while.
            Err(Errno::EMFILE | Errno::ENFILE) => {
                thread::sleep(Duration::from_millis(50));
                continue;
            }
            Err(errno) => return Err(errno),
        };
        client += 1;
        if let Err(errno) = echo(&connection, client) {
            eprintln!("client {client} lost: {errno}");
        }
        //-starter
        // // TODO: each of these question marks lets one client end the
        // // server for all. Which failures are the client's, which pass by
        // // themselves, and which are a reason to end?
        // let connection = accept(listener)?;
        // client += 1;
        // echo(&connection, client)?;
        //-end
    }
}

/// Tells the client its number, then sends back what it says.
fn echo(connection: &OwnedFd, client: u32) -> nix::Result<()> {
    let greeting = format!("client {client}\n");
    write_all(connection, greeting.as_bytes())?;
    let mut buffer = [0; 4096];
    loop {
        let count = read(connection, &mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        write_all(connection, &buffer[..count])?;
    }
}

//-listen

/// Asks once for a client.
fn accept(listener: &OwnedFd) -> nix::Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC;
    let raw = socket::accept4(listener.as_raw_fd(), flags)?;
    // SAFETY: the kernel has just made this descriptor for us.
    Ok(unsafe { OwnedFd::from_raw_fd(raw) })
}

/// Reads what there is; 0 is the end.
fn read(fd: &OwnedFd, buffer: &mut [u8]) -> nix::Result<usize> {
    loop {
        match unistd::read(fd, buffer) {
            Err(Errno::EINTR) => {}
            result => return result,
        }
    }
}

/// Writes all of `bytes`.
fn write_all(fd: &OwnedFd, mut bytes: &[u8]) -> nix::Result<()> {
    while !bytes.is_empty() {
        match unistd::write(fd, bytes) {
            Ok(taken) => bytes = &bytes[taken..],
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}
