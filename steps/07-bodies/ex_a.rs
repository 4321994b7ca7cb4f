//! Exercise 07a, Where does it end?: bodies, by length and in chunks.
//!
//! Try it: `cargo run --example 07a -- 127.0.0.1:8080`

use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{self, sockopt};
use shared::cli::{self, Failure};
use shared::net::buffer::Buffer;
use shared::net::linger::linger;
use shared::net::listener::Listener;
use shared::net::stream;

/// A longer head is refused.
const MAX_HEAD: usize = 16 * 1024;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let address = cli::server_address("usage: 07a [ADDRESS]")?;
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    println!("listening on {}", listener.address());
    loop {
        let (connection, _) = listener
            .accept()
            .map_err(|errno| Failure::new("cannot accept", errno))?;
        if let Err(errno) = serve(&connection) {
            eprintln!("client lost: {errno}");
        }
    }
}

/// Responds to the client's requests, and says how that ended.
fn serve(connection: &OwnedFd) -> nix::Result<()> {
    let mut client = Connection { connection, input: Buffer::new(MAX_HEAD) };
    match client.serve() {
        Stop::Refused(why) => eprintln!("refused: {why}"),
        Stop::Left => {}
        Stop::Failed(errno) => return Err(errno),
    }
    Ok(())
}

/// Why no further request gets a response.
enum Stop {
    /// This one could be read in two ways, or in none.
    Refused(&'static str),
    /// The client has no more to say, or stopped in the middle.
    Left,
    Failed(Errno),
}

impl From<Errno> for Stop {
    fn from(errno: Errno) -> Self {
        Stop::Failed(errno)
    }
}

/// How the end of a body is found.
enum Framing {
    /// It has this many bytes.
    Length(u64),
}

/// A body, counted.
#[derive(Default)]
struct Body {
    bytes: u64,
    sum: u64,
}

/// A connection, and what has arrived and is not used yet.
struct Connection<'c> {
    connection: &'c OwnedFd,
    input: Buffer,
}

impl Connection<'_> {
    /// Responds to requests until the connection ends; says why it does.
    fn serve(&mut self) -> Stop {
        let stop = loop {
            if let Err(stop) = self.answer_one() {
                break stop;
            }
        };
        if let Stop::Refused(why) = stop {
            // Nobody knows where the next request would begin.
            let farewell = self
                .respond("400 Bad Request", "Connection: close\r\n", why)
                .and_then(|()| linger(self.connection, Duration::from_secs(1)));
            if let Err(errno) = farewell {
                return Stop::Failed(errno);
            }
        }
        stop
    }

    fn answer_one(&mut self) -> Result<(), Stop> {
        socket::setsockopt(self.connection, sockopt::TcpNoDelay, &true)?;
        let framing = self.read_head()?;
        let Body { bytes, sum } = self.read_body(framing)?;
        let response = format!("{bytes} bytes, sum {sum}");
        Ok(self.respond("200 OK", "", &response)?)
    }

    /// Sends a response in one write.
    fn respond(
        &self,
        status: &str,
        fields: &str,
        line: &str,
    ) -> nix::Result<()> {
        let length = line.len() + 1;
        let response = format!(
            "HTTP/1.1 {status}\r\n{fields}Content-Length: {length}\r\n\r\n\
             {line}\n"
        );
        stream::write_all(self.connection, response.as_bytes())
    }

    /// Reads a head, and finds out how its body ends.
    fn read_head(&mut self) -> Result<Framing, Stop> {
        loop {
            let mut fields = [httparse::EMPTY_HEADER; 100];
            let mut request = httparse::Request::new(&mut fields);
            match request.parse(self.input.bytes()) {
                Ok(httparse::Status::Complete(length)) => {
                    let framing = framing(&request)?;
                    self.input.consume(length);
                    return Ok(framing);
                }
                Ok(httparse::Status::Partial) => self.read_more()?,
                Err(_) => return Err(Stop::Refused("a malformed head")),
            }
        }
    }

    /// Reads a body up to its last byte, and no further.
    fn read_body(&mut self, framing: Framing) -> Result<Body, Stop> {
        let mut body = Body::default();
        match framing {
            Framing::Length(length) => self.count(length, &mut body)?,
        }
        Ok(body)
    }

    /// Counts the next `length` bytes.
    fn count(&mut self, length: u64, body: &mut Body) -> Result<(), Stop> {
        let mut left = length;
        while left > 0 {
            if self.input.bytes().is_empty() {
                self.read_more()?;
            }
            let bytes = self.input.bytes();
            let here = usize::try_from(left).unwrap_or(usize::MAX);
            let here = here.min(bytes.len());
            let sum: u64 = bytes[..here].iter().map(|b| u64::from(*b)).sum();
            body.bytes += here as u64;
            body.sum += sum;
            left -= here as u64;
            self.input.consume(here);
        }
        Ok(())
    }

    /// Waits for bytes of a request that is not whole.
    fn read_more(&mut self) -> Result<(), Stop> {
        let space = self.input.space();
        if space.is_empty() {
            return Err(Stop::Refused("a head that is too long"));
        }
        match stream::read(self.connection, space)? {
            0 => Err(Stop::Left),
            count => {
                self.input.filled(count);
                Ok(())
            }
        }
    }
}

/// How the body of this request ends: RFC 9112 section 6.
fn framing(request: &httparse::Request) -> Result<Framing, Stop> {
    // TODO: what is no number becomes 0, of two lengths the first wins, and
    // chunks are unknown. Whatever two servers could read in two ways must
    // be refused.
    for field in request.headers.iter() {
        if field.name == "Content-Length" {
            let text = String::from_utf8_lossy(field.value);
            return Ok(Framing::Length(text.parse().unwrap_or(0)));
        }
    }
    Ok(Framing::Length(0))
}
