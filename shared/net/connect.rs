//! Enters in step 23: connecting without waiting.
//!
//! A handshake takes as long as the network takes, and a minute or two if
//! nobody answers at all. The kernel does it alone; the socket is ready for
//! writing when it has ended, well or not.

use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{
    self, AddressFamily, SockFlag, SockType, SockaddrStorage, sockopt,
};

/// Begins a connection to `address`. The socket is non-blocking, and does not
/// hold back small segments.
///
/// # Errors
/// Those of socket(2), setsockopt(2) and connect(2), such as `ENETUNREACH`.
pub fn start(address: SocketAddr) -> nix::Result<OwnedFd> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::Inet,
        SocketAddr::V6(_) => AddressFamily::Inet6,
    };
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket::socket(family, SockType::Stream, flags, None)?;
    socket::setsockopt(&socket, sockopt::TcpNoDelay, &true)?;
    // Ask for a handshake, and do not sleep until it is done.
    let peer = SockaddrStorage::from(address);
    match socket::connect(socket.as_raw_fd(), &peer) {
        // It goes on without us; on this machine it may be over already.
        Ok(()) | Err(Errno::EINPROGRESS | Errno::EINTR) => Ok(socket),
        Err(errno) => Err(errno),
    }
}

/// How the handshake has ended, when the socket is ready for writing.
///
/// # Errors
/// Those of connect(2): above all `ECONNREFUSED` and `ETIMEDOUT`. Also if both
/// ends are this socket: if nobody listens on a port, the kernel may have
/// chosen that very port for our own end.
pub fn finish(socket: &OwnedFd) -> nix::Result<()> {
    // Ask for the error that there was: connect(2) has returned long ago.
    match socket::getsockopt(socket, sockopt::SocketError)? {
        0 => {}
        number => return Err(Errno::from_raw(number)),
    }
    let descriptor = socket.as_raw_fd();
    let own: SockaddrStorage = socket::getsockname(descriptor)?;
    match own == socket::getpeername::<SockaddrStorage>(descriptor)? {
        true => Err(Errno::ECONNREFUSED),
        false => Ok(()),
    }
}
