//! Exercise 08b, The right label: files with a type and a length.
//!
//! Try it: `cargo run --example 08b -- --root steps/08-files/site`

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::ExitCode;

use httparse::Request;
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

const NOT_FOUND: &str = "404 Not Found\r\nContent-Length: 0";

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

/// Responds to requests until there are no more.
fn serve(connection: &OwnedFd, root: &Root) -> io::Result<()> {
    let mut input = Buffer::new(16 * 1024);
    loop {
        let mut fields = [httparse::EMPTY_HEADER; 100];
        let mut request = Request::new(&mut fields);
        match request.parse(input.bytes()).map_err(io::Error::other)? {
            httparse::Status::Complete(length) => {
                respond(connection, root, &request)?;
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

/// Responds to GET or HEAD; or fails, if the response could not be sent as
/// promised.
fn respond(
    connection: &OwnedFd,
    root: &Root,
    request: &Request,
) -> io::Result<()> {
    socket::setsockopt(connection, sockopt::TcpNoDelay, &true)?;
    let target = request.path.unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default();
    let mut name = Vec::new();
    if decode_path(path, &mut name).is_err() {
        return Ok(send_head(connection, NOT_FOUND)?);
    }
    // TODO: a directory has an index.html, if its name ends in a slash; and
    // if it does not, the browser should be sent to the name that does.
    match root.open_entry(&name)? {
        Entry::File(file) => send_file(connection, &file),
        _ => Ok(send_head(connection, NOT_FOUND)?),
    }
}

/// Sends what every response begins with.
fn send_head(connection: &OwnedFd, head: &str) -> nix::Result<()> {
    let head = format!("HTTP/1.1 {head}\r\n\r\n");
    stream::write_all(connection, head.as_bytes())
}

/// Sends a file.
fn send_file(connection: &OwnedFd, file: &File) -> io::Result<()> {
    // TODO: not every file is text, or fits into memory, or stays as long
    // as it was. And the label should say what is in it.
    let mut content = vec![0; file.stat.st_size as usize];
    let count = uio::pread(&*file.descriptor, &mut content, 0)?;
    let text = String::from_utf8_lossy(&content[..count]);
    let (kind, size) = ("text/html", text.len());
    let head =
        format!("200 OK\r\nContent-Type: {kind}\r\nContent-Length: {size}");
    send_head(connection, &head)?;
    Ok(stream::write_all(connection, text.as_bytes())?)
}
