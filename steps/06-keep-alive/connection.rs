//! One connection, without input and output: RFC 9112.
//!
//! It makes no system call and reads no clock. It is given bytes and the
//! time, and says what it wants; a shell makes the calls.

use std::fmt::{self, Display};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use shared::cli;
use shared::http::head::{HeadScanner, MAX_HEAD};
use shared::http::status::{Refusal, Status};
use shared::net::buffer::Buffer;

use crate::site::{Limits, Request, Site, Time};

mod exchange;

/// Once this many bytes wait to be sent, no further request is read.
const HIGH_WATER: usize = 64 * 1024;

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
    /// By an error of the connection.
    Failed(Errno),
}

impl Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Close => f.write_str("closed as agreed"),
            End::Idle => f.write_str("no further request"),
            End::Refused(Refusal { why, .. }) => write!(f, "refused: {why}"),
            End::Failed(errno) => write!(f, "{}", cli::strerror(*errno)),
        }
    }
}

/// What a connection waits for. The chapter has the diagram.
#[derive(Debug)]
enum State<R> {
    /// The first byte of a request.
    Idle,
    /// The rest of a head.
    Head(HeadScanner),
    /// The rest of a body: this many bytes, which are dropped.
    Body(Request<R>, u64),
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
    input: Buffer,
    output: Vec<u8>,
    /// How much of the output has been sent.
    sent: usize,
    requests: u64,
    end: End,
    limits: &'static Limits,
}

impl<S: Site> Connection<S> {
    /// A connection that has just been accepted.
    pub fn new(limits: &'static Limits, now: Instant) -> Self {
        Connection {
            state: State::Idle,
            since: now,
            input: Buffer::new(MAX_HEAD),
            output: Vec::new(),
            sent: 0,
            requests: 0,
            end: End::Idle,
            limits,
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

    /// Where recv(2) writes. Never empty when [`Want::Read`] was said.
    pub fn space(&mut self) -> &mut [u8] {
        self.input.space()
    }

    /// This many bytes have arrived; 0 is the end of the stream.
    pub fn received(&mut self, count: usize, time: &Time) {
        self.input.filled(count);
        match (&self.state, count) {
            (State::Head(_) | State::Body(..), 0) => {
                self.refuse(Refusal::bad("the request is cut off"), time);
                // Nothing more can arrive: no need to linger.
                self.enter(State::Last, time);
            }
            (_, 0) => self.state = State::Closed,
            (State::Lingering, _) => self.input.clear(),
            _ => {}
        }
    }

    /// What is to be sent.
    pub fn output(&self) -> &[u8] {
        &self.output[self.sent..]
    }

    /// This many bytes of the output have been sent.
    pub fn sent(&mut self, bytes: usize, time: &Time) {
        self.sent += bytes;
        if !self.has_output() {
            self.output.clear();
            self.sent = 0;
            self.since = time.now;
        }
    }

    /// When to give up waiting for what was last wanted.
    pub fn deadline(&self) -> Instant {
        self.since
            + match self.state {
                _ if self.has_output() => self.limits.send,
                State::Idle => self.limits.keepalive,
                State::Head(_) => self.limits.header,
                State::Body(..) => self.limits.body,
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
            _ => self.state = State::Closed,
        }
    }

    /// The shell cannot go on: `end` says why. While lingering that is no
    /// news: the response had its chance.
    pub fn close(&mut self, end: End) {
        if !matches!(self.state, State::Lingering) {
            self.end = end;
        }
        self.state = State::Closed;
        self.output.clear();
        self.sent = 0;
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
        self.sent < self.output.len()
    }

    /// Whether to send before anything else is read: what has begun to leave,
    /// leaves; and the memory of a connection is bounded.
    fn is_full(&self) -> bool {
        self.sent > 0 || self.output.len() >= HIGH_WATER
    }

    fn enter(&mut self, state: State<S::Resource>, time: &Time) {
        self.state = state;
        self.since = time.now;
    }
}
