//! Enters in step 18: something that happens once, for all who wait for it.

use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::eventfd::{EfdFlags, EventFd};

/// A descriptor that is ready for reading from the moment when it is set. It
/// is never read, so that everybody sees it: a list that it is in must ask for
/// edges (`EPOLLET`), or it would be told of it again and again.
#[derive(Debug)]
pub struct Latch(EventFd);

impl Latch {
    /// One that is not set.
    ///
    /// # Errors
    /// Those of eventfd2(2).
    pub fn new() -> nix::Result<Self> {
        // Ask for a number that can be waited for, like a socket.
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        EventFd::from_value_and_flags(0, flags).map(Latch)
    }

    /// Sets it, for ever.
    ///
    /// # Errors
    /// Those of write(2); none is known for the first time.
    pub fn set(&self) -> nix::Result<()> {
        self.0.write(1).map(drop)
    }
}

impl AsFd for Latch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
