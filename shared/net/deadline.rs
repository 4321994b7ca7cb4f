//! Enters in step 05: waiting for a peer, but not for ever.
//!
//! Step 04's `read_before` in its finished form, and the same for writing.
//! A deadline is a point in time for a whole head, body or response: a peer
//! that sends or takes a byte now and then does not move it.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::socket::{self, sockopt};
use nix::sys::time::{TimeVal, TimeValLike};
use nix::unistd;

/// The point in time at which waiting ends, with `ETIMEDOUT`.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// The deadline that is `time` from now.
    pub fn after(time: Duration) -> Self {
        Deadline(Instant::now() + time)
    }

    /// The deadline that is this point in time. Enters in step 06.
    pub fn at(time: Instant) -> Self {
        Deadline(time)
    }

    /// Reads what there is, and waits for it until the deadline at most.
    /// Returns the number of bytes; 0 is the end of the stream, unless the
    /// buffer is empty.
    ///
    /// # Errors
    /// `ETIMEDOUT` when time is up, and those of read(2) but `EINTR`.
    pub fn read(
        self,
        connection: impl AsFd,
        buffer: &mut [u8],
    ) -> nix::Result<usize> {
        loop {
            let limit = self.left()?;
            socket::setsockopt(&connection, sockopt::ReceiveTimeout, &limit)?;
            match unistd::read(&connection, buffer) {
                // The kernel waited that long in vain, or a signal woke us:
                // what is left of the time decides.
                Err(Errno::EAGAIN | Errno::EINTR) => {}
                result => return result,
            }
        }
    }

    /// Writes at least one byte of `bytes`, which is not empty, and waits
    /// until the deadline at most for a peer that is slow to take it. Returns
    /// the number of bytes that the kernel has taken. Enters in step 06.
    ///
    /// # Errors
    /// `ETIMEDOUT` when time is up, and those of write(2) but `EINTR`.
    pub fn write(
        self,
        connection: impl AsFd,
        bytes: &[u8],
    ) -> nix::Result<usize> {
        loop {
            let limit = self.left()?;
            socket::setsockopt(&connection, sockopt::SendTimeout, &limit)?;
            match unistd::write(&connection, bytes) {
                // As in `stream::write_all`: it would never end.
                Ok(0) => return Err(Errno::EIO),
                Err(Errno::EAGAIN | Errno::EINTR) => {}
                result => return result,
            }
        }
    }

    /// Writes all of `bytes` in the same way.
    ///
    /// # Errors
    /// Those of [`Deadline::write`]. Bytes already taken by the kernel stay
    /// sent.
    pub fn write_all(
        self,
        connection: impl AsFd,
        mut bytes: &[u8],
    ) -> nix::Result<()> {
        while !bytes.is_empty() {
            let taken = self.write(&connection, bytes)?;
            bytes = &bytes[taken..];
        }
        Ok(())
    }

    /// Has the kernel wait until the deadline at most in what sends next. It
    /// may wake up a little early, with `EAGAIN`. Enters in step 09.
    ///
    /// # Errors
    /// `ETIMEDOUT` when time is up, and those of setsockopt(2).
    pub fn limit_sending(self, connection: impl AsFd) -> nix::Result<()> {
        let limit = self.left()?;
        socket::setsockopt(&connection, sockopt::SendTimeout, &limit)
    }

    /// What is left until the deadline, as the kernel takes it: seconds and
    /// microseconds.
    fn left(self) -> nix::Result<TimeVal> {
        let left = self.0.saturating_duration_since(Instant::now());
        match left.as_micros() {
            // The kernel takes a limit of 0 for "no limit".
            0 => Err(Errno::ETIMEDOUT),
            // No limit here is longer than hours: the cast keeps its digits.
            micros => Ok(TimeVal::microseconds(micros as i64)),
        }
    }
}
