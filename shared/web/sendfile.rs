//! Enters in step 18: sending without the detour through our memory.

use std::ops::Range;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use crate::web::connection::{Connection, End};
use crate::web::site::{Site, Time};
use crate::web::transmit;
use nix::errno::Errno;
use nix::libc;
use nix::sys::sendfile;
use nix::sys::socket::{self, MsgFlags};

use super::documents::SMALL;

/// At most so much of a file in one call. A turn is 16 of them, however fast
/// the client reads: then it is the others' turn.
const MAX_PIECE: u64 = 1024 * 1024;

/// Sends what is ready: heads and small bodies; then a file, from the
/// kernel's memory and not from ours.
///
/// # Errors
/// Those of send(2), sendfile(2) and pread(2): nothing has been sent.
pub fn transmit<S: Site>(
    socket: &OwnedFd,
    connection: &mut Connection<S>,
    time: &mut Time,
) -> nix::Result<()> {
    let (output, file) = connection.output();
    let result = match file {
        Some((file, range)) if output.is_empty() => {
            send_piece(socket, file, range)
        }
        Some((_, range)) if range.end - range.start > SMALL => {
            // There is more to come: a packet is to be filled with it. (nix
            // does not know this flag.)
            let flags = MsgFlags::from_bits_retain(libc::MSG_MORE);
            let sent = socket::send(socket.as_raw_fd(), output, flags)?;
            time.look();
            connection.sent(sent, 0, time);
            return Ok(());
        }
        // One call sends the head and the rest.
        _ => return transmit::transmit(socket, connection, time),
    };
    match result {
        // Its length is promised: the client would wait for the rest.
        Ok(0) => connection.close(End::Truncated("the file has shrunk")),
        Ok(sent) => {
            time.look();
            connection.sent(0, sent, time);
        }
        // Not every file system can do it.
        Err(Errno::EINVAL | Errno::ENOSYS) => {
            return transmit::transmit(socket, connection, time);
        }
        Err(errno) => return Err(errno),
    }
    Ok(())
}

/// Has the kernel send bytes of a file. How many depends on the room in the
/// socket: 0 if the file ends before.
fn send_piece(
    socket: &OwnedFd,
    file: BorrowedFd,
    range: Range<u64>,
) -> nix::Result<u64> {
    let mut offset = range.start as libc::off_t;
    let count = (range.end - range.start).min(MAX_PIECE) as usize;
    // Ask for bytes to go from the file into the socket, from an offset of
    // ours: the file's own is shared by all whom the file is sent to. It
    // fails if the file system cannot do so, or if the disk fails.
    let sent = sendfile::sendfile(socket, file, Some(&mut offset), count)?;
    Ok(sent as u64)
}
