//! Exercise 07b, Through the middle: bodies in chunks, passed on.
//!
//! Try it: `cargo run --example 07b -- 127.0.0.1:8080`

use std::io;
use std::os::fd::OwnedFd;
use std::process::ExitCode;

use shared::cli::{self, Failure};
use shared::net::listener::Listener;
use shared::net::stream;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let address = cli::server_address("usage: 07b [ADDRESS]")?;
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

/// Sends each body back in chunks of our own, until the stream ends.
fn serve(connection: &OwnedFd) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        // TODO: this passes on everything as it comes, malformed or not.
        // Read the chunks, and send their data in chunks of your own.
        let count = stream::read(connection, &mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        stream::write_all(connection, &buffer[..count])?;
    }
}
