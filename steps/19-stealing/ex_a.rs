//! Exercise 19a, Idle hands: a deque for each worker, and thieves.
//!
//! Try it: `cargo run --example 19a -- 127.0.0.1:8080 --workers 2`

use std::collections::VecDeque;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use shared::cli::{self, Failure};
use shared::net::listener::Listener;

fn main() -> ExitCode {
    cli::main(|| {
        let usage = "usage: 19a [ADDRESS] [--workers N]";
        let (address, [workers]) = cli::server_arguments(usage, ["workers"])?;
        serve(address, cli::count("workers", workers, 4)?)
            .map_err(|error| Failure::new("cannot serve", error))
    })
}

/// The name of a file, and who wants to know how long it is.
type Job = (String, Arc<Mutex<TcpStream>>);

/// A lock, whatever has become of the thread that had it before.
fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(address: SocketAddr, workers: usize) -> io::Result<()> {
    let listener = Listener::open(address)?;
    // It is there as long as the process.
    let pool: &'static Pool = Box::leak(Box::new(Pool::new(workers)));
    for number in 0..workers {
        thread::Builder::new().spawn(move || work(number, pool))?;
    }
    cli::print(format_args!("listening on {}", listener.address()));
    loop {
        let (socket, peer) = listener.accept()?;
        let lost = move |error| cli::log(format_args!("{peer} lost: {error}"));
        let read = move || read(socket.into(), pool).unwrap_or_else(lost);
        thread::Builder::new().spawn(read).map(drop).unwrap_or_else(lost);
    }
}

/// Reads the jobs of a client, each of them a line: a deque, and a name.
fn read(stream: TcpStream, pool: &Pool) -> io::Result<()> {
    // No response waits until the client has got the one before.
    stream.set_nodelay(true)?;
    let client = Arc::new(Mutex::new(stream.try_clone()?));
    for line in BufReader::new(stream).lines() {
        let line = line?;
        let (number, name) = line.split_once(' ').unwrap_or_default();
        let number = number.parse().map_err(io::Error::other)?;
        pool.push(number, (name.to_string(), Arc::clone(&client)));
    }
    Ok(())
}

/// What a worker does: one job after the other.
fn work(number: usize, pool: &Pool) {
    loop {
        let (name, client) = pool.take(number);
        // One that cannot be read has none.
        let count = fs::read(&name).map_or(0, |content| content.len());
        let response = format!("{number}: {name} has {count} bytes\n");
        // One response at a time: two workers may have the same client.
        if let Err(error) = lock(&client).write_all(response.as_bytes()) {
            cli::log(format_args!("client lost: {error}"));
        }
    }
}

/// The jobs that wait for a worker, the oldest at the front of each deque.
struct Pool {
    deques: Vec<Mutex<VecDeque<Job>>>,
    /// For so many of them no worker has set out yet.
    unclaimed: Mutex<Vec<usize>>, // TODO: in each deque.
    /// Tells the workers that there is one more.
    arrived: Condvar,
}

impl Pool {
    /// A deque for each of the workers.
    fn new(workers: usize) -> Self {
        let deques = (0..workers).map(|_| Mutex::default()).collect();
        let unclaimed = Mutex::new(vec![0; workers]);
        Pool { deques, unclaimed, arrived: Condvar::new() }
    }

    /// Puts a job into the deque of this worker.
    fn push(&self, number: usize, job: Job) {
        let number = number % self.deques.len();
        lock(&self.deques[number]).push_back(job);
        // Only now: whoever sets out finds one.
        lock(&self.unclaimed)[number] += 1;
        // One of them is the one.
        self.arrived.notify_all();
    }

    /// Takes a job for this worker, and sleeps until there is one.
    fn take(&self, number: usize) -> Job {
        let mut unclaimed = lock(&self.unclaimed);
        while unclaimed[number] == 0 {
            let result = self.arrived.wait(unclaimed);
            unclaimed = result.unwrap_or_else(PoisonError::into_inner);
        }
        unclaimed[number] -= 1;
        drop(unclaimed);
        loop {
            // There is a job for each who has set out. If others were faster
            // where this one has looked, it is elsewhere.
            if let Some(job) = self.find(number) {
                return job;
            }
        }
    }

    /// The newest job of its own, or the oldest of another worker.
    fn find(&self, number: usize) -> Option<Job> {
        // TODO: if there is none, look into the others' deques.
        lock(&self.deques[number]).pop_back()
    }
}
