//! Exercise 04b, Slow hands: a second for a whole line.
//!
//! Try it: `cargo run --example 04b -- 127.0.0.1:8080`

use std::os::fd::AsRawFd; //-solution
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::time::{Duration, Instant}; //-solution
// use std::time::Duration; //-starter

use nix::errno::Errno;
use nix::sys::socket::{self, sockopt};
use nix::sys::time::{TimeVal, TimeValLike};
use nix::unistd; //-solution
use shared::cli::{self, Failure};
use shared::net::listener::Listener;
use shared::net::stream;

/// A line has this long to arrive, from the first byte to the last.
const LINE_TIMEOUT: Duration = Duration::from_secs(1);
/// How long the client may still send after our response. //-solution
const LINGERING_TIMEOUT: Duration = Duration::from_secs(1); //-solution

//-server

/// Reads one line and responds with its length.
fn serve(connection: &OwnedFd) -> nix::Result<()> {
    let mut buffer = [0; 4096];
    let mut length = 0;
    let deadline = Instant::now() + LINE_TIMEOUT; //-solution
    //-starter
    // // TODO: this limit is for one read, and a byte now and then renews it
    // // for ever. The whole line has a second. And a client that is still
    // // sending must be able to read what we say.
    // let limit = TimeVal::milliseconds(LINE_TIMEOUT.as_millis() as i64);
    // socket::setsockopt(connection, sockopt::ReceiveTimeout, &limit)?;
    //-end
    let response = loop {
        match read_before(deadline, connection, &mut buffer) { //-solution
        // match stream::read(connection, &mut buffer) { //-starter
            // The client has left in the middle of its line.
            Ok(0) => return Ok(()),
            Ok(count) => {
                let line = buffer[..count].iter().position(|b| *b == b'\n');
                length += line.unwrap_or(count);
                if line.is_some() {
                    break format!("{length} bytes\n");
                }
            }
            Err(Errno::ETIMEDOUT) => break "too slow\n".to_string(), //-solution
            // Err(Errno::EAGAIN) => break "too slow\n".to_string(), //-starter
            Err(errno) => return Err(errno),
        }
    };
    stream::write_all(connection, response.as_bytes())?;
    linger(connection) //-solution
    // Ok(()) //-starter
}
//-solution

/// Reads what there is, and waits for it until `deadline` at most; then the
/// error is `ETIMEDOUT`.
fn read_before(
    deadline: Instant,
    connection: &OwnedFd,
    buffer: &mut [u8],
) -> nix::Result<usize> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        // The kernel takes a limit of 0 for "no limit".
        if left.as_micros() == 0 {
            return Err(Errno::ETIMEDOUT);
        }
        let limit = TimeVal::microseconds(left.as_micros() as i64);
        socket::setsockopt(connection, sockopt::ReceiveTimeout, &limit)?;
        match unistd::read(connection, buffer) {
            // In vain, or a signal: what is left of the time decides.
            Err(Errno::EAGAIN | Errno::EINTR) => {}
            result => return result,
        }
    }
}

/// Ends our direction, then reads what is still on its way: closing while
/// bytes are unread would reset the connection.
fn linger(connection: &OwnedFd) -> nix::Result<()> {
    socket::shutdown(connection.as_raw_fd(), socket::Shutdown::Write)?;
    let deadline = Instant::now() + LINGERING_TIMEOUT;
    let mut unread = [0; 4096];
    loop {
        // Out of time, or reset: the response had its chance.
        match read_before(deadline, connection, &mut unread) {
            Ok(0) | Err(_) => return Ok(()),
            Ok(_) => {}
        }
    }
}
//-end
