//! Exercise 11a, Count me: what many threads count together.
//!
//! Try it: `cargo run --example 11a -- 127.0.0.1:8080`

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use shared::cli::{self, Failure};
use shared::net::listener::Listener;

/// How often each name has been said.
type Counts = HashMap<Vec<u8>, u64>;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let address = cli::server_address("usage: 11a [ADDRESS]")?;
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    cli::print(format_args!("listening on {}", listener.address()));
    let counts = Arc::new(Mutex::new(Counts::new()));
    loop {
        let (socket, peer) = listener
            .accept()
            .map_err(|errno| Failure::new("cannot accept", errno))?;
        let counts = Arc::clone(&counts);
        let lost = move |error| eprintln!("{peer} lost: {error}");
        let work = move || respond(socket, &counts).unwrap_or_else(lost);
        thread::Builder::new().spawn(work).map(drop).unwrap_or_else(lost);
    }
}

/// Responds to each name with how often it has been said, and the name.
fn respond(socket: OwnedFd, counts: &Mutex<Counts>) -> io::Result<()> {
    let mut stream = TcpStream::from(socket);
    for name in BufReader::new(stream.try_clone()?).split(b'\n') {
        let name = name?;
        // TODO: other clients say names between this line…
        let count = lock(counts).get(&name).copied().unwrap_or(0) + 1;
        let mut response = format!("{count} ").into_bytes();
        response.extend(&name);
        response.push(b'\n');
        stream.write_all(&response)?;
        // TODO: … and this one.
        lock(counts).insert(name, count);
    }
    Ok(())
}

/// Nothing panics while it has the lock, so what it guards is whole.
fn lock(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}
