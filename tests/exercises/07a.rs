//! Exercise 07a, Where does it end?: bodies, by length and in chunks.
//!
//! Try it: `cargo run --example 07a -- 127.0.0.1:8080`

use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::time::Duration;

use nix::sys::socket::{self, sockopt};
use shared::cli::{self, Failure};
use shared::net::buffer::Buffer;
use shared::net::linger::linger;
use shared::net::listener::Listener;
use shared::net::stream;

/// A longer head is refused, and so are longer trailers, or a line as long.
const MAX_HEAD: usize = 16 * 1024;

//-server

/// Responds to the client's requests until it has no more.
fn serve(connection: &OwnedFd) -> io::Result<()> {
    socket::setsockopt(connection, sockopt::TcpNoDelay, &true)?;
    let mut input = Input { connection, buffer: Buffer::new(MAX_HEAD) };
    loop {
        let result = input.read_request();
        let (status, fields, line) = match &result {
            Ok(Body { bytes, sum }) => {
                ("200 OK", "", format!("{bytes} bytes, sum {sum}"))
            }
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                let fields = "Connection: close\r\n";
                ("400 Bad Request", fields, error.to_string())
            }
            // The client has no more to say, or stopped in the middle.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                return Ok(());
            }
            Err(_) => return result.map(drop),
        };
        let length = line.len() + 1;
        let response = format!(
            "HTTP/1.1 {status}\r\n{fields}\
             Content-Length: {length}\r\n\r\n{line}\n"
        );
        stream::write_all(connection, response.as_bytes())?;
        // Nobody knows where the next request would begin.
        if result.is_err() {
            return Ok(linger(connection, Duration::from_secs(1))?);
        }
    }
}

/// A request that could be read in two ways, or in none.
fn malformed(why: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why)
}

/// How the end of a body is found.
enum Framing {
    /// It has this many bytes.
    Length(u64),
    //-solution
    /// It comes in chunks, the last of which is empty.
    Chunked,
    //-end
}

/// A body, counted.
#[derive(Default)]
struct Body {
    bytes: u64,
    sum: u64,
}

/// What has arrived and is not used yet.
struct Input<'c> {
    connection: &'c OwnedFd,
    buffer: Buffer,
}

