//! Exercise 07a, Where does it end?: bodies, by length and in chunks.
//!
//! Try it: `cargo run --example 07a -- 127.0.0.1:8080`

use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::time::Duration;

use shared::cli::{self, Failure};
use shared::net::linger::linger;
use shared::net::listener::Listener;
use shared::net::stream;

/// A longer head is refused, and so are longer trailers, or a line as long.
const MAX_HEAD: usize = 16 * 1024;

//-server

type Input = BufReader<TcpStream>;

/// Responds to the client's requests until it has no more.
fn serve(connection: &OwnedFd) -> io::Result<()> {
    let mut input = Input::new(connection.try_clone()?.into());
    input.get_ref().set_nodelay(true)?;
    loop {
        let (status, line) = match read_request(&mut input) {
            Ok(line) => ("200 OK", line),
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                ("400 Bad Request\r\nConnection: close", error.to_string())
            }
            // The client has no more to say, or stopped in the middle.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let length = line.len() + 1;
        let response = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{line}\n"
        );
        stream::write_all(connection, response.as_bytes())?;
        // Nobody knows where the next request would begin.
        if status != "200 OK" {
            return Ok(linger(connection, Duration::from_secs(1))?);
        }
    }
}

/// A request that could be read in two ways, or in none.
fn malformed(why: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why)
}

/// A body, counted.
struct Body {
    bytes: u64,
    sum: u64,
}

/// Reads a request up to the last byte of its body, and no further.
fn read_request(input: &mut Input) -> io::Result<String> {
    let mut body = Body { bytes: 0, sum: 0 };
    match read_head(input)? {
        Some(length) => count(input, length, &mut body)?,
        None => read_chunks(input, &mut body)?, //-solution
        // None => return Err(malformed("chunks")), //-starter
    }
    let Body { bytes, sum } = body;
    Ok(format!("{bytes} bytes, sum {sum}"))
}

/// Reads a head: the length of its body, or `None` if that comes in chunks.
fn read_head(input: &mut Input) -> io::Result<Option<u64>> {
    let mut head = Vec::new();
    while head.len() <= MAX_HEAD && !head.ends_with(b"\r\n\r\n") {
        head.extend(read_line(input)?);
        head.extend(b"\r\n");
    }
    let mut fields = [httparse::EMPTY_HEADER; 100];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(&head) {
        Ok(httparse::Status::Complete(_)) => framing(&request),
        _ => Err(malformed("a malformed head")),
    }
}

/// Reads a line that ends in CR LF, and has no CR or LF elsewhere.
fn read_line(input: &mut Input) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    input.take(MAX_HEAD as u64).read_until(b'\n', &mut line)?;
    match line.as_slice() {
        [start @ .., b'\r', b'\n'] if !start.contains(&b'\r') => {
            Ok(start.to_vec())
        }
        [.., b'\n'] => Err(malformed("CR or LF alone")),
        _ if line.len() < MAX_HEAD => Err(ErrorKind::UnexpectedEof.into()),
        _ => Err(malformed("a line without end")),
    }
}

/// Counts the next `length` bytes.
fn count(input: &mut Input, length: u64, body: &mut Body) -> io::Result<()> {
    for _ in 0..length {
        let mut byte = [0];
        input.read_exact(&mut byte)?;
        body.sum += u64::from(byte[0]);
        body.bytes += 1;
    }
    Ok(())
}
//-solution

/// Reads all chunks and the trailers: RFC 9112 section 7.1.
fn read_chunks(input: &mut Input, body: &mut Body) -> io::Result<()> {
    loop {
        let line = read_line(input)?;
        // What is behind a semicolon means nothing here.
        let size = line.split(|byte| *byte == b';').next();
        match number(size.unwrap_or_default(), 16)? {
            0 => break,
            size => count(input, size, body)?,
        }
        if !read_line(input)?.is_empty() {
            return Err(malformed("a chunk longer than its size"));
        }
    }
    let mut length = 0;
    loop {
        let trailer = read_line(input)?;
        length += trailer.len();
        if trailer.is_empty() {
            return Ok(());
        }
        if length > MAX_HEAD || !trailer.contains(&b':') {
            return Err(malformed("a malformed trailer"));
        }
    }
}
//-end

/// How the body of this request ends: RFC 9112 section 6.
fn framing(request: &httparse::Request) -> io::Result<Option<u64>> {
    //-solution
    let values = |name: &str| {
        let fields = request.headers.iter();
        let same = fields.filter(|it| it.name.eq_ignore_ascii_case(name));
        same.map(|field| field.value).collect::<Vec<_>>()
    };
    let (lengths, codings) =
        (values("Content-Length"), values("Transfer-Encoding"));
    match (&lengths[..], &codings[..], request.version) {
        ([], [], _) => Ok(Some(0)),
        ([length], [], _) => number(length, 10).map(Some),
        ([], [coding], Some(1)) if coding.eq_ignore_ascii_case(b"chunked") => {
            Ok(None)
        }
        _ => Err(malformed("no end, or several")),
    }
    //-starter
    // // TODO: what is no number becomes 0, of two lengths the first wins, and
    // // chunks are unknown. Whatever two servers could read in two ways must
    // // be refused.
    // for field in request.headers.iter() {
    //     if field.name == "Content-Length" {
    //         let text = String::from_utf8_lossy(field.value);
    //         return text.parse().map(Some).or(Ok(Some(0)));
    //     }
    // }
    // Ok(Some(0))
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
