//! Step 07: one connection, many requests.
//!
//! The parser is a library's now, and its head is a view into the one
//! buffer of the connection. New is knowing where a request ends, body and
//! all: whatever comes after it is the next request.

use std::fmt::{self, Display};
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{self, sockopt};
use shared::cli::{self, Failure};
use shared::http::body::Body;
use shared::http::head::{FieldSpace, Finder, Head, MAX_HEAD};
use shared::http::persistence::Persistence;
use shared::http::response::Response;
use shared::http::status::{Refusal, Status};
use shared::net::buffer::Buffer;
use shared::net::deadline::Deadline;
use shared::net::goodbye::say_goodbye;
use shared::net::listener::Listener;

mod site;

use site::Request;

const HELP: &str = "\
Step 07: answers as many requests as a visitor has, one visitor after the
other. GET /, GET /api/, POST /api/echo.

Usage: step07 [ADDRESS]

  ADDRESS   IP:PORT, [IPv6]:PORT or a port of 127.0.0.1 (default
            127.0.0.1:8080); port 0 takes a free one
  -h, --help
";

/// A longer body than this is refused: it is kept in memory.
const MAX_BODY: u64 = 1024 * 1024;

/// Answers are sent together, up to about so many bytes.
const ENOUGH: usize = 64 * 1024;

/// How long to wait for a request. Not long: the next visitor waits too.
const IDLE_TIME: Duration = Duration::from_secs(2);

/// A head that has begun must be here by then, however it drips.
const HEAD_TIME: Duration = Duration::from_secs(5);

/// And a body by then.
const BODY_TIME: Duration = Duration::from_secs(10);

/// The kernel must have taken the answers by then.
const WRITE_TIME: Duration = Duration::from_secs(5);

/// How long to go on reading after the last answer, so that it arrives.
const LINGER_TIME: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let address = cli::server_address(HELP)?;
    cli::end_on_interrupt()?;

    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    cli::announce(
        "http",
        listener.address(),
        ["curl -i {url}/api/ {url}/api/", "curl -d hello {url}/api/echo"],
    );

    loop {
        let (connection, peer) = listener
            .accept()
            .map_err(|errno| Failure::new("cannot accept", errno))?;
        let mut visit = Visit::new(&connection);
        // What goes wrong with one visitor is no reason to end.
        let end = visit.serve();
        cli::note(format_args!("{peer}: {} answered, {end}", visit.requests));
    }
}

/// How a connection ends.
enum End {
    /// After a request that said so.
    Closed,
    /// The visitor left between two requests, or had no further one.
    Left,
    /// With a request that we do not answer as asked.
    Refused(Refusal),
    Failed(Errno),
}

impl Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Closed => f.write_str("closed as agreed"),
            End::Left => f.write_str("no more to come"),
            End::Refused(Refusal { why, .. }) => write!(f, "refused: {why}"),
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
struct Visit<'c> {
    connection: &'c OwnedFd,
    input: Buffer,
    body: Vec<u8>,
    output: Vec<u8>,
    requests: u64,
}

impl<'c> Visit<'c> {
    fn new(connection: &'c OwnedFd) -> Self {
        Visit {
            connection,
            input: Buffer::new(MAX_HEAD),
            body: Vec::new(),
            output: Vec::new(),
            requests: 0,
        }
    }

    /// Answers requests until the connection ends, and says how it does.
    fn serve(&mut self) -> End {
        let end = self.converse().unwrap_or_else(|end| end);
        match end {
            End::Left | End::Failed(_) => return end,
            End::Refused(Refusal { status, why }) => {
                Response::new(&mut self.output, status).refuse(why);
            }
            End::Closed => {}
        }
        self.part().map_or_else(End::Failed, |()| end)
    }

    /// Sends what is left, and closes so that it arrives.
    fn part(&mut self) -> nix::Result<()> {
        self.flush()?;
        say_goodbye(self.connection, LINGER_TIME)
    }

    fn converse(&mut self) -> Result<End, End> {
        // Ask not to hold back a small segment until the one before has been
        // acknowledged (Nagle): our writes are whole answers.
        socket::setsockopt(self.connection, sockopt::TcpNoDelay, &true)?;
        loop {
            let length = self.read_head()?;
            let mut space = FieldSpace::new();
            let head = &self.input.bytes()[..length];
            let request = Request::new(&Head::parse(head, &mut space)?);
            // The last use of the head: from here on the buffer may move.
            self.input.consume(length);
            self.read_body(&request)?;
            self.requests += 1;
            request.answer(self.requests, &self.body, &mut self.output);
            if request.persistence == Persistence::Closes {
                return Ok(End::Closed);
            }
            if self.output.len() >= ENOUGH {
                self.flush()?;
            }
        }
    }

    /// Reads until a head is whole. Returns its length.
    fn read_head(&mut self) -> Result<usize, End> {
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

    /// Reads the body up to its last byte, and no further.
    fn read_body(&mut self, request: &Request) -> Result<(), End> {
        self.body.clear();
        let mut body = Body::new(request.framing, MAX_BODY)?;
        if request.expects_continue {
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
