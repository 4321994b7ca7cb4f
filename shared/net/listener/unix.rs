//! Enters in step 21: a listening socket in the file system, for clients on
//! this machine: unix(7).

use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use nix::errno::Errno;
use nix::sys::socket::{
    self, AddressFamily, Backlog, SockFlag, SockType, SockaddrStorage,
    UnixAddr, sockopt,
};
use nix::sys::stat::{Mode, umask};
use nix::unistd;

use super::{BACKLOG, Listener};
use crate::net::address;

impl Listener {
    /// A listening socket that somebody else has made, for so many loops.
    /// Enters in step 22.
    ///
    /// # Errors
    /// `EINVAL` if it is none, or one of another kind; those of fcntl(2).
    pub fn inherit(socket: OwnedFd, count: usize) -> nix::Result<Vec<Self>> {
        let is_stream =
            socket::getsockopt(&socket, sockopt::SockType)? == SockType::Stream;
        if !is_stream || !socket::getsockopt(&socket, sockopt::AcceptConn)? {
            return Err(Errno::EINVAL);
        }
        let name: SockaddrStorage = socket::getsockname(socket.as_raw_fd())?;
        let address = address::from_sockaddr(&name).unwrap_or(address::UNIX);
        let listener = Listener { socket, address, is_shared: true };
        listener.set_nonblocking()?;
        listener.share(count)
    }

    /// Listens at this path, which the owner and the group of the socket may
    /// use. A socket that a server has left there is removed first. While it
    /// runs the process may not have other threads that make files.
    ///
    /// # Errors
    /// Those of socket(2), bind(2) and listen(2): `EADDRINUSE` if something
    /// else is there, or a server that answers.
    fn open_unix(path: &Path) -> nix::Result<Self> {
        let place = UnixAddr::new(path)?;
        let socket = stream_socket()?;
        // Whoever may write to a socket's file may connect to it. Taken away
        // afterwards, that right would be there for a moment.
        let before = umask(Mode::from_bits_truncate(0o117));
        let mut bound = socket::bind(socket.as_raw_fd(), &place);
        if bound == Err(Errno::EADDRINUSE) && is_left_over(path, &place) {
            bound = unistd::unlink(path)
                .and_then(|()| socket::bind(socket.as_raw_fd(), &place));
        }
        umask(before);
        bound?;
        socket::listen(&socket, Backlog::new(BACKLOG)?)?;
        Ok(Listener { socket, address: address::UNIX, is_shared: true })
    }

    /// The same for so many loops: one socket with as many descriptors.
    ///
    /// # Errors
    /// Those of socket(2), bind(2), listen(2) and fcntl(2): `EADDRINUSE` if
    /// something else is there, or a server that answers.
    pub fn open_unix_group(
        path: &Path,
        count: usize,
    ) -> nix::Result<Vec<Self>> {
        Listener::open_unix(path)?.share(count)
    }

    fn share(self, count: usize) -> nix::Result<Vec<Self>> {
        let mut group = vec![self];
        while group.len() < count {
            let socket = group[0].socket.try_clone().map_err(|error| {
                error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
            })?;
            group.push(Listener { socket, ..group[0] });
        }
        Ok(group)
    }
}

fn stream_socket() -> nix::Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    socket::socket(AddressFamily::Unix, SockType::Stream, flags, None)
}

/// Whether there is a socket that nobody listens at any more: connecting is
/// refused. Any other answer, and anything else than a socket, is left alone.
fn is_left_over(path: &Path, place: &UnixAddr) -> bool {
    let is_socket = |it: fs::Metadata| it.file_type().is_socket();
    let answer = || {
        let socket = stream_socket().ok()?;
        socket::connect(socket.as_raw_fd(), place).err()
    };
    fs::symlink_metadata(path).is_ok_and(is_socket)
        && answer() == Some(Errno::ECONNREFUSED)
}
