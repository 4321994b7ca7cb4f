//! Exercise 11b, Not too many: a bound on threads, and clients that wait.
//!
//! Try it: `cargo run --example 11b -- 127.0.0.1:8080 --threads 2`

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::thread;

use shared::cli::{self, Failure};
use shared::net::listener::Listener;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let usage = "usage: 11b [ADDRESS] [--threads N]";
    let (address, [threads]) = cli::server_arguments(usage, ["threads"])?;
    let most = cli::count("threads", threads, 4)?;
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    cli::print(format_args!("listening on {}", listener.address()));
    cli::log(format_args!("at most {most} clients at once"));
    loop {
        // TODO: the next client waits until there is a place.
        let (socket, peer) = listener
            .accept()
            .map_err(|errno| Failure::new("cannot accept", errno))?;
        let work = move || {
            if let Err(error) = respond(socket) {
                eprintln!("{peer} lost: {error}");
            }
            // TODO: a place is free again, however this ends.
        };
        if let Err(error) = thread::Builder::new().spawn(work) {
            eprintln!("{peer} lost: {error}");
        }
    }
}

/// Responds to each line with the line. There is a fault in it, which is not
/// yours to mend: it panics at `panic`.
fn respond(socket: OwnedFd) -> io::Result<()> {
    let mut stream = TcpStream::from(socket);
    for line in BufReader::new(stream.try_clone()?).split(b'\n') {
        let mut line = line?;
        assert!(line != b"panic", "a fault in the handler");
        line.push(b'\n');
        stream.write_all(&line)?;
    }
    Ok(())
}
