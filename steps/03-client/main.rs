//! Step 03: the other end.
//!
//! A small netcat: what is typed goes to the server, what the server says is
//! printed, both at the same time. New are names, connecting, a thread for
//! the second direction, and closing one direction only.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{
    self, AddressFamily, Shutdown, SockFlag, SockType, SockaddrStorage,
};
use shared::cli::{self, Failure};
use shared::net::{address, stream};

const HELP: &str = "\
Step 03: connects standard input and output with a server.

Usage: step03 [HOST:PORT]

  HOST:PORT   a name or an address, such as localhost:8080 or [::1]:8080
              (default 127.0.0.1:8080)
  -h, --help

The end of the input (Ctrl-D) is passed on. The program ends when the
server has no more to say.
";

/// How long a sender that is about to report a failure may take to do so.
const LAST_WORD: Duration = Duration::from_millis(100);

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let target = cli::only_argument(HELP)?
        .unwrap_or_else(|| cli::DEFAULT_ADDRESS.to_string());
    cli::end_on_interrupt()?;

    let addresses = resolve(&target)?;
    let connection = connect(&target, &addresses)?;
    let peer = peer_address(&connection)
        .map_err(|errno| Failure::new("lost the server at once", errno))?;
    cli::note(format_args!("connected to {peer}"));
    talk(connection)
}

/// Every address that `target` stands for, in the order to try them.
fn resolve(target: &str) -> Result<Vec<SocketAddr>, Failure> {
    let port = target.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
    if !matches!(port, Some(Ok(_))) {
        return Err(Failure::usage(format_args!(
            "'{}' has no port: write HOST:PORT",
            target.escape_debug()
        )));
    }
    // The C library's getaddrinfo(3): /etc/hosts, then name servers.
    match target.to_socket_addrs() {
        Ok(addresses) => Ok(addresses.collect()),
        Err(error) => Err(Failure::new(
            format_args!("cannot find '{}'", target.escape_debug()),
            error,
        )),
    }
}

/// A connection to the first address that answers.
fn connect(target: &str, addresses: &[SocketAddr]) -> Result<OwnedFd, Failure> {
    let mut last = Errno::EADDRNOTAVAIL;
    for address in addresses {
        match connect_to(*address) {
            Ok(connection) => return Ok(connection),
            Err(errno) => {
                cli::note(format_args!("{address}: {}", cli::reason(errno)));
                last = errno;
            }
        }
    }
    Err(Failure::new(format_args!("cannot connect to {target}"), last))
}

fn connect_to(address: SocketAddr) -> nix::Result<OwnedFd> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::Inet,
        SocketAddr::V6(_) => AddressFamily::Inet6,
    };
    let kind = SockType::Stream;
    let flags = SockFlag::SOCK_CLOEXEC;
    loop {
        // A fresh socket for each attempt: one that has failed is spent.
        let socket = socket::socket(family, kind, flags, None)?;
        let peer = SockaddrStorage::from(address);
        // Ask for a handshake; sleep until it is done, or refused.
        match socket::connect(socket.as_raw_fd(), &peer) {
            Ok(()) => return Ok(socket),
            // A signal woke us; the handshake goes on without us, and to
            // ask again for it is an error. Dropping the socket ends it.
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// The address at the other end.
fn peer_address(connection: &OwnedFd) -> nix::Result<SocketAddr> {
    // Ask who is there. It fails if the connection has ended meanwhile.
    let storage: SockaddrStorage = socket::getpeername(connection.as_raw_fd())?;
    address::from_kernel(&storage)
}

/// Copies both ways at once, until the server has no more to say.
fn talk(connection: OwnedFd) -> Result<(), Failure> {
    let connection = Arc::new(connection);
    let sending = Arc::clone(&connection);
    let (report, outcome) = mpsc::channel();
    thread::Builder::new()
        .spawn(move || report.send(send_input(&sending)))
        .map_err(|error| Failure::new("cannot start a thread", error))?;

    copy(&connection, io::stdout())
        .map_err(|errno| Failure::new("cannot pass the answer on", errno))?;
    // A sender still at its keyboard is not waited for: the program's end
    // ends it. But if the connection was reset, the kernel has told only one
    // of us, and this may have looked like the end of the stream.
    outcome.recv_timeout(LAST_WORD).unwrap_or(Ok(()))
}

/// Passes standard input on, and then its end.
fn send_input(connection: &OwnedFd) -> Result<(), Failure> {
    let sent = copy(io::stdin(), connection);
    // Ask to close our direction only: the server reads the end of the
    // stream, and can still answer. Without it both would wait for ever,
    // so it is done after a failure too.
    let ended = match socket::shutdown(connection.as_raw_fd(), Shutdown::Write)
    {
        // The connection has ended: nobody is left to be told.
        Err(Errno::ENOTCONN) => Ok(()),
        answer => answer,
    };
    sent.and(ended)
        .map_err(|errno| Failure::new("cannot pass the input on", errno))
}

/// One direction: what `source` gives goes to `sink`, until the end.
fn copy(source: impl AsFd, sink: impl AsFd) -> nix::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        let count = stream::read(&source, &mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        stream::write_all(&sink, &buffer[..count])?;
    }
}
