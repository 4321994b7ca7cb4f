//! Exercise 12a, A queue with an end: workers, and the clients that wait.
//!
//! Try it: `cargo run --example 12a -- 127.0.0.1:8080 --workers 2 --queue 2`

use std::collections::VecDeque;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::process::ExitCode;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use nix::sys::signal::{SigSet, Signal};
use nix::sys::socket;
use shared::cli::{self, Failure};
use shared::net::listener::Listener;

//-main

fn run() -> Result<(), Failure> {
    let usage = "usage: 12a [ADDRESS] [--workers N] [--queue N]";
    let (address, [workers, queue]) =
        cli::server_arguments(usage, ["workers", "queue"])?;
    let workers = cli::count("workers", workers, 4)?;
    let most = cli::count("queue", queue, 16)?;
    let listener = Listener::open(address)
        .map(Arc::new)
        .map_err(|errno| Failure::listening(address, errno))?;
    stop_on_signal(Arc::clone(&listener))
        .map_err(|error| Failure::new("cannot wait for signals", error))?;
    let queue = Arc::new(Queue::default());
    let threads = (0..workers).map(|_| {
        let queue = Arc::clone(&queue);
        thread::Builder::new().spawn(move || work(&queue))
    });
    let threads = threads
        .collect::<io::Result<Vec<_>>>()
        .map_err(|error| Failure::new("cannot start a thread", error))?;
    cli::print(format_args!("listening on {}", listener.address()));
    while let Ok((socket, _)) = listener.accept() {
        //-solution
        if let Err(socket) = queue.push(socket, most) {
            // If it has sent its line already, this close may reset the
            // connection: step 04 lingers, and here it is left out.
            let _ = TcpStream::from(socket).write_all(b"503 busy\n");
        }
        //-starter
        // // TODO: when the queue is full, the client is told "503 busy".
        // let _ = queue.push(socket, most);
        //-end
    }
    //-solution
    queue.close();
    // A worker that has panicked has ended as well.
    threads.into_iter().for_each(|thread| drop(thread.join()));
    //-starter
    // // TODO: there may be clients in the queue, and others are served.
    // drop(threads);
    //-end
    Ok(())
}

/// From the first SIGINT or SIGTERM on `accept` fails: the socket does not
/// listen any more.
fn stop_on_signal(listener: Arc<Listener>) -> io::Result<()> {
    let signals = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM]);
    // Before there are threads: each gets the mask of the one that starts it.
    signals.thread_block()?;
    let wait = move || {
        signals.wait()?;
        let socket = listener.as_fd().as_raw_fd();
        socket::shutdown(socket, socket::Shutdown::Both)
    };
    thread::Builder::new().spawn(wait).map(drop)
}

/// What a worker does: it serves one client after the other.
fn work(queue: &Queue) {
    while let Some(socket) = queue.pop() {
        if let Err(error) = respond(socket) {
            cli::log(format_args!("client lost: {error}"));
        }
    }
}

/// Responds to a line, the name of a file, with what is in the file.
fn respond(socket: OwnedFd) -> io::Result<()> {
    let mut stream = TcpStream::from(socket);
    let mut line = String::new();
    // No name of a file is longer.
    BufReader::new(&stream).take(1024).read_line(&mut line)?;
    let content = fs::read(line.trim_end());
    let content = content.unwrap_or_else(|_| b"404 not found\n".to_vec());
    stream.write_all(&content)?;
    stream.shutdown(Shutdown::Write)
}

/// The clients that wait for a worker.
#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    /// Tells a worker that there is a client, or will be none.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    sockets: VecDeque<OwnedFd>,
    is_closed: bool, //-solution
}

impl Queue {
    /// Puts a client at the end of the queue, which has room for `most`.
    ///
    /// # Errors
    /// The client itself, when the queue is full.
    fn push(&self, socket: OwnedFd, most: usize) -> Result<(), OwnedFd> {
        let mut state = self.lock();
        if state.sockets.len() == most { //-solution
            return Err(socket); //-solution
        } //-solution
        // let _ = most; // TODO: it grows without end. //-starter
        state.sockets.push_back(socket);
        self.changed.notify_one();
        Ok(())
    }

    /// Takes the client at the head, and sleeps until there is one; `None`
    /// when there will be none.
    fn pop(&self) -> Option<OwnedFd> {
        let mut state = self.lock();
        // It may return although nobody has notified, and another //-solution
        // worker may have been faster: look again. //-solution
        while state.sockets.is_empty() && !state.is_closed { //-solution
        // // TODO: what if it wakes up, and there is none? //-starter
        // if state.sockets.is_empty() { //-starter
            let result = self.changed.wait(state);
            state = result.unwrap_or_else(PoisonError::into_inner);
        }
        state.sockets.pop_front()
    }
    //-solution

    /// No client comes any more. Those that are here are served.
    fn close(&self) {
        self.lock().is_closed = true;
        // Each worker that sleeps must know.
        self.changed.notify_all();
    }
    //-end

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