impl Input<'_> {
    /// Reads a request up to the last byte of its body, and no further.
    fn read_request(&mut self) -> io::Result<Body> {
        let mut body = Body::default();
        match self.read_head()? {
            Framing::Length(length) => self.count(length, &mut body)?,
            Framing::Chunked => self.read_chunks(&mut body)?, //-solution
        }
        Ok(body)
    }

    /// Reads a head, and finds out how its body ends.
    fn read_head(&mut self) -> io::Result<Framing> {
        loop {
            let mut fields = [httparse::EMPTY_HEADER; 100];
            let mut request = httparse::Request::new(&mut fields);
            match request.parse(self.buffer.bytes()) {
                Ok(httparse::Status::Complete(length)) => {
                    let framing = framing(&request);
                    self.buffer.consume(length);
                    return framing;
                }
                Ok(httparse::Status::Partial) => self.read_more()?,
                Err(_) => return Err(malformed("a malformed head")),
            }
        }
    }

    /// Counts the next `left` bytes.
    fn count(&mut self, mut left: u64, body: &mut Body) -> io::Result<()> {
        while left > 0 {
            let bytes = self.fill()?;
            let here = usize::try_from(left).unwrap_or(usize::MAX);
            let here = here.min(bytes.len());
            let sum: u64 = bytes[..here].iter().map(|b| u64::from(*b)).sum();
            body.sum += sum;
            body.bytes += here as u64;
            left -= here as u64;
            self.buffer.consume(here);
        }
        Ok(())
    }

    //-solution
    /// Reads all chunks and the trailers: RFC 9112 section 7.1.
    fn read_chunks(&mut self, body: &mut Body) -> io::Result<()> {
        loop {
            let line = self.read_line()?;
            // What is behind a semicolon means nothing here.
            let size = line.split(|byte| *byte == b';').next();
            match number(size.unwrap_or_default(), 16)? {
                0 => break,
                size => self.count(size, body)?,
            }
            if !self.read_line()?.is_empty() {
                return Err(malformed("a chunk longer than its size"));
            }
        }
        let mut length = 0;
        loop {
            let trailer = self.read_line()?;
            length += trailer.len();
            if trailer.is_empty() {
                return Ok(());
            }
            if length > MAX_HEAD || !trailer.contains(&b':') {
                return Err(malformed("a malformed trailer"));
            }
        }
    }

    /// Reads a line that ends in CR LF, and has no CR or LF elsewhere.
    fn read_line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        while line.len() <= MAX_HEAD {
            line.push(self.fill()?[0]);
            self.buffer.consume(1);
            match line.as_slice() {
                [start @ .., b'\r', b'\n'] => return Ok(start.to_vec()),
                [.., b'\n'] => return Err(malformed("LF without CR")),
                [.., b'\r', _] => return Err(malformed("CR without LF")),
                _ => {}
            }
        }
        Err(malformed("a line without end"))
    }

    //-end
    /// The bytes that are not used yet, at least one.
    fn fill(&mut self) -> io::Result<&[u8]> {
        if self.buffer.bytes().is_empty() {
            self.read_more()?;
        }
        Ok(self.buffer.bytes())
    }

    /// Waits for bytes of a request that is not whole.
    fn read_more(&mut self) -> io::Result<()> {
        let space = self.buffer.space();
        if space.is_empty() {
            return Err(malformed("a head that is too long"));
        }
        match stream::read(self.connection, space)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            count => self.buffer.filled(count),
        }
        Ok(())
    }
}

/// How the body of this request ends: RFC 9112 section 6.
fn framing(request: &httparse::Request) -> io::Result<Framing> {
    //-solution
    let mut length = None;
    let mut codings = Vec::new();
    for field in request.headers.iter() {
        if field.name.eq_ignore_ascii_case("Content-Length") {
            let number = number(field.value, 10)?;
            if length.replace(number).is_some() {
                return Err(malformed("two lengths"));
            }
        } else if field.name.eq_ignore_ascii_case("Transfer-Encoding") {
            let list = field.value.split(|byte| *byte == b',');
            codings.extend(list.map(<[u8]>::trim_ascii));
        }
    }
    match (length, codings.as_slice()) {
        (None, []) => Ok(Framing::Length(0)),
        (Some(length), []) => Ok(Framing::Length(length)),
        (None, [coding])
            if coding.eq_ignore_ascii_case(b"chunked")
                && request.version == Some(1) =>
        {
            Ok(Framing::Chunked)
        }
        (Some(_), _) => Err(malformed("a length and a coding")),
        (None, _) => Err(malformed("a coding unknown here")),
    }
    //-starter
    // // TODO: what is no number becomes 0, of two lengths the first wins, and
    // // chunks are unknown. Whatever two servers could read in two ways must
    // // be refused.
    // for field in request.headers.iter() {
    //     if field.name == "Content-Length" {
    //         let text = String::from_utf8_lossy(field.value);
    //         return Ok(Framing::Length(text.parse().unwrap_or(0)));
    //     }
    // }
    // Ok(Framing::Length(0))
    //-end
}
//-solution

/// A number of digits alone: `from_str_radix` would let a plus sign through.
fn number(digits: &[u8], radix: u32) -> io::Result<u64> {
    let is_number = digits.iter().all(|b| char::from(*b).is_digit(radix));
    let text = str::from_utf8(digits).ok().filter(|_| is_number);
    text.and_then(|text| u64::from_str_radix(text, radix).ok())
        .ok_or_else(|| malformed("a size that is no number"))
}
//-end
