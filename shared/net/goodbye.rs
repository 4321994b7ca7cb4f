//! Enters in step 05: a close that does not destroy the answer.
//!
//! Step 04's `say_goodbye`, on a [`Deadline`].

use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{self, Shutdown};

use super::deadline::Deadline;

/// Ends our direction, and reads what the peer still sends, for `patience`
/// at most. If we closed while bytes lie unread, the kernel would send a
/// reset, and the peer's kernel would throw away the answer on receiving it.
/// The close itself is left to the descriptor's owner.
///
/// # Errors
/// Those of shutdown(2) and read(2), but not that the peer is gone, or still
/// here after all that time: the answer had its chance.
pub fn say_goodbye(
    connection: impl AsFd,
    patience: Duration,
) -> nix::Result<()> {
    let descriptor = connection.as_fd().as_raw_fd();
    match socket::shutdown(descriptor, Shutdown::Write) {
        Err(Errno::ENOTCONN) => return Ok(()),
        answer => answer?,
    }
    let deadline = Deadline::after(patience);
    let mut unread = [0; 4096];
    loop {
        match deadline.read(&connection, &mut unread) {
            Ok(0) | Err(Errno::ETIMEDOUT | Errno::ECONNRESET) => return Ok(()),
            Ok(_) => {}
            Err(errno) => return Err(errno),
        }
    }
}
