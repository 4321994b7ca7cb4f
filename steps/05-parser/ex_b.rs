//! Exercise 05b, Name and value: form fields out of a stream.
//!
//! Try it: `cargo run --example 05b -- 127.0.0.1:8080`

use std::os::fd::OwnedFd;
use std::process::ExitCode;

use shared::cli::{self, Failure};
use shared::net::listener::Listener;
use shared::net::stream;

/// A longer line, line end included, is refused.
const MAX_LINE: usize = 8 * 1024;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let address = cli::server_address("usage: 05b [ADDRESS]")?;
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

/// Responds to each line until the client has no more.
fn serve(connection: &OwnedFd) -> nix::Result<()> {
    let mut buffer = [0; MAX_LINE];
    loop {
        // TODO: one read is not one line. It may be half of one, or three.
        let count = stream::read(connection, &mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        let line = String::from_utf8_lossy(&buffer[..count]);
        let response = fields(line.trim_end());
        stream::write_all(connection, response.as_bytes())?;
    }
}

/// The response to a line: how many fields, then the lengths and the bytes
/// of each name and value.
fn fields(line: &str) -> String {
    // TODO: this decodes first and cuts then, drops fields without a value,
    // and knows neither + nor a malformed percent sign.
    let line = line.replace("%20", " ");
    let pairs: Vec<(&str, &str)> =
        line.split('&').filter_map(|field| field.split_once('=')).collect();
    let mut response = pairs.len().to_string();
    for (name, value) in pairs {
        let (n, v) = (name.len(), value.len());
        response.push_str(&format!(" {n}:{name}={v}:{value}"));
    }
    response + "\n"
}
