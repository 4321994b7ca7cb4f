//! Exercise 17b, Accepted codings: the same file, smaller.
//!
//! Try it: `cargo run --example 17b -- 127.0.0.1:8080`

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::io;
use std::os::fd::OwnedFd;
use std::process::ExitCode;

use httparse::Request;
use shared::cli::{self, Failure};
use shared::http::entity_tag::{EntityTag, any_matches};
use shared::http::method::Method;
use shared::http::range::{Selection, select};
use shared::http::response::Response;
use shared::http::status::Status;
use shared::net::buffer::Buffer;
use shared::net::listener::Listener;
use shared::net::stream;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let address = cli::server_address("usage: 17b [ADDRESS]")?;
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
    let fields = &*request.headers;
    let is_get = request.method == Some("GET");
    let method = if is_get { Method::Get } else { Method::Head };
    // TODO: README.md.gz and README.md.br: the same, coded.
    let (name, coding) = (FILE, None::<&str>);
    let body = fs::read(name)?;
    let size = body.len();
    // Other bytes, another tag.
    let mut hasher = DefaultHasher::new();
    hasher.write(&body);
    let tag = format!("\"{:x}\"", hasher.finish());
    let is_had = |it: &EntityTag| it.weak_eq(&EntityTag::new(&tag));
    let is_had = any_matches(fields, "If-None-Match", is_had) == Some(true);
    let (status, part) = match select(fields, size as u64) {
        _ if is_had => (Status::NotModified, 0..0),
        Selection::Part(part) if is_get => (Status::PartialContent, part),
        _ => (Status::Ok, 0..size as u64),
    };
    let mut out = Vec::new();
    let mut response = Response::new(&mut out, status, method);
    response = response.field("ETag", &tag);
    if status == Status::NotModified {
        response.end();
        return Ok(stream::write_all(connection, &out)?);
    }
    if let Some(coding) = coding {
        response = response.field("Content-Encoding", coding);
    }
    if status == Status::PartialContent {
        let range = format!("bytes {}-{}/{size}", part.start, part.end - 1);
        response = response.field("Content-Range", range);
    }
    response
        .field("Content-Type", "text/markdown; charset=utf-8")
        .body(&body[part.start as usize..part.end as usize]);
    Ok(stream::write_all(connection, &out)?)
}
