//! Enters in step 14: the shell that does not wait.
//!
//! It makes the system calls that a connection wants, as far as they can be
//! made now, and says what the socket must be ready for before the next.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Instant;

use nix::errno::Errno;
use nix::sys::socket::{self, MsgFlags, Shutdown, getsockopt, sockopt};
use nix::unistd;

use super::admission::{Admission, Verdict};
use super::connection::lend::Idle;
use super::connection::timeout::Timeout;
use super::connection::{Connection, End, Want};
use super::counters::Counters;
use super::log::{self, Log};
use super::site::{self, Limits, Site, Time};
use super::transmit::transmit;
use crate::cli;
use crate::net::address::Compact;

/// A client reads or is sent to this many times at most, then it is the
/// next one's turn.
const TURN: usize = 16;

/// How a loop sends. Enters in step 17.
pub type Transmit<S> =
    fn(&OwnedFd, &mut Connection<S>, &mut Time) -> nix::Result<()>;

/// What a loop has once, for all of its clients.
pub struct Worker<S: Site> {
    /// The connection of the client whose turn it is.
    pub connection: Connection<S>,
    /// What there is to request.
    pub site: S,
    /// One look at the clocks for each round.
    pub time: Time,
    /// Each response is its connection's last. Enters in step 15.
    pub drains: bool,
    /// Enters in step 17.
    pub transmit: Transmit<S>,
    /// Counts instead of telling each end. Enters in step 18.
    pub counters: Option<Arc<Counters>>,
    /// Logs each request. Enters in step 21.
    pub log: Option<Log>,
    /// Whether somebody speaks HTTP whose first byte is this; all do, if there
    /// is no such function. Enters in step 23.
    pub is_http: Option<fn(u8) -> bool>,
    /// The client that does not stay is to be left to others. Enters in step
    /// 23.
    pub is_other: bool,
}

impl<S: Site> Worker<S> {
    /// A worker for this site.
    pub fn new(site: S, limits: &'static Limits) -> Self {
        let time = Time::now();
        let connection = Connection::new(limits, time.now);
        // Enters in step 15.
        let drains = false;
        // Enters in step 17.
        let transmit: Transmit<S> =
            |socket, connection, time| transmit(socket, connection, time);
        // Enters in step 18.
        let counters = None;
        // Enters in step 21.
        let log = None;
        // Enters in step 23.
        let (is_http, is_other) = (None, false);
        Worker {
            connection,
            site,
            time,
            drains,
            transmit,
            counters,
            log,
            is_http,
            is_other,
        }
    }
}

/// A client between its turns. For a turn it borrows a whole connection.
pub struct Client<S: Site> {
    socket: OwnedFd,
    peer: Compact,
    waits_for: Want,
    /// Whether its address is counted. Enters in step 22.
    is_counted: bool,
    /// What is left of its connection, unless that is idle.
    own: Option<Box<Connection<S>>>,
    idle: Idle,
}

impl<S: Site> Client<S> {
    /// A client that has just been accepted, on a non-blocking socket.
    pub fn new(socket: OwnedFd, peer: SocketAddr, now: Instant) -> Self {
        let (waits_for, idle) = (Want::Read, Idle::new(now));
        // Enters in step 22.
        let is_counted = false;
        let peer = peer.into();
        Client { socket, peer, waits_for, is_counted, own: None, idle }
    }

    /// Counts it. Enters in step 22.
    pub fn enter(&mut self, admission: &Admission, site: &S) -> Verdict {
        let peer = self.peer.ip_address();
        // This machine is one client, and may be many proxies.
        let is_local = peer.is_none_or(|it| it.is_loopback());
        self.is_counted = !is_local && site.is_one_client(peer);
        admission.enter(self.counted())
    }

    /// As whose it has been counted. Enters in step 22.
    pub fn counted(&self) -> Option<IpAddr> {
        self.peer.ip_address().filter(|_| self.is_counted)
    }

    /// Tells it that it has too many connections. Says whether it stays, until
    /// that has arrived. Enters in step 22.
    pub fn refuse(&mut self, worker: &mut Worker<S>) -> bool {
        self.borrow(worker);
        let Worker { connection, time, .. } = worker;
        // A request that is there says whether the response has a body. If it
        // cannot be read, the response cannot be sent.
        let _ = receive(&self.socket, connection, time);
        connection.too_many(time);
        self.turn(worker)
    }

    /// To wait for.
    pub fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// What it waits for: to read or to write; or only for the end of the
    /// connection, while another thread works for it.
    pub fn waits_for(&self) -> Want {
        self.waits_for
    }

    /// When its time is up, if it is not ready before.
    pub fn deadline(&self, limits: &Limits) -> Instant {
        match &self.own {
            Some(own) => own.deadline(),
            None => self.idle.deadline(limits),
        }
    }

    /// Which limit holds, and since when. Enters in step 15.
    pub fn waits(&self) -> (Timeout, Instant) {
        match &self.own {
            Some(own) => own.waits(),
            None => self.idle.waits(),
        }
    }

    /// Its time is up. Says whether the client stays: it may have to be told.
    pub fn timed_out(&mut self, worker: &mut Worker<S>) -> bool {
        self.borrow(worker);
        worker.connection.timed_out(&worker.time);
        self.turn(worker)
    }

