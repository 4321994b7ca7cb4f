//! Exercise 22a, Enough is enough: limits, and who is told of them.
//!
//! Try it: `cargo run --example 22a -- 127.0.0.1:8080`

use std::io;
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::thread;

use nix::errno::Errno;
use shared::cli::{self, Failure};
use shared::net::listener::Listener;
use shared::net::stream;

/// How long the body of a request is, or the status with which it is refused.
type Length = Result<usize, &'static str>;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let address = cli::server_address("usage: 22a [ADDRESS]")?;
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

fn serve(connection: &OwnedFd) -> io::Result<()> {
    let connection = connection.try_clone()?;
    let work = move || {
        let length = request(&connection); // TODO: how many are there?
        // Who has left does not need it.
        let _ = respond(&connection, length);
    };
    thread::Builder::new().spawn(work).map(drop)
}

fn respond(connection: &OwnedFd, length: Length) -> nix::Result<()> {
    let (status, body) = match length {
        Ok(length) => ("200 OK", format!("{length} bytes\n")),
        Err(status) => (status, "refused\n".to_string()),
    };
    let response = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream::write_all(connection, response.as_bytes())?;
    Ok(())
}

fn request(connection: &OwnedFd) -> Length {
    let (mut head, mut chunk) = (Vec::new(), [0; 4096]);
    let end = loop {
        let end = head.windows(4).position(|it| it == b"\r\n\r\n");
        if let Some(end) = end {
            break end + 4;
        }
        match stream::read(connection, &mut chunk) {
            Ok(count @ 1..) => head.extend(&chunk[..count]),
            Err(Errno::ETIMEDOUT) => return Err("408 Request Timeout"),
            _ => return Err("400 Bad Request"),
        }
    };
    let length = length(&head[..end]);
    let mut count = head.len() - end;
    while count < length {
        match stream::read(connection, &mut chunk) {
            Ok(more @ 1..) => count += more,
            _ => return Err("400 Bad Request"),
        }
    }
    Ok(length)
}

/// What Content-Length says: what is no number is too much.
fn length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head);
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    fields
        .find(|(name, _)| name.eq_ignore_ascii_case("Content-Length"))
        .map_or(0, |(_, value)| value.trim().parse().unwrap_or(usize::MAX))
}
