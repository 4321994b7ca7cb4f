//! Exercise 06b, A pipeline without memory: responses for a client that
//! asks faster than it reads.
//!
//! Try it: `cargo run --example 06b -- 127.0.0.1:8080`

use std::os::fd::AsRawFd;
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
    let address = cli::server_address("usage: 06b [ADDRESS]")?;
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

/// Numbers the requests of a connection, until there are no more.
fn serve(connection: &OwnedFd) -> nix::Result<()> {
    socket::setsockopt(connection, sockopt::TcpNoDelay, &true)?;
    let mut input = Buffer::new(MAX_HEAD);
    let mut output = Vec::new();
    let mut number = 0;
    loop {
        let next = head(input.bytes());
        if let Ok(Some(length)) = next {
            input.consume(length);
            number += 1;
            output.extend_from_slice(response(number).as_bytes());
            continue;
        }
        // TODO: nobody is kept waiting here: what the kernel does not take
        // now, it will take later. How much can that become, and when is
        // "later" if the client has nothing more to ask?
        let now = socket::MsgFlags::MSG_DONTWAIT;
        match socket::send(connection.as_raw_fd(), &output, now) {
            Ok(taken) => {
                output.drain(..taken);
            }
            Err(Errno::EAGAIN) => {}
            Err(errno) => return Err(errno),
        }
        match next {
            Ok(None) if input.bytes().len() < MAX_HEAD => {}
            // Malformed, or too long.
            _ => return linger(connection, Duration::from_secs(1)),
        }
        match stream::read(connection, input.space())? {
            0 => return Ok(()),
            count => input.filled(count),
        }
    }
}

/// The length of the head at the beginning of `bytes`, if it is whole.
fn head(bytes: &[u8]) -> Result<Option<usize>, httparse::Error> {
    let mut fields = [httparse::EMPTY_HEADER; 100];
    match httparse::Request::new(&mut fields).parse(bytes)? {
        httparse::Status::Complete(length) => Ok(Some(length)),
        httparse::Status::Partial => Ok(None),
    }
}

/// A number in a line of a hundred bytes, and how to send it.
fn response(number: u64) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{number:.<99}\n")
}
