//! Exercise 04b, Slow hands: a second for a whole line.
//!
//! Try it: `cargo run --example 04b -- 127.0.0.1:8080`

use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{self, sockopt};
use nix::sys::time::{TimeVal, TimeValLike};
use shared::cli::{self, Failure};
use shared::net::listener::Listener;
use shared::net::stream;

/// A line has this long to arrive, from the first byte to the last.
const LINE_TIMEOUT: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let address = cli::server_address("usage: 04b [ADDRESS]")?;
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

/// Reads one line and responds with its length.
fn serve(connection: &OwnedFd) -> nix::Result<()> {
    let mut buffer = [0; 4096];
    let mut length = 0;
    // TODO: this limit is for one read, and a byte now and then renews it
    // for ever. The whole line has a second. And a client that is still
    // sending must be able to read what we say.
    let limit = TimeVal::milliseconds(LINE_TIMEOUT.as_millis() as i64);
    socket::setsockopt(connection, sockopt::ReceiveTimeout, &limit)?;
    let response = loop {
        match stream::read(connection, &mut buffer) {
            // The client has left in the middle of its line.
            Ok(0) => return Ok(()),
            Ok(count) => {
                let line = buffer[..count].iter().position(|b| *b == b'\n');
                length += line.unwrap_or(count);
                if line.is_some() {
                    break format!("{length} bytes\n");
                }
            }
            Err(Errno::EAGAIN) => break "too slow\n".to_string(),
            Err(errno) => return Err(errno),
        }
    };
    stream::write_all(connection, response.as_bytes())?;
    Ok(())
}
