//! Exercise 05a, One byte at a time: takes heads out of a stream.
//!
//! Try it: `cargo run --example 05a -- 127.0.0.1:8080`

use std::os::fd::OwnedFd;
use std::process::ExitCode;

use shared::cli::{self, Failure};
use shared::net::listener::Listener;
use shared::net::stream;

/// A longer head is refused.
const MAX_HEAD: usize = 8 * 1024;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let address = cli::server_address("usage: 05a [ADDRESS]")?;
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

/// Responds to each head that the client sends, until it has no more.
fn serve(connection: &OwnedFd) -> nix::Result<()> {
    let mut buffer = [0; MAX_HEAD];
    loop {
        // TODO: one read is not one head. It may be half of one, or three
        // and a half. Keep what has come, take from it what is whole, and
        // remember how far you have looked.
        let count = stream::read(connection, &mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        let response = response(&buffer[..count]);
        stream::write_all(connection, response.as_bytes())?;
    }
}

/// The response to the head in `bytes`: method, target, number of fields.
fn response(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines();
    // TODO: this finds two words in anything. RFC 9112 says what a request
    // line is, and what a field is; the rest is refused with 400.
    let mut words = lines.next().unwrap_or_default().split_whitespace();
    let method = words.next().unwrap_or_default();
    let target = words.next().unwrap_or_default();
    let fields = lines.filter(|line| !line.is_empty()).count();
    format!("{method} {target} {fields}\n")
}
