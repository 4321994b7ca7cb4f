//! Enters in step 09: the shell that waits.
//!
//! It serves one client and makes every system call that the connection
//! wants, under the connection's deadline: alone, in a process, or in a
//! thread of its own.

use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{self, Shutdown, sockopt};

use super::connection::{Connection, End, Want};
use super::drain;
use super::site::{Limits, Site, Time};
use super::transmit::transmit;
use crate::cli;
use crate::net::deadline::Deadline;

/// Serves the client `peer` until its connection is closed. What goes wrong
/// with one client is no reason to end.
pub fn serve<S: Site>(
    socket: &OwnedFd,
    peer: SocketAddr,
    site: &S,
    limits: &'static Limits,
) {
    let mut time = Time::now();
    let mut connection = Connection::new(limits, time.now);
    // Ask the kernel not to hold back a small segment until the one before
    // has been acknowledged (Nagle): what we write is complete.
    let mut result = socket::setsockopt(socket, sockopt::TcpNoDelay, &true);
    loop {
        time.look();
        match result {
            // Nothing was sent, but the deadline decides whether time is up.
            Ok(()) | Err(Errno::EAGAIN | Errno::EINTR) => {}
            Err(Errno::ETIMEDOUT) => connection.timed_out(&time),
            Err(errno) => connection.close(End::Failed(errno)),
        }
        // Enters in step 12.
        if drain::is_on() {
            connection.last();
        }
        result = match connection.advance(&time, site) {
            // Enters in step 12.
            Want::Read if connection.is_idle() => {
                let _registered = drain::idle(socket);
                receive(socket, &mut connection, &mut time)
            }
            Want::Read => receive(socket, &mut connection, &mut time),
            Want::Write => Deadline::at(connection.deadline())
                .limit_sending(socket)
                .and_then(|()| transmit(socket, &mut connection, &mut time)),
            // Our direction only: the client can still send.
            Want::Shutdown => {
                socket::shutdown(socket.as_raw_fd(), Shutdown::Write)
            }
            Want::Close => break,
        };
    }
    let (requests, end) = (connection.requests(), connection.end());
    cli::log(format_args!("{peer}: {requests} requests, {end}"));
}

fn receive<S: Site>(
    socket: &OwnedFd,
    connection: &mut Connection<S>,
    time: &mut Time,
) -> nix::Result<()> {
    let deadline = Deadline::at(connection.deadline());
    let count = deadline.read(socket, connection.space())?;
    time.look();
    connection.received(count, time);
    Ok(())
}
