//! Step 12: a pool of threads.
//!
//! One thread accepts, a fixed number of workers serve, and between them is a
//! queue with room for a few: the next client hears at once that there is
//! none. A signal begins the end, in which no response is lost.

use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::panic::{self, AssertUnwindSafe};
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal};
use nix::sys::socket::{self, Shutdown};
use shared::cli::{self, Failure};
use shared::events::handlers::{handle, terminate};
use shared::net::listener::Listener;
use shared::sync::queue::Queue;
use shared::web::file_site::Files;
use shared::web::site::{Limits, Site};
use shared::web::{blocking, busy, drain};

const HELP: &str = "\
Step 12: serves the files beneath a directory, with a fixed number of threads.
And GET /api/, POST /api/echo.

Usage: step12 [ADDRESS] [--root DIR] [--workers N] [--queue N]

  ADDRESS      IP:PORT, [IPv6]:PORT or a port of 127.0.0.1 (default
               127.0.0.1:8080); port 0 takes a free one
  --root DIR   the directory (default: the small site of step 08)
  --workers N  how many clients at once, from 1 (default 16)
  --queue N    how many more wait, from 1 (default 64); the next gets a 503
  -h, --help

Ctrl-C lets it finish the responses that it owes; a second one does not.
";

/// A client that waits costs a worker, but keeps no one else waiting as long
/// as there are others. A drain lasts as long as these let its last client.
static LIMITS: Limits = Limits {
    keepalive: Duration::from_secs(10),
    header: Duration::from_secs(10),
    body: Duration::from_secs(60),
    send: Duration::from_secs(60),
    lingering: Duration::from_secs(2),
    min_rate: 1024,
};

/// A client that has been accepted.
type Client = (OwnedFd, SocketAddr);

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let (address, [root, workers, queue]) =
        cli::server_arguments(HELP, ["root", "workers", "queue"])?;
    let workers = cli::count("workers", workers, 16)?;
    let queue = Queue::new(cli::count("queue", queue, 64)?);
    let site = Files::open(root)?;
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    // Before there is another thread: it begins with the mask of the thread
    // that starts it. A blocked signal interrupts nothing, and waits.
    let signals = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM]);
    signals
        .thread_block()
        .map_err(|errno| Failure::new("cannot block signals", errno))?;
    let pool = Pool::start(listener, site, workers, queue)?;
    cli::announce(
        "http",
        pool.listener.address(),
        ["curl -i {url}/", "firefox {url}/"],
    );
    // Take one of these signals, and wait until there is one.
    signals
        .wait()
        .map_err(|errno| Failure::new("cannot wait for signals", errno))?;
    // A second one ends the process, whatever is still to be done.
    handle(&[(Signal::SIGINT, terminate), (Signal::SIGTERM, terminate)])
        .map_err(|errno| Failure::new("cannot handle signals", errno))?;
    pool.drain();
    Ok(())
}

/// A thread that accepts, and those that serve.
pub struct Pool {
    listener: Arc<Listener>,
    queue: Arc<Queue<Client>>,
    threads: Vec<JoinHandle<()>>,
}

impl Pool {
    /// Starts all threads, or as many workers as there may be.
    pub fn start<S>(
        listener: Listener,
        site: S,
        count: usize,
        queue: Queue<Client>,
    ) -> Result<Self, Failure>
    where
        S: Site + Send + Sync + 'static,
    {
        let (listener, queue) = (Arc::new(listener), Arc::new(queue));
        let (site, mut workers) = (Arc::new(site), Vec::new());
        let own = (Arc::clone(&listener), Arc::clone(&queue));
        let accepting = thread::Builder::new()
            .spawn(move || accept(&own.0, &own.1))
            .map_err(|error| Failure::new("cannot start a thread", error))?;
        while workers.len() < count {
            let own = (Arc::clone(&queue), Arc::clone(&site));
            match thread::Builder::new().spawn(move || work(&own.0, &*own.1)) {
                Ok(worker) => workers.push(worker),
                Err(error) if workers.is_empty() => {
                    return Err(Failure::new("cannot start a thread", error));
                }
                Err(error) => {
                    let (started, why) = (workers.len(), cli::strerror(error));
                    cli::log(format_args!(
                        "{started} of {count} workers: cannot start more: \
                         {why}"
                    ));
                    break;
                }
            }
        }
        workers.push(accepting);
        Ok(Pool { listener, queue, threads: workers })
    }

    /// Serves the clients that have been accepted, and no others.
    pub fn drain(self) {
        drain::start();
        // No event, which accept could miss, but a state of the socket: each
        // accept fails from now on, and the one that waits. The kernel
        // refuses new connections.
        let listener = self.listener.as_fd().as_raw_fd();
        let _ = socket::shutdown(listener, Shutdown::Read);
        self.queue.close();
        for thread in self.threads {
            // No worker has panicked: it catches what its clients cause. And
            // the thread that accepts may be refusing one.
            let _ = thread.join();
        }
    }
}

/// What the first thread does: it never waits for a worker.
fn accept(listener: &Listener, queue: &Queue<Client>) {
    loop {
        match listener.accept() {
            Ok(client) => {
                if let Err((socket, peer)) = queue.try_push(client) {
                    busy::refuse(&socket, peer, "the queue takes no more");
                }
            }
            Err(_) if drain::is_on() => return,
            Err(errno) => {
                let why = cli::strerror(errno);
                cli::log(format_args!("step12: cannot accept: {why}"));
                process::exit(1);
            }
        }
    }
}

/// What a worker does, from its first instruction to its last.
fn work(queue: &Queue<Client>, site: &impl Site) {
    while let Some((socket, peer)) = queue.pop() {
        // A panic takes its connection, but no worker. What it leaves half
        // done is the connection, and nobody sees that again.
        let serve = || blocking::serve(&socket, peer, site, &LIMITS);
        let _ = panic::catch_unwind(AssertUnwindSafe(serve));
    }
}
