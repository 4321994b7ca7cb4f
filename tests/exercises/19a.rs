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

//-main jobs

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
    unclaimed: Mutex<usize>, //-solution
    // unclaimed: Mutex<Vec<usize>>, // TODO: in each deque. //-starter
    /// Tells the workers that there is one more.
    arrived: Condvar,
}

impl Pool {
    /// A deque for each of the workers.
    fn new(workers: usize) -> Self {
        let deques = (0..workers).map(|_| Mutex::default()).collect();
        let unclaimed = Mutex::new(0); //-solution
        // let unclaimed = Mutex::new(vec![0; workers]); //-starter
        Pool { deques, unclaimed, arrived: Condvar::new() }
    }

    /// Puts a job into the deque of this worker.
    fn push(&self, number: usize, job: Job) {
        let number = number % self.deques.len();
        lock(&self.deques[number]).push_back(job);
        // Only now: whoever sets out finds one.
        //-solution
        *lock(&self.unclaimed) += 1;
        self.arrived.notify_one();
        //-starter
        // lock(&self.unclaimed)[number] += 1;
        // // One of them is the one.
        // self.arrived.notify_all();
        //-end
    }

    /// Takes a job for this worker, and sleeps until there is one.
    fn take(&self, number: usize) -> Job {
        let mut unclaimed = lock(&self.unclaimed);
        while *unclaimed == 0 { //-solution
        // while unclaimed[number] == 0 { //-starter
            let result = self.arrived.wait(unclaimed);
            unclaimed = result.unwrap_or_else(PoisonError::into_inner);
        }
        *unclaimed -= 1; //-solution
        // unclaimed[number] -= 1; //-starter
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
        //-solution
        // The lock goes at the end of this line: nobody ever has two.
        let own = lock(&self.deques[number]).pop_back();
        let count = self.deques.len();
        own.or_else(|| {
            (1..count).find_map(|distance| {
                lock(&self.deques[(number + distance) % count]).pop_front()
            })
        })
        //-end
        // // TODO: if there is none, look into the others' deques. //-starter
        // lock(&self.deques[number]).pop_back() //-starter
    }
}
