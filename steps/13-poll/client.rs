//! The shell that does not wait.
//!
//! It makes the system calls that a connection wants, as far as they can be
//! made now, and says what the socket must be ready for before the next.

use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::Instant;

use nix::errno::Errno;
use nix::sys::socket::{self, Shutdown};
use nix::unistd;
use shared::cli;
use shared::web::connection::{Connection, End, Want};
use shared::web::site::{Limits, Site, Time};
use shared::web::transmit::transmit;

/// A client reads or is sent to this many times at most, then it is the
/// next one's turn.
const TURN: usize = 16;

/// A client and its connection.
pub struct Client<S: Site> {
    socket: OwnedFd,
    peer: SocketAddr,
    connection: Connection<S>,
    waits_for: Want,
}

impl<S: Site> Client<S> {
    /// A client that has just been accepted, on a non-blocking socket.
    pub fn new(
        socket: OwnedFd,
        peer: SocketAddr,
        limits: &'static Limits,
        now: Instant,
    ) -> Self {
        let connection = Connection::new(limits, now);
        Client { socket, peer, connection, waits_for: Want::Read }
    }

    pub fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// What it waits for: to read or to write.
    pub fn waits_for(&self) -> Want {
        self.waits_for
    }

    /// When its time is up, if it is not ready before.
    pub fn deadline(&self) -> Instant {
        self.connection.deadline()
    }

    /// Its time is up. Says whether the client stays: it may have to be told.
    pub fn timed_out(&mut self, site: &S, time: &mut Time) -> bool {
        self.connection.timed_out(time);
        self.go_on(site, time)
    }

    /// Its socket is ready: does what the connection wants, until that would
    /// mean to wait. Says whether the client stays.
    pub fn go_on(&mut self, site: &S, time: &mut Time) -> bool {
        let mut left = TURN;
        let mut is_drained = false;
        let stays = loop {
            self.waits_for = self.connection.advance(time, site);
            let result = match self.waits_for {
                Want::Read | Want::Write if left == 0 => break true,
                Want::Read if is_drained => break true,
                Want::Read => self.receive(time).map(|it| is_drained = it),
                Want::Write => {
                    transmit(&self.socket, &mut self.connection, time)
                }
                Want::Shutdown => {
                    let descriptor = self.socket.as_raw_fd();
                    socket::shutdown(descriptor, Shutdown::Write)
                }
                Want::Close => break false,
            };
            left = left.saturating_sub(1);
            match result {
                Ok(()) | Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => break true,
                // What goes wrong with one client is no reason to end.
                Err(errno) => self.connection.close(End::Failed(errno)),
            }
        };
        if !stays {
            let Client { peer, connection, .. } = self;
            let (requests, end) = (connection.requests(), connection.end());
            cli::log(format_args!("{peer}: {requests} requests, {end}"));
        }
        stays
    }

    /// Takes what has arrived. Says whether that was all: the kernel had less
    /// than there was room for.
    fn receive(&mut self, time: &Time) -> nix::Result<bool> {
        let space = self.connection.space();
        let room = space.len();
        let count = unistd::read(&self.socket, space)?;
        self.connection.received(count, time);
        Ok(count < room)
    }
}
