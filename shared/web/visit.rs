//! Enters in step 08: a conversation with one visitor.
//!
//! Step 06's `Visit` in its finished form; what there is to ask for is left
//! to the step. It waits for its visitor: from step 13 on, a connection is a
//! state machine instead.

use std::fmt::{self, Display};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{self, sockopt};

use crate::cli;
use crate::http::body::Body;
use crate::http::date::{Clock, Date};
use crate::http::framing::Framing;
use crate::http::head::{FieldSpace, Finder, Head, MAX_HEAD};
use crate::http::response::Response;
use crate::http::status::{Refusal, Status};
use crate::net::buffer::Buffer;
use crate::net::deadline::Deadline;
use crate::net::goodbye::say_goodbye;

/// A longer body than this is refused: it is kept in memory.
const MAX_BODY: u64 = 1024 * 1024;

/// Answers are sent together, up to about so many bytes.
pub const ENOUGH: usize = 64 * 1024;

/// How long to wait for a request. Not long: the next visitor waits too.
const IDLE_TIME: Duration = Duration::from_secs(2);

/// A head that has begun must be here by then, however it drips.
const HEAD_TIME: Duration = Duration::from_secs(5);

/// And a body by then.
const BODY_TIME: Duration = Duration::from_secs(10);

/// The kernel must have taken [`ENOUGH`] bytes by then.
const WRITE_TIME: Duration = Duration::from_secs(5);

/// How long to go on reading after the last answer, so that it arrives.
const LINGER_TIME: Duration = Duration::from_secs(1);

/// How a connection ends.
#[derive(Debug)]
pub enum End {
    /// After a request that said so.
    Closed,
    /// The visitor left between two requests, or had no further one.
    Left,
    /// With a request that we do not answer as asked.
    Refused(Refusal),
    /// In the middle of an answer that cannot be finished, and why.
    Broken(&'static str),
    /// The connection failed.
    Failed(Errno),
}

impl Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Closed => f.write_str("closed as agreed"),
            End::Left => f.write_str("no more to come"),
            End::Refused(Refusal { why, .. }) => write!(f, "refused: {why}"),
            End::Broken(why) => write!(f, "broken off: {why}"),
            End::Failed(errno) => write!(f, "lost: {}", cli::reason(*errno)),
        }
    }
}

impl From<Refusal> for End {
    fn from(refusal: Refusal) -> Self {
        End::Refused(refusal)
    }
}

impl From<Errno> for End {
    fn from(errno: Errno) -> Self {
        End::Failed(errno)
    }
}

/// A connection, with the memory that its requests and answers share.
#[derive(Debug)]
pub struct Visit<'c> {
    connection: BorrowedFd<'c>,
    input: Buffer,
    /// The body of the request that was read last.
    pub body: Vec<u8>,
    /// Answers, or parts of them, that are to be sent.
    pub output: Vec<u8>,
    /// The time at which the last request was whole.
    pub clock: Clock,
    /// How many requests have been read.
    pub requests: u64,
}

impl<'c> Visit<'c> {
    /// A conversation that has not begun.
    pub fn new(connection: &'c impl AsFd) -> Self {
        Visit {
            connection: connection.as_fd(),
            input: Buffer::new(MAX_HEAD),
            body: Vec::new(),
            output: Vec::new(),
            clock: Clock::new(Date::now()),
            requests: 0,
        }
    }

    /// Lets `converse` read requests and write answers until it sees an end;
    /// closes accordingly, and says how it ended.
    pub fn serve(
        &mut self,
        converse: impl FnOnce(&mut Self) -> Result<End, End>,
    ) -> End {
        // Ask not to hold back a small segment until the one before has been
        // acknowledged (Nagle): our writes are whole answers.
        let no_delay = sockopt::TcpNoDelay;
        if let Err(errno) =
            socket::setsockopt(&self.connection, no_delay, &true)
        {
            return End::Failed(errno);
        }
        let end = converse(self).unwrap_or_else(|end| end);
        match end {
            End::Left | End::Failed(_) => return end,
            End::Refused(refusal) => self.refuse(refusal),
            End::Closed | End::Broken(_) => {}
        }
        self.part().map_or_else(End::Failed, |()| end)
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.clock.set(Date::now());
        Response::new(&mut self.output, refusal.status)
            .field("Date", self.clock.text())
            .refuse(refusal.why);
    }

