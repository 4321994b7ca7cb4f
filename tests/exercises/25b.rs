//! Exercise 25b, All of them together: one sync for all who wait.
//!
//! Try it: `cargo run --example 25b -- 127.0.0.1:8080 --file /tmp/lines`

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{self, ExitCode};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use shared::cli::{self, Failure};
use shared::net::listener::Listener;

//-main

fn run() -> Result<(), Failure> {
    let usage = "usage: 25b [ADDRESS] --file FILE";
    let (address, [path]) = cli::server_arguments(usage, ["file"])?;
    let path = path.ok_or_else(|| Failure::usage("no --file"))?;
    let cannot = |error| Failure::new("cannot begin", error);
    let file = File::create(path).map_err(cannot)?;
    let (state, changed) = (Mutex::default(), Condvar::new());
    let service = Box::leak(Box::new(Service { file, state, changed }));
    let service: &'static Service = service;
    let commit = move || service.commit();
    thread::Builder::new().spawn(commit).map_err(cannot)?;
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    cli::print(format_args!("listening on {}", listener.address()));
    loop {
        let (socket, peer) = listener
            .accept()
            .map_err(|errno| Failure::new("cannot accept", errno))?;
        let lost = move |error| cli::log(format_args!("{peer} lost: {error}"));
        let talk = move || talk(socket.into(), service).unwrap_or_else(lost);
        thread::Builder::new().spawn(talk).map(drop).unwrap_or_else(lost);
    }
}

//-talk

/// What all threads have in common.
struct Service {
    file: File,
    state: Mutex<State>,
    changed: Condvar,
}

/// How many lines have been written, and how many are on the disk.
#[derive(Default)]
struct State {
    written: u64,
    durable: u64,
}

impl Service {
    /// Responds to `how many`, and to a line that is to be stored.
    fn respond(&self, line: &[u8]) -> String {
        if line == b"how many" {
            return format!("{}\n", self.lock().durable);
        }
        let mut state = self.lock();
        let line = [line, b"\n"].concat();
        // The file is theirs who have the lock: lines do not mix.
        (&self.file).write_all(&line).unwrap_or_else(fail);
        state.written += 1;
        let number = state.written;
        self.changed.notify_all();
        //-solution
        while state.durable < number {
            state = self.wait(state);
        }
        //-starter
        // // TODO: meanwhile everybody waits for the lock.
        // self.file.sync_data().unwrap_or_else(fail);
        // state.durable = number;
        //-end
        format!("stored {number}\n")
    }

    /// Has lines reach the disk: what a thread of its own does.
    fn commit(&self) {
        //-solution
        let mut state = self.lock();
        loop {
            while state.written == state.durable {
                state = self.wait(state);
            }
            let number = state.written;
            drop(state);
            self.file.sync_data().unwrap_or_else(fail);
            state = self.lock();
            state.durable = number;
            self.changed.notify_all();
        }
        //-starter
        // // TODO: one sync for all who wait.
        //-end
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
    //-solution

    /// Until something has changed.
    fn wait<'a>(
        &'a self,
        state: MutexGuard<'a, State>,
    ) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
    //-end
}

/// What is on the disk is not known any more: nobody is told anything.
fn fail(error: io::Error) {
    cli::log(format_args!("cannot store: {}", cli::strerror(error)));
    process::exit(1);
}
