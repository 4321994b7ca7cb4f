//! Enters in step 09: the one place that sends.

use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::libc;
use nix::sys::uio;
use nix::unistd;

use super::connection::{Connection, End, HIGH_WATER};
use super::site::{Site, Time};

/// Sends what is ready: heads and small bodies, and behind them, in the same
/// write, a piece of a file. How long it waits for room is the socket's
/// matter.
///
/// # Errors
/// Those of write(2) and pread(2): nothing has been sent.
pub fn transmit<S: Site>(
    socket: impl AsFd,
    connection: &mut Connection<S>,
    time: &mut Time,
) -> nix::Result<()> {
    let (output, file) = connection.output();
    let length = output.len();
    let with_piece;
    let bytes = match file {
        None => output,
        Some((file, range)) => {
            with_piece = [output, &read_piece(file, range)?].concat();
            &with_piece
        }
    };
    if bytes.is_empty() {
        // Its length is promised: the client would wait for the rest.
        connection.close(End::Truncated("the file has shrunk"));
        return Ok(());
    }
    let sent = unistd::write(socket, bytes)?;
    time.look();
    let of_file = sent.saturating_sub(length);
    connection.sent(sent - of_file, of_file as u64, time);
    Ok(())
}

/// The first bytes in `range` of a file; none if it ends before.
fn read_piece(file: BorrowedFd, range: Range<u64>) -> nix::Result<Vec<u8>> {
    let left = usize::try_from(range.end - range.start);
    let mut piece = vec![0; left.unwrap_or(HIGH_WATER).min(HIGH_WATER)];
    loop {
        // Ask for bytes at an offset: there is no position to keep. It fails
        // if the disk does.
        match uio::pread(file, &mut piece, range.start as libc::off_t) {
            Err(Errno::EINTR) => {}
            result => {
                piece.truncate(result?);
                return Ok(piece);
            }
        }
    }
}