    /// Sends what is left, and closes so that it arrives.
    fn part(&mut self) -> nix::Result<()> {
        self.flush()?;
        say_goodbye(self.connection, LINGER_TIME)
    }

    /// Reads until a head is whole, and returns what `take` takes out of it:
    /// after that the head is gone.
    ///
    /// # Errors
    /// How the connection ends, if no further request comes or if it is one
    /// to refuse.
    pub fn read_head<R>(
        &mut self,
        take: impl FnOnce(&Head) -> R,
    ) -> Result<R, End> {
        let length = self.find_head()?;
        let mut space = FieldSpace::new();
        let head = &self.input.bytes()[..length];
        let taken = take(&Head::parse(head, &mut space)?);
        // The last use of the head: from here on the buffer may move.
        self.input.consume(length);
        Ok(taken)
    }

    /// Reads until a head is whole. Returns its length.
    fn find_head(&mut self) -> Result<usize, End> {
        if self.input.bytes().is_empty() {
            match self.read_more(Deadline::after(IDLE_TIME)) {
                // No request has begun: there is nothing to refuse.
                Err(End::Refused(_)) => return Err(End::Left),
                result => result?,
            }
        }
        let deadline = Deadline::after(HEAD_TIME);
        let mut finder = Finder::default();
        loop {
            if let Some(length) = finder.find(self.input.bytes())? {
                return Ok(length);
            }
            self.read_more(deadline)?;
        }
    }

    /// Reads a body up to its last byte, and no further. Tells the client
    /// first that it is welcome, if it waits for that.
    ///
    /// # Errors
    /// How the connection ends, if the body is one to refuse.
    pub fn read_body(
        &mut self,
        framing: Framing,
        expects_continue: bool,
    ) -> Result<(), End> {
        self.body.clear();
        let mut body = Body::new(framing, MAX_BODY)?;
        if expects_continue {
            Response::new(&mut self.output, Status::Continue).empty();
        }
        let deadline = Deadline::after(BODY_TIME);
        while !body.is_done() {
            if self.input.bytes().is_empty() {
                self.read_more(deadline)?;
            }
            let (used, data) = body.next(self.input.bytes())?;
            self.body.extend_from_slice(data);
            self.input.consume(used);
        }
        self.requests += 1;
        self.clock.set(Date::now());
        Ok(())
    }

    /// Waits for bytes of a request; before that, pays what it owes.
    fn read_more(&mut self, deadline: Deadline) -> Result<(), End> {
        self.flush()?;
        match deadline.read(self.connection, self.input.space()) {
            Ok(0) => Err(Refusal::bad("the request is cut off").into()),
            Ok(count) => {
                self.input.filled(count);
                Ok(())
            }
            Err(Errno::ETIMEDOUT) => {
                let why = "the request took too long";
                Err(Refusal::new(Status::RequestTimeout, why).into())
            }
            Err(errno) => Err(errno.into()),
        }
    }

    /// Sends the output, if it is [`ENOUGH`].
    ///
    /// # Errors
    /// Those of write(2), and `ETIMEDOUT`.
    pub fn flush_enough(&mut self) -> nix::Result<()> {
        if self.output.len() >= ENOUGH { self.flush() } else { Ok(()) }
    }

    /// Sends all answers that are ready in one write: in two, they could be
    /// two packets.
    fn flush(&mut self) -> nix::Result<()> {
        if !self.output.is_empty() {
            Deadline::after(WRITE_TIME)
                .write_all(self.connection, &self.output)?;
            self.output.clear();
        }
        Ok(())
    }
}
