//! Exercise 16a, A part of it: a file whole, in part, or not again.
//!
//! Try it: `cargo run --example 16a -- 127.0.0.1:8080`

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::process::ExitCode;
use std::time::SystemTime;

use httparse::Request;
use shared::cli::{self, Failure};
use shared::http::date::Date;
use shared::http::method::Method;
use shared::http::response::Response;
use shared::http::status::Status;
use shared::http::validators::Validators;
use shared::net::buffer::Buffer;
use shared::net::listener::Listener;
use shared::net::stream;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let address = cli::server_address("usage: 16a [ADDRESS]")?;
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
    let (file, metadata) = (fs::read(FILE)?, fs::metadata(FILE)?);
    let size = file.len();
    let state = Validators {
        seconds: metadata.mtime(),
        nanoseconds: metadata.mtime_nsec() as u32,
        size: metadata.size(),
        inode: metadata.ino(),
    };
    let time = SystemTime::now();
    let now = Date::from_system_time(time);
    let (tag, modified) = (state.entity_tag(time), state.last_modified(now));
    let is_head = request.method == Some("HEAD");
    let method = if is_head { Method::Head } else { Method::Get };
    let all = (Status::Ok, 0..size);
    // TODO: some clients have it already, and some want a part of it.
    let (status, part) = all;
    let mut out = Vec::new();
    let response = Response::new(&mut out, status, method)
        .field("Date", now.imf_fixdate())
        .field("ETag", &tag);
    response
        .field("Content-Type", "text/markdown; charset=utf-8")
        .field("Last-Modified", modified.imf_fixdate())
        .body(&file[part]);
    Ok(stream::write_all(connection, &out)?)
}
