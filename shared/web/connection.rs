//! Enters in step 08: one connection, as steps 06 and 07 grew it.
//!
//! It makes no system call and reads no clock. It is given bytes and the
//! time, and says what it wants; a shell makes the calls. RFC 9112.

use std::fmt::{self, Display};
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::errno::Errno;

use super::site::{Limits, Request, Site, Takes, Time};
use crate::cli;
use crate::http::body::Body;
use crate::http::head::{HeadScanner, MAX_HEAD};
use crate::http::status::{Refusal, Status};
use crate::net::buffer::Buffer;

/// Enters in step 21.
pub mod escape;
mod exchange;
/// Enters in step 19.
pub mod late;
/// Enters in step 14.
pub mod lend;
/// Enters in step 21.
pub mod record;
/// Enters in step 27.
mod stream;
/// Enters in step 15.
pub mod timeout;
/// Enters in step 20.
mod upload;

/// Once this many bytes wait to be sent, no further request is read.
pub const HIGH_WATER: usize = 64 * 1024;

/// What a connection wants of its shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// recv(2) into [`Connection::space`], then [`Connection::received`].
    Read,
    /// Send from [`Connection::output`], then [`Connection::sent`].
    Write,
    /// shutdown(2) of our direction.
    Shutdown,
    /// close(2).
    Close,
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// After a request that said so.
    Close,
    /// Without a further request.
    Idle,
    /// With a request that was refused.
    Refused(Refusal),
    /// In the middle of a response that cannot be finished, and why.
    Truncated(&'static str),
    /// By an error of the connection.
    Failed(Errno),
}

impl Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Close => f.write_str("closed as agreed"),
            End::Idle => f.write_str("no further request"),
            End::Refused(Refusal { why, .. }) => write!(f, "refused: {why}"),
            End::Truncated(why) => write!(f, "truncated: {why}"),
            End::Failed(errno) => write!(f, "{}", cli::strerror(*errno)),
        }
    }
}

/// What a connection waits for. The chapters of steps 06 and 07 have the
/// diagram.
#[derive(Debug)]
enum State<R> {
    /// The first byte of a request.
    Idle,
    /// The rest of a head.
    Head(HeadScanner),
    /// The rest of a body, which is kept or dropped.
    Body(Request<R>, Body, Takes),
    /// The rest of a body that goes to the site in pieces. Enters in step 20.
    Upload(upload::Upload),
    /// The response, which another thread makes. Enters in step 19.
    Waiting(late::Late),
    /// More of the response. Enters in step 27.
    Stream,
    /// The end of the last response; then it closes.
    Last,
    /// The same; then it closes its own direction.
    Closing,
    /// The client's end of the stream.
    Lingering,
    Closed,
}

/// A connection: its requests in, responses out.
#[derive(Debug)]
pub struct Connection<S: Site> {
    state: State<S::Resource>,
    /// When the state began, or the sending of the present output.
    since: Instant,
    /// The bytes of a body or of output that have passed since then.
    passed: u64,
    input: Buffer,
    body: Vec<u8>,
    output: Vec<u8>,
    /// How much of the output has been sent.
    sent: usize,
    /// What is to be sent behind the output.
    file: Option<(Arc<OwnedFd>, Range<u64>)>,
    /// The client may send a body that is not read.
    may_send: bool,
    requests: u64,
    /// The next response is the last. Enters in step 12.
    is_last: bool,
    end: End,
    limits: &'static Limits,
    /// Of the client; `None` for a Unix socket's. Enters in step 22.
    peer: Option<std::net::IpAddr>,
    /// `None` if nothing is logged. Enters in step 21.
    records: Option<Box<record::Records>>,
}

impl<S: Site> Connection<S> {
    /// A connection that has just been accepted.
    pub fn new(limits: &'static Limits, now: Instant) -> Self {
        Connection {
            state: State::Idle,
            since: now,
            passed: 0,
            input: Buffer::new(MAX_HEAD),
            body: Vec::new(),
            output: Vec::new(),
            sent: 0,
            file: None,
            may_send: false,
            requests: 0,
            // Enters in step 12.
            is_last: false,
            end: End::Idle,
            limits,
            // Enters in step 22.
            peer: None,
            // Enters in step 21.
            records: None,
        }
    }

    /// Goes as far as the bytes allow that have arrived, and says what it
    /// wants next.
    pub fn advance(&mut self, time: &Time, site: &S) -> Want {
        // Responses to pipelined requests are collected, so that they leave
        // together.
        while !self.is_full() {
            match self.step(time, site) {
                Ok(true) => {}
                Ok(false) => break,
                Err(refusal) => self.refuse(refusal, time),
            }
        }
        if self.has_output() {
            return Want::Write;
        }
        match self.state {
            State::Last | State::Closed => Want::Close,
            State::Closing => {
                self.enter(State::Lingering, time);
                Want::Shutdown
            }
            _ => Want::Read,
        }
    }

    /// The response to the request that is being read, or else to the next,
    /// says `Connection: close` and is the last. If there has been a response
    /// and no further request, that was the last. Enters in step 12.
    pub fn last(&mut self) {
        self.is_last = true;
        // Enters in step 27.
        self.end_stream();
        let has_begun = !self.input.bytes().is_empty() || self.has_output();
        if self.is_idle() && self.requests > 0 && !has_begun {
            // What has been sent may not have arrived yet.
            self.state = State::Closing;
        }
    }