    /// Its socket is ready: does what the connection wants, until that would
    /// mean to wait. Says whether the client stays.
    pub fn go_on(&mut self, worker: &mut Worker<S>) -> bool {
        // Enters in step 23.
        if let Some(is_http) = worker.is_http
            && self.own.is_none()
            && self.idle.is_first()
        {
            match peek(&self.socket) {
                Ok(Some(first)) if !is_http(first) => {
                    worker.is_other = true;
                    return false;
                }
                // Nobody is waited for any more when the end has begun.
                Err(Errno::EAGAIN | Errno::EINTR) => return !worker.drains,
                // It has ended, or it has failed: its turn shows that.
                Ok(_) | Err(_) => {}
            }
        }
        self.borrow(worker);
        // Enters in step 19: who waits for another thread is told only of
        // errors of the socket, and of its end.
        if worker.connection.is_waiting() {
            let error = getsockopt(&self.socket, sockopt::SocketError);
            if let Some(errno) = error.ok().filter(|errno| *errno != 0) {
                let end = End::Failed(Errno::from_raw(errno));
                worker.connection.close(end);
            }
        }
        self.turn(worker)
    }

    /// What another thread is to do for it, and what tells whether it still
    /// waits for that. Enters in step 19.
    pub fn job(&mut self) -> Option<(site::Job, site::Ticket)> {
        self.own.as_mut()?.job()
    }

    /// What takes a call for the time when its response can be written.
    /// Enters in step 21.
    pub fn register(&mut self) -> Option<site::Register> {
        self.own.as_mut()?.register()
    }

    /// Another thread has done it. Says whether the client stays. Enters in
    /// step 19.
    pub fn complete(
        &mut self,
        worker: &mut Worker<S>,
        done: site::Done,
    ) -> bool {
        self.borrow(worker);
        worker.connection.complete(done, &worker.time);
        self.turn(worker)
    }

    /// Whether its response goes on. Enters in step 27.
    pub fn is_stream(&self) -> bool {
        self.own.as_ref().is_some_and(|it| it.is_stream())
    }

    /// Adds to its response. Says whether the client stays. Enters in step 27.
    pub fn extend_response(
        &mut self,
        worker: &mut Worker<S>,
        bytes: &[u8],
    ) -> bool {
        self.borrow(worker);
        worker.connection.extend_response(bytes, &worker.time);
        self.turn(worker)
    }

    /// Its socket, for others. Enters in step 23.
    pub fn into_socket(self) -> OwnedFd {
        self.socket
    }

    /// It is let go, whatever it waits for. Enters in step 21.
    pub fn abandon(mut self, worker: &mut Worker<S>) {
        // Of an idle one nothing is left to be logged.
        if self.own.is_some() {
            self.borrow(worker);
            worker.connection.end_records();
            log::take(&mut worker.log, &mut worker.connection, &worker.time);
        }
    }

    fn borrow(&mut self, worker: &mut Worker<S>) {
        match self.own.take() {
            Some(own) => worker.connection.adopt(*own),
            None => worker.connection.resume(self.idle),
        }
        // Enters in step 22.
        worker.connection.belongs_to(self.peer.ip_address());
        // Enters in step 21.
        log::lend(&worker.log, &mut worker.connection, self.peer);
    }

    fn give_back(&mut self, connection: &mut Connection<S>) {
        match connection.idle() {
            Some(idle) => self.idle = idle,
            None => self.own = Some(Box::new(connection.split_off())),
        }
    }

    fn turn(&mut self, worker: &mut Worker<S>) -> bool {
        let Worker { connection, site, time, drains, transmit, .. } = worker;
        let before = connection.requests();
        let mut left = TURN;
        let mut is_drained = false;
        let stays = loop {
            // Enters in step 15.
            if *drains {
                connection.last();
            }
            self.waits_for = connection.advance(time, site);
            // Enters in step 19.
            if self.waits_for == Want::Read && connection.is_waiting() {
                self.waits_for = Want::Close;
                break true;
            }
            let result = match self.waits_for {
                Want::Read | Want::Write if left == 0 => break true,
                Want::Read if is_drained => break true,
                Want::Read => receive(&self.socket, connection, time)
                    .map(|it| is_drained = it),
                Want::Write => transmit(&self.socket, connection, time),
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
                Err(errno) => connection.close(End::Failed(errno)),
            }
        };
        // No further request is waited for. Enters in step 15.
        let stays = stays && !(*drains && connection.idle().is_some());
        let (requests, end) = (connection.requests(), connection.end());
        // Enters in step 21.
        log::take(&mut worker.log, connection, time);
        // Enters in step 18.
        if let Some(counters) = &worker.counters {
            counters.requests(requests - before);
        }
        if stays {
            self.give_back(connection);
            return true;
        }
        match (&worker.counters, end) {
            // Something is wrong with a file, not with a client.
            (_, End::Truncated(_)) | (None, _) => {
                let peer = self.peer;
                cli::log(format_args!("{peer}: {requests} requests, {end}"));
            }
            (Some(counters), _) => counters.end(end),
        }
        false
    }
}

/// The next byte, which stays where it is; `None` at the end of the stream.
/// Enters in step 23.
fn peek(socket: &OwnedFd) -> nix::Result<Option<u8>> {
    let mut first = [0];
    // Ask for a copy of what the next read will return.
    let flags = MsgFlags::MSG_PEEK;
    let count = socket::recv(socket.as_raw_fd(), &mut first, flags)?;
    Ok((count > 0).then_some(first[0]))
}

/// Takes what has arrived. Says whether that was all: the kernel had less
/// than there was room for.
fn receive<S: Site>(
    socket: &OwnedFd,
    connection: &mut Connection<S>,
    time: &Time,
) -> nix::Result<bool> {
    let space = connection.space();
    let room = space.len();
    let count = unistd::read(socket, space)?;
    connection.received(count, time);
    Ok(count < room)
}
