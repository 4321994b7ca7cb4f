//! Enters in step 03: reading and writing that a signal does not disturb,
//! and writing that does not stop half-way.
//!
//! Step 02 wrote both by hand. They work on any descriptor: a socket, a
//! pipe, a file, a terminal. They know nothing of time limits.

use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::unistd;

/// Reads what there is, at most `buffer.len()` bytes, and waits if there is
/// nothing yet. Returns the number of bytes; 0 is the end of the stream,
/// unless the buffer is empty.
///
/// # Errors
/// Those of read(2), except `EINTR`, after which the call is repeated.
pub fn read(fd: impl AsFd, buffer: &mut [u8]) -> nix::Result<usize> {
    loop {
        match unistd::read(&fd, buffer) {
            Err(Errno::EINTR) => {}
            result => return result,
        }
    }
}

/// Writes all of `bytes`, in as many write(2) calls as the kernel wants.
/// Enters in step 04.
///
/// # Errors
/// Those of write(2), except `EINTR`, after which the call is repeated.
/// Bytes already taken by the kernel stay sent.
pub fn write_all(fd: impl AsFd, mut bytes: &[u8]) -> nix::Result<()> {
    while !bytes.is_empty() {
        match unistd::write(&fd, bytes) {
            // Zero bytes of a non-empty slice: no socket does this, and a
            // loop that went on would never end.
            Ok(0) => return Err(Errno::EIO),
            Ok(taken) => bytes = &bytes[taken..],
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
