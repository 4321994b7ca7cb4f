//! Enters in step 04: a listening socket that outlives its visitors.
//!
//! Step 02's `listen`, `local_address` and `accept` as one type. It waits:
//! the steps that must not wait (13 and later) do not use `accept`.

use std::mem;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{
    self, AddressFamily, Backlog, SockFlag, SockType, SockaddrLike,
    SockaddrStorage, sockopt,
};

use super::address;

/// How many finished handshakes may wait for `accept`. The kernel lowers it
/// to net.core.somaxconn (4096) without a word.
const BACKLOG: i32 = 1024;

/// How long to leave a machine alone that has run out of something.
const PAUSE: Duration = Duration::from_millis(100);

/// A TCP socket that accepts connections.
#[derive(Debug)]
pub struct Listener {
    socket: OwnedFd,
    address: SocketAddr,
}

impl Listener {
    /// Listens on `address`; port 0 takes a free one. The port may have been
    /// a server's that has just ended (`SO_REUSEADDR`), but not one's that
    /// is running.
    ///
    /// # Errors
    /// Those of socket(2), bind(2) and listen(2): above all `EADDRINUSE`,
    /// `EADDRNOTAVAIL`, and `EACCES` for a port below 1024.
    pub fn open(address: SocketAddr) -> nix::Result<Self> {
        let family = match address {
            SocketAddr::V4(_) => AddressFamily::Inet,
            SocketAddr::V6(_) => AddressFamily::Inet6,
        };
        let kind = SockType::Stream;
        let socket =
            socket::socket(family, kind, SockFlag::SOCK_CLOEXEC, None)?;
        socket::setsockopt(&socket, sockopt::ReuseAddr, &true)?;
        let wanted = SockaddrStorage::from(address);
        socket::bind(socket.as_raw_fd(), &wanted)?;
        socket::listen(&socket, Backlog::new(BACKLOG)?)?;
        let real: SockaddrStorage = socket::getsockname(socket.as_raw_fd())?;
        Ok(Listener { socket, address: address::from_kernel(&real)? })
    }

    /// The address that visitors call, with the port that the kernel chose.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for a visitor: the connection, and the address that it comes
    /// from. Failures that will pass are waited out here: a visitor who gave
    /// up, a network that is down, a machine short of descriptors or memory.
    ///
    /// # Errors
    /// Those of accept4(2) that will not pass, such as `EBADF`.
    pub fn accept(&self) -> nix::Result<(OwnedFd, SocketAddr)> {
        loop {
            match self.accept_once() {
                Err(errno) if is_passing(errno) => {}
                // The visitor stays in the queue, so asking again at once
                // would fail again at once, for ever.
                Err(errno) if is_shortage(errno) => thread::sleep(PAUSE),
                answer => return answer,
            }
        }
    }

    fn accept_once(&self) -> nix::Result<(OwnedFd, SocketAddr)> {
        // SAFETY: every field of a sockaddr_storage may be zero.
        let mut peer: libc::sockaddr_storage = unsafe { mem::zeroed() };
        let mut length = SockaddrStorage::size();
        let address = (&raw mut peer).cast::<libc::sockaddr>();
        // nix's accept4 does not tell who called, hence libc's.
        // SAFETY: both pointers are to live variables, and `length` says
        // how many bytes the kernel may write.
        let answer = unsafe {
            libc::accept4(
                self.socket.as_raw_fd(),
                address,
                &raw mut length,
                libc::SOCK_CLOEXEC,
            )
        };
        let descriptor = Errno::result(answer)?;
        // SAFETY: the kernel has just made this descriptor for us; nobody
        // else knows its number.
        let connection = unsafe { OwnedFd::from_raw_fd(descriptor) };
        // SAFETY: the kernel wrote `length` bytes of an address there.
        let peer = unsafe { SockaddrStorage::from_raw(address, Some(length)) }
            .ok_or(Errno::EAFNOSUPPORT)?;
        Ok((connection, address::from_kernel(&peer)?))
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The listener is well; this one visitor, or the network on the way, was
/// not. accept(2) lists these under "Error handling".
fn is_passing(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::EINTR
            | Errno::ECONNABORTED
            | Errno::EPROTO
            | Errno::ENOPROTOOPT
            | Errno::ENETDOWN
            | Errno::ENETUNREACH
            | Errno::EHOSTDOWN
            | Errno::EHOSTUNREACH
            | Errno::ENONET
            | Errno::EOPNOTSUPP
            | Errno::EPERM
    )
}

/// No descriptor or no memory is left: it may be again in a moment.
fn is_shortage(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::EMFILE | Errno::ENFILE | Errno::ENOBUFS | Errno::ENOMEM
    )
}
