//! Enters in step 04: a listening socket.
//!
//! Step 02's `listen`, `local_address` and `accept` as one type. Steps that
//! must not wait (13 and later) use `try_accept` instead of `accept`.

use std::mem;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc;
use nix::sys::socket::{
    self, AddressFamily, Backlog, SockFlag, SockType, SockaddrLike,
    SockaddrStorage, sockopt,
};

use super::address;

/// Enters in step 21.
mod unix;

/// How many finished handshakes may wait for `accept`. The kernel lowers it
/// to net.core.somaxconn (4096) silently.
const BACKLOG: i32 = 1024;

/// How long to wait for descriptors or memory.
const PAUSE: Duration = Duration::from_millis(100);

/// A TCP socket that accepts connections.
#[derive(Debug)]
pub struct Listener {
    socket: OwnedFd,
    address: SocketAddr,
    /// Others accept from the same socket. Enters in step 21.
    is_shared: bool,
}

impl Listener {
    /// Listens on `address`; port 0 takes a free one. Another server may
    /// have ended on it a moment ago (`SO_REUSEADDR`), but none may be
    /// running there.
    ///
    /// # Errors
    /// Those of socket(2), bind(2) and listen(2): above all `EADDRINUSE`,
    /// `EADDRNOTAVAIL`, and `EACCES` for a port below 1024.
    pub fn open(address: SocketAddr) -> nix::Result<Self> {
        Listener::listen(tcp_socket(address)?, address)
    }

    fn listen(socket: OwnedFd, address: SocketAddr) -> nix::Result<Self> {
        let wanted = SockaddrStorage::from(address);
        socket::bind(socket.as_raw_fd(), &wanted)?;
        socket::listen(&socket, Backlog::new(BACKLOG)?)?;
        let real: SockaddrStorage = socket::getsockname(socket.as_raw_fd())?;
        // Enters in step 21.
        let is_shared = false;
        let address = address::from_sockaddr(&real)?;
        Ok(Listener { socket, address, is_shared })
    }

    /// The same, and `try_accept` does not wait. The connections do not hold
    /// back small segments (Nagle): they take that over from the listener.
    /// Enters in step 14.
    ///
    /// # Errors
    /// Those of [`Listener::open`], fcntl(2) and setsockopt(2).
    pub fn open_nonblocking(address: SocketAddr) -> nix::Result<Self> {
        Listener::open(address)?.nonblocking()
    }

    fn nonblocking(self) -> nix::Result<Self> {
        self.set_nonblocking()?;
        socket::setsockopt(&self, sockopt::TcpNoDelay, &true)?;
        Ok(self)
    }

    fn set_nonblocking(&self) -> nix::Result<()> {
        let flags = fcntl(self, FcntlArg::F_GETFL)?;
        let flags = OFlag::from_bits_retain(flags) | OFlag::O_NONBLOCK;
        fcntl(self, FcntlArg::F_SETFL(flags)).map(drop)
    }

    /// So many of them on one port: the kernel gives each client to one of
    /// them. Enters in step 18.
    ///
    /// # Errors
    /// Those of [`Listener::open_nonblocking`].
    pub fn open_group(
        address: SocketAddr,
        count: usize,
    ) -> nix::Result<Vec<Self>> {
        // The first is to have the port alone. If it shared it at once, and
        // another server did so too, each would get some of the clients, and
        // nobody would be told.
        let first = Listener::open_nonblocking(address)?;
        let address = first.address;
        // Ask for others to be let onto the port: sockets of the same user
        // that ask for it too.
        socket::setsockopt(&first, sockopt::ReusePort, &true)?;
        let mut group = vec![first];
        while group.len() < count {
            let socket = tcp_socket(address)?;
            socket::setsockopt(&socket, sockopt::ReusePort, &true)?;
            group.push(Listener::listen(socket, address)?.nonblocking()?);
        }
        Ok(group)
    }

    /// Whether other loops accept from the same socket. Enters in step 21.
    pub fn is_shared(&self) -> bool {
        self.is_shared
    }

    /// The address that clients connect to, with the port that the kernel
    /// chose.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for a client: the connection, and the peer's address. Temporary
    /// failures are waited out here: a client that gave up, a network that
    /// is down, a machine that is out of descriptors or memory.
    ///
    /// # Errors
    /// Those of accept4(2) that are not temporary, such as `EBADF`.
    pub fn accept(&self) -> nix::Result<(OwnedFd, SocketAddr)> {
        loop {
            match self.accept_once(0) {
                Err(errno) if is_transient(errno) => {}
                // The client stays in the queue, so asking again at once
                // would fail again at once, for ever.
                Err(errno) if is_exhausted(errno) => thread::sleep(PAUSE),
                result => return result,
            }
        }
    }

    /// Takes a client that waits already, if there is one and the listener
    /// is non-blocking; its connection is non-blocking too. Enters in step
    /// 13.
    ///
    /// # Errors
    /// Those of accept4(2), also the temporary ones: `EAGAIN` if no client
    /// waits.
    pub fn try_accept(&self) -> nix::Result<(OwnedFd, SocketAddr)> {
        self.accept_once(libc::SOCK_NONBLOCK)
    }

    fn accept_once(&self, flags: i32) -> nix::Result<(OwnedFd, SocketAddr)> {
        // SAFETY: every field of a sockaddr_storage may be zero.
        let mut peer: libc::sockaddr_storage = unsafe { mem::zeroed() };
        let mut length = SockaddrStorage::size();
        let address = (&raw mut peer).cast::<libc::sockaddr>();
        // nix's accept4 does not return the peer's address, hence libc's.
        // SAFETY: both pointers are to live variables, and `length` says
        // how many bytes the kernel may write.
        let result = unsafe {
            libc::accept4(
                self.socket.as_raw_fd(),
                address,
                &raw mut length,
                libc::SOCK_CLOEXEC | flags,
            )
        };
        let descriptor = Errno::result(result)?;
        // SAFETY: the kernel has just made this descriptor for us: its
        // number is known nowhere else.
        let connection = unsafe { OwnedFd::from_raw_fd(descriptor) };
        // SAFETY: the kernel wrote `length` bytes of an address there.
        let peer = unsafe { SockaddrStorage::from_raw(address, Some(length)) }
            .ok_or(Errno::EAFNOSUPPORT)?;
        // Enters in step 21.
        if self.address == address::UNIX {
            return Ok((connection, address::UNIX));
        }
        Ok((connection, address::from_sockaddr(&peer)?))
    }
}

/// A socket on which `address` can be listened on, though connections of
/// another server that had it may still be ending.
fn tcp_socket(address: SocketAddr) -> nix::Result<OwnedFd> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::Inet,
        SocketAddr::V6(_) => AddressFamily::Inet6,
    };
    let kind = SockType::Stream;
    let socket = socket::socket(family, kind, SockFlag::SOCK_CLOEXEC, None)?;
    socket::setsockopt(&socket, sockopt::ReuseAddr, &true)?;
    Ok(socket)
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The listener is well; one client, or the network on the way, was not.
/// accept(2) lists these under "Error handling".
pub fn is_transient(errno: Errno) -> bool {
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

/// No descriptor or no memory is left, for the moment.
pub fn is_exhausted(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::EMFILE | Errno::ENFILE | Errno::ENOBUFS | Errno::ENOMEM
    )
}
