//! Enters in step 05: a close that does not destroy the response.
//!
//! Step 04's `linger`, on a [`Deadline`].

use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{self, Shutdown};

use super::deadline::Deadline;

/// Closes our direction, and reads what the peer still sends, for `timeout`
/// at most. If we closed while bytes are unread, the kernel would send a
/// reset, and the peer's kernel may discard the response on receiving it.
/// The close itself is left to the descriptor's owner.
///
/// # Errors
/// Those of shutdown(2) and read(2), but not a reset or a time-out: the
/// response had its chance.
pub fn linger(connection: impl AsFd, timeout: Duration) -> nix::Result<()> {
    let descriptor = connection.as_fd().as_raw_fd();
    match socket::shutdown(descriptor, Shutdown::Write) {
        Err(Errno::ENOTCONN) => return Ok(()),
        result => result?,
    }
    let deadline = Deadline::after(timeout);
    let mut unread = [0; 4096];
    loop {
        match deadline.read(&connection, &mut unread) {
            Ok(0) | Err(Errno::ETIMEDOUT | Errno::ECONNRESET) => return Ok(()),
            Ok(_) => {}
            Err(errno) => return Err(errno),
        }
    }
}