    /// Whether it waits for the first byte of a request. Enters in step 12.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// Where recv(2) writes. Never empty when [`Want::Read`] was said.
    pub fn space(&mut self) -> &mut [u8] {
        self.input.space()
    }

    /// This many bytes have arrived; 0 is the end of the stream.
    pub fn received(&mut self, count: usize, time: &Time) {
        self.input.filled(count);
        // Enters in step 21.
        if self.is_last && count == 0 {
            self.end_records();
        }
        match (&self.state, count) {
            // The rest of the request may be on its way, but the shell no
            // longer reads it. Enters in step 12.
            (_, 0) if self.is_last => self.state = State::Closed,
            (State::Head(_) | State::Body(..), 0) => {
                self.refuse(Refusal::bad("the request is cut off"), time);
                // Nothing more can arrive: no need to linger.
                self.enter(State::Last, time);
            }
            // Enters in step 20.
            (State::Upload(_), 0) => {
                self.refuse(Refusal::bad("the request is cut off"), time);
                self.enter(State::Last, time);
            }
            (_, 0) => self.state = State::Closed,
            (State::Lingering, _) => self.input.clear(),
            // Enters in step 27.
            (State::Stream, _) => self.input.clear(),
            _ => {}
        }
    }

    /// What is to be sent: these bytes, then these of a file.
    pub fn output(&self) -> (&[u8], Option<(BorrowedFd<'_>, Range<u64>)>) {
        let file = self.file.as_ref();
        let file = file.map(|(file, range)| (file.as_fd(), range.clone()));
        (&self.output[self.sent..], file)
    }

    /// This many bytes of the output have been sent, and of the file.
    pub fn sent(&mut self, bytes: usize, of_file: u64, time: &Time) {
        self.sent += bytes;
        self.passed += bytes as u64 + of_file;
        // Enters in step 21.
        if let Some(records) = &mut self.records {
            records.sent(bytes as u64 + of_file);
        }
        if let Some((_, range)) = &mut self.file {
            range.start += of_file;
            if range.is_empty() {
                self.file = None;
            }
        }
        if !self.has_output() {
            self.output.clear();
            self.sent = 0;
            self.restart(time);
        }
    }

    /// When to give up waiting for what was last wanted.
    pub fn deadline(&self) -> Instant {
        let earned = self.passed.saturating_mul(1000);
        let earned = earned.checked_div(self.limits.min_rate).unwrap_or(0);
        let earned = Duration::from_millis(earned);
        self.since
            + match self.state {
                _ if self.has_output() => self.limits.send + earned,
                State::Idle => self.limits.keepalive,
                State::Head(_) => self.limits.header,
                State::Body(..) => self.limits.body + earned,
                // Enters in step 20.
                State::Upload(_) => self.limits.body + earned,
                // Enters in step 19.
                State::Waiting(_) => self.limits.send,
                // Enters in step 27.
                State::Stream => self.limits.keepalive,
                State::Lingering => self.limits.lingering,
                State::Last | State::Closing | State::Closed => Duration::ZERO,
            }
    }

    /// The deadline has passed.
    pub fn timed_out(&mut self, time: &Time) {
        match self.state {
            _ if self.has_output() => {
                self.close(End::Failed(Errno::ETIMEDOUT));
            }
            State::Head(_) | State::Body(..) => {
                let why = "the request took too long";
                self.refuse(Refusal::new(Status::RequestTimeout, why), time);
            }
            // Enters in step 20.
            State::Upload(_) => {
                let why = "the request took too long";
                self.refuse(Refusal::new(Status::RequestTimeout, why), time);
            }
            // Enters in step 19.
            State::Waiting(_) => {
                let why = "the response took too long";
                let status = Status::ServiceUnavailable;
                self.refuse(Refusal::new(status, why), time);
            }
            // Enters in step 27.
            State::Stream => self.keep_stream(time),
            _ => self.state = State::Closed,
        }
    }

    /// It belongs to a client with this address; `None` for a Unix socket's.
    /// Enters in step 22.
    pub fn belongs_to(&mut self, peer: Option<std::net::IpAddr>) {
        self.peer = peer;
    }

    /// It is one too many of its client's. Enters in step 22.
    pub fn too_many(&mut self, time: &Time) {
        let why = "too many connections";
        self.refuse(Refusal::new(Status::ServiceUnavailable, why), time);
    }

    /// The shell cannot go on: `end` says why. While lingering that is no
    /// news: the response had its chance.
    pub fn close(&mut self, end: End) {
        // Enters in step 21.
        self.end_records();
        if !matches!(self.state, State::Lingering) {
            self.end = end;
        }
        self.state = match end {
            // The connection is well, and what was sent should arrive.
            End::Truncated(_) => State::Closing,
            _ => State::Closed,
        };
        self.output.clear();
        self.sent = 0;
        self.file = None;
    }

    /// How the connection ends, or would end now.
    pub fn end(&self) -> End {
        self.end
    }

    /// How many requests have been read completely.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    fn has_output(&self) -> bool {
        self.sent < self.output.len() || self.file.is_some()
    }

    /// Whether to send before anything else is read: what has begun to leave,
    /// leaves; and the memory of a connection is bounded.
    fn is_full(&self) -> bool {
        self.sent > 0 || self.file.is_some() || self.output.len() >= HIGH_WATER
    }

    fn enter(&mut self, state: State<S::Resource>, time: &Time) {
        self.state = state;
        self.restart(time);
    }

    /// A deadline begins.
    fn restart(&mut self, time: &Time) {
        self.since = time.now;
        self.passed = 0;
    }
}
