//! Exercise 16b, Several parts: one response for many ranges.
//!
//! Try it: `cargo run --example 16b -- 127.0.0.1:8080`

use std::fs;
use std::io;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::process::ExitCode;

use httparse::Request;
use shared::cli::{self, Failure};
use shared::http::fields;
use shared::http::method::Method;
use shared::http::response::Response;
use shared::http::status::Status;
use shared::net::buffer::Buffer;
use shared::net::listener::Listener;
use shared::net::stream;

/// What the file is.
const TYPE: &str = "text/markdown; charset=utf-8";

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let address = cli::server_address("usage: 16b [ADDRESS]")?;
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

/// What there is, whatever the target says.
const FILE: &str = "README.md";

/// Responds to requests until there are no more.
fn serve(connection: &OwnedFd) -> io::Result<()> {
    let mut input = Buffer::new(16 * 1024);
    loop {
        let mut fields = [httparse::EMPTY_HEADER; 100];
        let mut request = Request::new(&mut fields);
        match request.parse(input.bytes()).map_err(io::Error::other)? {
            httparse::Status::Complete(length) => {
                respond(connection, &request)?;
                input.consume(length);
            }
            httparse::Status::Partial => {
                match stream::read(connection, input.space())? {
                    // The end of the stream; or the buffer is full.
                    0 => return Ok(()),
                    count => input.filled(count),
                }
            }
        }
    }
}

/// Sends the response to GET or HEAD.
fn respond(connection: &OwnedFd, request: &Request) -> io::Result<()> {
    let file = fs::read(FILE)?;
    let size = file.len();
    let is_head = request.method == Some("HEAD");
    let method = if is_head { Method::Head } else { Method::Get };
    let value = fields::only(request.headers, "Range");
    let value = value.filter(|_| !is_head && size > 0);
    let parts = value.and_then(|value| ranges(value, size));
    // TODO: several parts are one response, too.
    let parts = parts.filter(|parts| parts.len() < 2);
    let status = match parts.as_deref() {
        Some([]) => Status::RangeNotSatisfiable,
        Some(_) => Status::PartialContent,
        None => Status::Ok,
    };
    let mut out = Vec::new();
    let response = Response::new(&mut out, status, method);
    match parts.as_deref() {
        Some([]) => {
            response.field("Content-Range", format!("bytes */{size}")).body(b"")
        }
        Some([part]) => response
            .field("Content-Type", TYPE)
            .field("Content-Range", content_range(part, size))
            .body(&file[part.clone()]),
        _ => response.field("Content-Type", TYPE).body(&file),
    }
    Ok(stream::write_all(connection, &out)?)
}

/// How a Content-Range field names a part.
fn content_range(part: &Range<usize>, size: usize) -> String {
    format!("bytes {}-{}/{size}", part.start, part.end - 1)
}

/// The ranges that the value of a Range field asks for, without those that are
/// not there; `None` if it is malformed.
fn ranges(value: &[u8], size: usize) -> Option<Vec<Range<usize>>> {
    let set = str::from_utf8(value).ok()?.strip_prefix("bytes=")?;
    let mut ranges = Vec::new();
    for spec in set.split(',') {
        let range = match spec.trim().split_once('-')? {
            ("", length) => size.saturating_sub(number(length)?)..size,
            (first, "") => number(first)?..size,
            (first, last) if number(first)? <= number(last)? => {
                number(first)?..number(last)?.saturating_add(1).min(size)
            }
            _ => return None,
        };
        ranges.extend(Some(range).filter(|range| !range.is_empty()));
    }
    Some(ranges)
}

/// Digits, and nothing else: `parse` would take a sign.
fn number(digits: &str) -> Option<usize> {
    digits.parse().ok().filter(|_| !digits.starts_with('+'))
}
