//! Exercise 08b, The right label: files with a type and a length.
//!
//! Try it: `cargo run --example 08b -- --root steps/08-files/site`

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::ExitCode;

use nix::sys::socket::{self, sockopt};
use nix::sys::uio;
use shared::cli::{self, Failure};
use shared::http::path::decode_path;
use shared::net::buffer::Buffer;
use shared::net::listener::Listener;
use shared::net::stream;

#[allow(dead_code, reason = "the exercise uses a part of it")]
#[path = "root.rs"]
mod root;

use root::{Entry, File, Root};

/// A longer head is refused.
const MAX_HEAD: usize = 16 * 1024;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let usage = "usage: 08b [ADDRESS] [--root DIRECTORY]";
    let (address, [root]) = cli::server_arguments(usage, ["root"])?;
    let path = root.map_or(".".into(), PathBuf::from);
    let root = Root::open(&path).map_err(|errno| {
        Failure::new(format_args!("cannot open {}", path.display()), errno)
    })?;
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    println!("listening on {}", listener.address());
    loop {
        let (connection, _) = listener
            .accept()
            .map_err(|errno| Failure::new("cannot accept", errno))?;
        if let Err(errno) = serve(&connection, &root) {
            eprintln!("client lost: {errno}");
        }
    }
}

/// Responds to requests until there are no more, or until a response could
/// not be sent as promised.
fn serve(connection: &OwnedFd, root: &Root) -> io::Result<()> {
    socket::setsockopt(connection, sockopt::TcpNoDelay, &true)?;
    let mut input = Buffer::new(MAX_HEAD);
    while let Some(request) = next(connection, &mut input)? {
        respond(connection, root, &request)?;
    }
    Ok(())
}

/// What is asked: GET or HEAD of a path.
struct Request {
    // TODO: which of the two?
    path: String,
}

/// Reads up to the end of a head. `None` when there is no further one.
fn next(
    connection: &OwnedFd,
    input: &mut Buffer,
) -> nix::Result<Option<Request>> {
    loop {
        let mut fields = [httparse::EMPTY_HEADER; 100];
        let mut head = httparse::Request::new(&mut fields);
        match head.parse(input.bytes()) {
            Ok(httparse::Status::Complete(length)) => {
                let target = head.path.unwrap_or_default();
                let path = target.split('?').next().unwrap_or_default();
                let request = Request { path: path.to_string() };
                input.consume(length);
                return Ok(Some(request));
            }
            Ok(httparse::Status::Partial) => {}
            Err(_) => return Ok(None),
        }
        match stream::read(connection, input.space())? {
            0 => return Ok(None),
            count => input.filled(count),
        }
    }
}

/// Responds to one request.
fn respond(
    connection: &OwnedFd,
    root: &Root,
    request: &Request,
) -> io::Result<()> {
    let mut name = Vec::new();
    if decode_path(&request.path, &mut name).is_err() {
        return refuse(connection, request);
    }
    // TODO: a directory has an index.html, if its name ends in a slash; and
    // if it does not, the browser should be sent to the name that does.
    match root.open_entry(&name)? {
        Entry::File(file) => send_file(connection, &file),
        Entry::Directory | Entry::NotFound => refuse(connection, request),
    }
}

/// Sends what every response begins with.
fn send_head(
    connection: &OwnedFd,
    status: &str,
    fields: &str,
    length: u64,
) -> nix::Result<()> {
    let head = format!(
        "HTTP/1.1 {status}\r\n{fields}Content-Length: {length}\r\n\r\n"
    );
    stream::write_all(connection, head.as_bytes())
}

/// There is no such file.
fn refuse(connection: &OwnedFd, request: &Request) -> io::Result<()> {
    let body = format!("There is no {}.\n", request.path);
    let length = body.len() as u64;
    let fields = "Content-Type: text/plain; charset=utf-8\r\n";
    send_head(connection, "404 Not Found", fields, length)?;
    Ok(stream::write_all(connection, body.as_bytes())?)
}

/// Sends a file.
fn send_file(connection: &OwnedFd, file: &File) -> io::Result<()> {
    // TODO: not every file is text, or fits into memory, or stays as long
    // as it was. And the label should say what is in it.
    let mut content = vec![0; file.stat.st_size as usize];
    let count = uio::pread(&*file.descriptor, &mut content, 0)?;
    let text = String::from_utf8_lossy(&content[..count]);
    let fields = "Content-Type: text/html\r\n";
    send_head(connection, "200 OK", fields, text.len() as u64)?;
    Ok(stream::write_all(connection, text.as_bytes())?)
}
