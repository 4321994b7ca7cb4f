//! Step 02: an echo.
//!
//! The calls of step 01 through `nix`: a descriptor is an `OwnedFd`, which
//! closes itself, and a failure is an `Errno`. New are reading, writing all
//! of it, and coming back at once on the same port.

use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{
    self, AddressFamily, Backlog, SockFlag, SockType, SockaddrStorage, sockopt,
};
use nix::unistd;
use shared::cli::{self, Failure};
use shared::net::address;

const HELP: &str = "\
Step 02: sends back what it receives, one client after the other.

Usage: step02 [ADDRESS]

  ADDRESS   IP:PORT, [IPv6]:PORT or a port of 127.0.0.1 (default
            127.0.0.1:8080); port 0 takes a free one
  -h, --help
";

/// How many finished handshakes may wait for `accept`. The kernel lowers it
/// to net.core.somaxconn (4096) silently.
const BACKLOG: i32 = 1024;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let address = cli::server_address(HELP)?;

    let listener =
        listen(address).map_err(|errno| Failure::listening(address, errno))?;
    let address = local_address(&listener)
        .map_err(|errno| Failure::new("cannot read own address", errno))?;
    cli::announce(
        "tcp",
        address,
        ["nc {host} {port}", "cargo run --bin step03 {address}"],
    );

    loop {
        let connection = accept(&listener)
            .map_err(|errno| Failure::new("cannot accept", errno))?;
        // What goes wrong with one client is no reason to end.
        match echo(&connection) {
            Ok(count) => cli::log(format_args!("{count} bytes echoed")),
            Err(errno) => {
                cli::log(format_args!("client lost: {}", cli::strerror(errno)))
            }
        }
    }
}

/// A socket that waits for connections to `address`.
fn listen(address: SocketAddr) -> nix::Result<OwnedFd> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::Inet,
        SocketAddr::V6(_) => AddressFamily::Inet6,
    };
    let kind = SockType::Stream;
    let socket = socket::socket(family, kind, SockFlag::SOCK_CLOEXEC, None)?;

    // Ask to share the port with connections that are on their way out
    // (TIME_WAIT). It fails only for a wrong descriptor.
    socket::setsockopt(&socket, sockopt::ReuseAddr, &true)?;
    socket::bind(socket.as_raw_fd(), &SockaddrStorage::from(address))?;
    socket::listen(&socket, Backlog::new(BACKLOG)?)?;
    Ok(socket)
}

/// The address the socket really has: for port 0 the kernel chose the port.
fn local_address(socket: &OwnedFd) -> nix::Result<SocketAddr> {
    let storage: SockaddrStorage = socket::getsockname(socket.as_raw_fd())?;
    address::from_sockaddr(&storage)
}

/// Waits for a client and returns a second descriptor: the connection.
fn accept(listener: &OwnedFd) -> nix::Result<OwnedFd> {
    loop {
        let flags = SockFlag::SOCK_CLOEXEC;
        match socket::accept4(listener.as_raw_fd(), flags) {
            // SAFETY: the kernel has just made this descriptor for us: its
            // number is known nowhere else.
            Ok(raw) => return Ok(unsafe { OwnedFd::from_raw_fd(raw) }),
            // The client gave up, or a signal woke us: ask again.
            Err(Errno::ECONNABORTED | Errno::EINTR) => {}
            // No descriptor is left. The client stays in the queue, so
            // asking again at once would fail again at once.
            Err(Errno::EMFILE | Errno::ENFILE) => {
                thread::sleep(Duration::from_millis(100));
            }
            Err(errno) => return Err(errno),
        }
    }
}

/// Sends every byte back until the client has no more. Returns their number.
fn echo(connection: &OwnedFd) -> nix::Result<u64> {
    let mut buffer = [0; 16 * 1024];
    let mut total = 0;
    loop {
        let count = read(connection, &mut buffer)?;
        if count == 0 {
            return Ok(total);
        }
        write_all(connection, &buffer[..count])?;
        total += count as u64;
    }
}

/// Reads what there is, at most a buffer full; 0 is the end of the stream.
fn read(fd: impl AsFd, buffer: &mut [u8]) -> nix::Result<usize> {
    loop {
        // Ask for bytes that have arrived; sleep until there are some.
        match unistd::read(&fd, buffer) {
            Err(Errno::EINTR) => {}
            result => return result,
        }
    }
}

/// Writes all of `bytes`, in as many write(2) calls as the kernel wants.
fn write_all(fd: impl AsFd, mut bytes: &[u8]) -> nix::Result<()> {
    while !bytes.is_empty() {
        match unistd::write(&fd, bytes) {
            // Zero bytes of a non-empty slice: no socket does this, and a
            // loop that went on would never end.
            Ok(0) => return Err(Errno::EIO),
            Ok(taken) => bytes = &bytes[taken..],
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}
