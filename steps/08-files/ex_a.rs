//! Exercise 08a, Stay inside: a directory that no name leads out of.
//!
//! Try it: `cargo run --example 08a -- --root steps/08-files/site`

use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use httparse::Request;
use nix::sys::socket::{self, Shutdown};
use shared::cli::{self, Failure};
use shared::net::buffer::Buffer;
use shared::net::listener::Listener;
use shared::net::stream;

/// The directory whose files are given away.
struct Root(PathBuf);

impl Root {
    fn open(path: &Path) -> nix::Result<Root> {
        // TODO: by tomorrow this may be another directory's name. Open it.
        Ok(Root(path.to_path_buf()))
    }
}

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let usage = "usage: 08a [ADDRESS] [--root DIRECTORY]";
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

/// Sends the response, and ends the connection.
fn respond(
    connection: &OwnedFd,
    root: &Root,
    request: &Request,
) -> io::Result<()> {
    let target = request.path.unwrap_or_default();
    // The query is for programs, and there are none here.
    let path = target.split('?').next().unwrap_or_default();
    // TODO: %20 is a blank, and a name that is no file beneath the root is
    // no client's business; nor is where the root is.
    let name = format!("{}{path}", root.0.display());
    let (status, content) = match fs::read(&name) {
        Ok(content) => ("200 OK", content),
        Err(error) => {
            let sorry = format!("cannot read {name}: {error}\n");
            ("404 Not Found", sorry.into_bytes())
        }
    };
    let length = content.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    stream::write_all(connection, head.as_bytes())?;
    stream::write_all(connection, &content)?;
    Ok(socket::shutdown(connection.as_raw_fd(), Shutdown::Both)?)
}
