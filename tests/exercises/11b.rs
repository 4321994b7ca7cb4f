//! Exercise 11b, Not too many: a bound on threads, and clients that wait.
//!
//! Try it: `cargo run --example 11b -- 127.0.0.1:8080 --threads 2`

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError}; //-solution
use std::thread;

use shared::cli::{self, Failure};
use shared::net::listener::Listener;

//-main

fn run() -> Result<(), Failure> {
    let usage = "usage: 11b [ADDRESS] [--threads N]";
    let (address, [threads]) = cli::server_arguments(usage, ["threads"])?;
    let most = cli::count("threads", threads, 4)?;
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    cli::print(format_args!("listening on {}", listener.address()));
    cli::log(format_args!("at most {most} clients at once"));
    let places = Places::new(most); //-solution
    loop {
        // First a place, then a client for it. //-solution
        let place = take(&places); //-solution
        // // TODO: the next client waits until there is a place. //-starter
        let (socket, peer) = listener
            .accept()
            .map_err(|errno| Failure::new("cannot accept", errno))?;
        let work = move || {
            let _place = place; //-solution
            if let Err(error) = respond(socket) {
                eprintln!("{peer} lost: {error}");
            }
            // // TODO: a place is free again, however this ends. //-starter
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
//-solution

/// The number of free places.
struct Places {
    free: Mutex<usize>,
    returned: Condvar,
}

impl Places {
    fn new(places: usize) -> Arc<Self> {
        let (free, returned) = (Mutex::new(places), Condvar::new());
        Arc::new(Places { free, returned })
    }

    /// A number is right even if a thread has panicked.
    fn lock(&self) -> MutexGuard<'_, usize> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place for one client, which is free again when this is dropped.
struct Place(Arc<Places>);

/// Sleeps until there is a free place, and takes it.
fn take(places: &Arc<Places>) -> Place {
    let mut free = places.lock();
    while *free == 0 {
        let result = places.returned.wait(free);
        free = result.unwrap_or_else(PoisonError::into_inner);
    }
    *free -= 1;
    Place(Arc::clone(places))
}

impl Drop for Place {
    fn drop(&mut self) {
        *self.0.lock() += 1;
        self.0.returned.notify_one();
    }
}
//-end
