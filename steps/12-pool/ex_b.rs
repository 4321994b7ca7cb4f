//! Exercise 12b, The fast lane: two classes of requests, and workers for both.
//!
//! Try it: `cargo run --example 12b -- 127.0.0.1:8080 --workers 1`

use std::collections::VecDeque;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use shared::cli::{self, Failure};
use shared::net::listener::Listener;

fn main() -> ExitCode {
    cli::main(|| {
        let usage = "usage: 12b [ADDRESS] [--workers N]";
        let (address, [workers]) = cli::server_arguments(usage, ["workers"])?;
        serve(address, cli::count("workers", workers, 4)?)
            .map_err(|error| Failure::new("cannot serve", error))
    })
}

fn serve(address: SocketAddr, workers: usize) -> io::Result<()> {
    let listener = Listener::open(address)?;
    let queue = Arc::new(Queue::default());
    for _ in 0..workers {
        let queue = Arc::clone(&queue);
        thread::Builder::new().spawn(move || work(&queue))?;
    }
    cli::print(format_args!("listening on {}", listener.address()));
    loop {
        let (socket, peer) = listener.accept()?;
        let queue = Arc::clone(&queue);
        let lost = move |error| cli::log(format_args!("{peer} lost: {error}"));
        let read = move || read(socket, &queue).unwrap_or_else(lost);
        thread::Builder::new().spawn(read).map(drop).unwrap_or_else(lost);
    }
}

/// Puts the requests of a client into the queue, each of them a line.
fn read(socket: OwnedFd, queue: &Queue) -> io::Result<()> {
    let stream = TcpStream::from(socket);
    let client = Arc::new(Mutex::new(stream.try_clone()?));
    for line in BufReader::new(stream).lines() {
        queue.push(Request { name: line?, client: Arc::clone(&client) });
    }
    Ok(())
}

/// What a worker does: it responds to one request after the other.
fn work(queue: &Queue) {
    loop {
        let Request { name, client } = queue.pop();
        let content = fs::read(name);
        let content = content.unwrap_or_else(|_| b"404 not found\n".to_vec());
        // One response at a time: two workers may have the same client.
        let mut client = client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = client.write_all(&content) {
            cli::log(format_args!("client lost: {error}"));
        }
    }
}

/// The name of a file, and who wants to have what is in it.
struct Request {
    name: String,
    client: Arc<Mutex<TcpStream>>,
}

/// The requests that wait for a worker.
#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    /// Tells a worker that there is a request.
    arrived: Condvar,
}

#[derive(Default)]
struct Waiting {
    // TODO: there are two classes.
    all: VecDeque<Request>,
}

impl Queue {
    fn push(&self, request: Request) {
        self.lock().put(request);
        self.arrived.notify_one();
    }

    /// Takes the next request, and sleeps until there is one.
    fn pop(&self) -> Request {
        let mut waiting = self.lock();
        loop {
            if let Some(request) = waiting.take() {
                return request;
            }
            let result = self.arrived.wait(waiting);
            waiting = result.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Puts a request behind those of its class.
    fn put(&mut self, request: Request) {
        // TODO: it is fast if its name starts with "fast/".
        self.all.push_back(request);
    }

    /// The next request: a fast one, if there is one, but a slow one if the
    /// last four were fast.
    fn take(&mut self) -> Option<Request> {
        // TODO: this is the order in which they came.
        self.all.pop_front()
    }
}
