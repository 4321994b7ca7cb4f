//! Exercise 18a, One port for four: workers with a queue each.
//!
//! Try it: `cargo run --example 18a -- 127.0.0.1:8080`

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use shared::cli::{self, Failure};

const WORKERS: usize = 4;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let address = cli::server_address("usage: 18a [ADDRESS]")?;
    let listening = |error| Failure::listening(address, error);
    let listeners = open(address).map_err(listening)?;
    let address = listeners[0].local_addr().map_err(listening)?;
    let mut threads = Vec::new();
    for (number, listener) in listeners.into_iter().enumerate() {
        let thread = thread::Builder::new()
            .spawn(move || work(number, &listener))
            .map_err(|error| Failure::new("cannot start a thread", error))?;
        threads.push(thread);
    }
    cli::print(format_args!("listening on {address}"));
    // They do not end, unless by a panic.
    threads.into_iter().for_each(|thread| drop(thread.join()));
    Ok(())
}

/// A listener for each worker.
fn open(address: SocketAddr) -> io::Result<Vec<TcpListener>> {
    let first = TcpListener::bind(address)?;
    // TODO: these are one socket, with one queue, in which all wait.
    (0..WORKERS).map(|_| first.try_clone()).collect()
}

/// Tells each client the number of the worker.
fn work(number: usize, listener: &TcpListener) {
    let line = format!("{number}\n");
    loop {
        match listener.accept() {
            // A client that has gone already misses nothing.
            Ok((mut client, _)) => drop(client.write_all(line.as_bytes())),
            // Most likely for want of descriptors: the next call would fail.
            Err(error) => {
                cli::log(format_args!("cannot accept: {error}"));
                thread::sleep(Duration::from_millis(100));
            }
        }
    }
}
