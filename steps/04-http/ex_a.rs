//! Exercise 04a, The last word: a response that arrives.
//!
//! Try it: `cargo run --example 04a -- 127.0.0.1:8080`

use std::os::fd::OwnedFd;
use std::process::ExitCode;

use shared::cli::{self, Failure};
use shared::net::listener::Listener;
use shared::net::stream;

/// Who sends more is told so.
const MOST: u64 = 1024 * 1024;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let address = cli::server_address("usage: 04a [ADDRESS]")?;
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

/// Counts what the client sends and says so.
fn serve(connection: &OwnedFd) -> nix::Result<()> {
    let mut buffer = [0; 16 * 1024];
    let mut total: u64 = 0;
    let mut sum: u64 = 0;
    // TODO: this responds to the first piece, and closes while others are on
    // their way: then the client's kernel may throw the response away.
    // Count up to the end of file; refuse what is longer than MOST at
    // once; and either way let the client read the response.
    let count = stream::read(connection, &mut buffer)?;
    total += count as u64;
    sum += buffer[..count].iter().map(|byte| u64::from(*byte)).sum::<u64>();
    let response = if total > MOST {
        "too long\n".to_string()
    } else {
        format!("{total} bytes, sum {sum}\n")
    };
    stream::write_all(connection, response.as_bytes())
}
