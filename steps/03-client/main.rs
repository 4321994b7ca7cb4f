//! Step 03: the other end.
//!
//! A small netcat: what is typed goes to the server, what the server sends is
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
use nix::poll::{self, PollFd, PollFlags, PollTimeout};
use nix::sys::socket::{
    self, AddressFamily, Shutdown, SockFlag, SockType, SockaddrStorage,
};
use nix::unistd;
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
const ERROR_GRACE: Duration = Duration::from_millis(100);

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let target = cli::only_argument(HELP)?
        .unwrap_or_else(|| cli::DEFAULT_ADDRESS.to_string());

    let addresses = resolve(&target)?;
    let connection = connect(&target, &addresses)?;
    let peer = peer_address(&connection)
        .map_err(|errno| Failure::new("lost the server at once", errno))?;
    cli::log(format_args!("connected to {peer}"));
    relay(connection)
}

/// Every address that `target` stands for, in the order to try them.
fn resolve(target: &str) -> Result<Vec<SocketAddr>, Failure> {
    let shown = target.escape_debug();
    let Some((host, port)) = target.rsplit_once(':') else {
        return Err(Failure::usage(format_args!(
            "'{shown}' has no port: write HOST:PORT"
        )));
    };
    let Ok(port) = port.parse::<u16>() else {
        return Err(Failure::usage(format_args!(
            "'{shown}' has a port that is not a number up to 65535"
        )));
    };
    // The brackets only keep the colons of an IPv6 address apart.
    let bare = host.strip_prefix('[').and_then(|ip| ip.strip_suffix(']'));
    // The C library's getaddrinfo(3): /etc/hosts, then name servers.
    match (bare.unwrap_or(host), port).to_socket_addrs() {
        Ok(addresses) => Ok(addresses.collect()),
        Err(error) => {
            Err(Failure::new(format_args!("cannot find '{shown}'"), error))
        }
    }
}

/// A connection to the first address that accepts one.
fn connect(target: &str, addresses: &[SocketAddr]) -> Result<OwnedFd, Failure> {
    let mut last = Errno::EADDRNOTAVAIL;
    for address in addresses {
        match connect_to(*address) {
            Ok(connection) if is_own_end(&connection) => {
                cli::log(format_args!("{address}: connected to itself"));
                last = Errno::ECONNREFUSED;
            }
            Ok(connection) => return Ok(connection),
            Err(errno) => {
                cli::log(format_args!("{address}: {}", cli::strerror(errno)));
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

/// Whether both ends of the connection are this socket. If nothing listens on
/// a port, the kernel may choose that very port for our own end, and then
/// the two handshakes of one socket meet.
fn is_own_end(connection: &OwnedFd) -> bool {
    let own = socket::getsockname::<SockaddrStorage>(connection.as_raw_fd());
    own.is_ok() && own == socket::getpeername(connection.as_raw_fd())
}

/// The address at the other end.
fn peer_address(connection: &OwnedFd) -> nix::Result<SocketAddr> {
    // Ask who is there. It fails if the connection has ended meanwhile.
    let storage: SockaddrStorage = socket::getpeername(connection.as_raw_fd())?;
    address::from_sockaddr(&storage)
}

/// Copies both ways at once, until the server has no more to say.
fn relay(connection: OwnedFd) -> Result<(), Failure> {
    let connection = Arc::new(connection);
    let sending = Arc::clone(&connection);
    let (report, outcome) = mpsc::channel();
    thread::Builder::new()
        .spawn(move || report.send(send_input(&sending)))
        .map_err(|error| Failure::new("cannot start a thread", error))?;

    copy(&connection, io::stdout())
        .map_err(|errno| Failure::new("cannot pass the output on", errno))?;
    // A sender still at its keyboard is not waited for: the program's end
    // ends it. But if the connection was reset, the kernel has told only one
    // of us, and this may have looked like the end of the stream.
    outcome.recv_timeout(ERROR_GRACE).unwrap_or(Ok(()))
}

/// Passes standard input on, and then its end.
fn send_input(connection: &OwnedFd) -> Result<(), Failure> {
    let sent = copy(io::stdin(), connection);
    // Ask to close our direction only: the server reads the end of the
    // stream, and can still respond. Without it both would wait for ever,
    // so it is done after a failure too.
    let ended = match socket::shutdown(connection.as_raw_fd(), Shutdown::Write)
    {
        // The connection has ended: there is no one left to be told.
        Err(Errno::ENOTCONN) => Ok(()),
        result => result,
    };
    sent.and(ended)
        .map_err(|errno| Failure::new("cannot pass the input on", errno))
}

/// One direction: what `source` gives goes to `sink`, until the end.
fn copy(source: impl AsFd, sink: impl AsFd) -> nix::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        let count = when_ready(&source, PollFlags::POLLIN, || {
            stream::read(&source, &mut buffer)
        })?;
        let mut rest = &buffer[..count];
        if rest.is_empty() {
            return Ok(());
        }
        while !rest.is_empty() {
            let taken = when_ready(&sink, PollFlags::POLLOUT, || {
                unistd::write(&sink, rest)
            })?;
            rest = &rest[taken..];
        }
    }
}

/// Repeats `call` until it has succeeded or failed. A descriptor that we
/// were given may be non-blocking: a terminal that another program has set
/// so, for instance. Its calls do not wait, so we do.
fn when_ready<T>(
    fd: impl AsFd,
    readiness: PollFlags,
    mut call: impl FnMut() -> nix::Result<T>,
) -> nix::Result<T> {
    loop {
        match call() {
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => {
                let mut fds = [PollFd::new(fd.as_fd(), readiness)];
                // Ask to be woken when the call would do something. It
                // fails if a signal wakes us first.
                match poll::poll(&mut fds, PollTimeout::NONE) {
                    Ok(_) | Err(Errno::EINTR) => {}
                    Err(errno) => return Err(errno),
                }
            }
            result => return result,
        }
    }
}
