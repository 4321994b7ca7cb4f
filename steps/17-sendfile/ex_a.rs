//! Exercise 17a, No copies: a file goes into the socket, not through us.
//!
//! Try it: `cargo run --example 17a -- 127.0.0.1:8080`

use std::fs::File;
use std::io;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::ExitCode;

use httparse::Request;
use shared::cli::{self, Failure};
use shared::http::method::Method;
use shared::http::response::Response;
use shared::http::status::Status;
use shared::net::buffer::Buffer;
use shared::net::listener::Listener;
use shared::net::stream;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let address = cli::server_address("usage: 17a [ADDRESS]")?;
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
    let is_head = request.method == Some("HEAD");
    let file = File::open("README.md")?;
    let size = file.metadata()?.len();
    let mut head = Vec::new();
    Response::new(&mut head, Status::Ok, Method::Get)
        .field("Content-Type", "text/markdown; charset=utf-8")
        .length(size);
    let body = if is_head { 0 } else { size };
    stream::write_all(connection, &head)?;
    // TODO: this copies the file into our memory, and out of it again.
    let mut content = Vec::new();
    file.take(body).read_to_end(&mut content)?;
    Ok(stream::write_all(connection, &content)?)
}
