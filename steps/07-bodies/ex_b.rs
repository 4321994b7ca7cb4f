//! Exercise 07b, Through the middle: bodies in chunks, passed on.
//!
//! Try it: `cargo run --example 07b -- 127.0.0.1:8080`

use std::os::fd::OwnedFd;
use std::process::ExitCode;

use shared::net::listener::Listener;
use shared::net::stream;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let address = std::env::args().nth(1).ok_or("usage: 07b ADDRESS")?;
    let parsed =
        address.parse().map_err(|_| format!("{address} is no address"))?;
    let listener = Listener::open(parsed)
        .map_err(|errno| format!("cannot listen on {address}: {errno}"))?;
    println!("listening on {}", listener.address());
    loop {
        let (connection, _) = listener
            .accept()
            .map_err(|errno| format!("cannot accept: {errno}"))?;
        if let Err(errno) = serve(&connection) {
            eprintln!("client lost: {errno}");
        }
    }
}

/// Sends each body back in chunks of our own, until the stream ends.
fn serve(connection: &OwnedFd) -> nix::Result<()> {
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
