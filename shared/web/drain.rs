//! Enters in step 12: an end that loses nothing.
//!
//! A server that drains finishes the responses that it owes, and each
//! connection ends with the last of them. A thread that owes nothing waits in
//! read(2) for a request, and is woken. The drain is the whole process's, as
//! the signals are that begin it.
//!
//! A thread is not woken too early, or overlooked: before it waits, it looks
//! whether the drain is on, and registers, under one lock. If it comes first,
//! [`start`] finds it; if [`start`] comes first, the thread knows. And what
//! wakes it is no event, which it could miss between the lock and the read,
//! but a state of the socket.

use std::collections::BTreeSet;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

use nix::errno::Errno;
use nix::sys::socket::{self, MsgFlags, Shutdown};

struct Drain {
    is_on: bool,
    /// The sockets whose threads wait for a request.
    idle: BTreeSet<RawFd>,
}

static DRAIN: Mutex<Drain> =
    Mutex::new(Drain { is_on: false, idle: BTreeSet::new() });

/// Begins the drain: no connection waits for a further request any more.
pub fn start() {
    let mut drain = lock();
    drain.is_on = true;
    drain.idle.iter().for_each(|socket| wake(*socket));
}

/// Whether the drain has begun.
pub fn is_on() -> bool {
    lock().is_on
}

/// A socket from which a request is read, if one comes. It is no longer
/// registered when this is dropped, and cannot be closed before.
#[derive(Debug)]
#[must_use = "it is registered until it is dropped"]
pub struct Idle<'s>(&'s OwnedFd);

/// Registers a socket before a read that waits for a request. In the drain
/// that read returns at once: with the end of the stream, or with what has
/// arrived.
pub fn idle(socket: &OwnedFd) -> Idle<'_> {
    let mut drain = lock();
    drain.idle.insert(socket.as_raw_fd());
    if drain.is_on {
        wake(socket.as_raw_fd());
    }
    Idle(socket)
}

impl Drop for Idle<'_> {
    fn drop(&mut self) {
        lock().idle.remove(&self.0.as_raw_fd());
    }
}

/// Ends the wait for a request, unless one has begun to arrive: its rest
/// could not be waited for. One that begins in this very moment may be lost,
/// and its client hears nothing: as whenever a client sends while the server
/// closes. RFC 9112 section 9.5.
fn wake(socket: RawFd) {
    // Look at the next byte and leave it there, without waiting for it.
    let flags = MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT;
    if socket::recv(socket, &mut [0], flags) == Err(Errno::EAGAIN) {
        // From now on read returns what is there, or 0: also a read that
        // waits already. A client that has gone makes it fail, and read too.
        let _ = socket::shutdown(socket, Shutdown::Read);
    }
}

/// It is taken over if a thread has panicked: a flag and a set of numbers are
/// never half changed.
fn lock() -> MutexGuard<'static, Drain> {
    DRAIN.lock().unwrap_or_else(PoisonError::into_inner)
}
