//! Step 19: slow work elsewhere.
//!
//! What takes long to compute is not done in a loop. Threads do it, each with a
//! queue of its own; who has nothing to do takes work from another. No new
//! system call.

use std::process::ExitCode;
use std::sync::Arc;

use nix::libc::rlim_t;
use nix::sys::signal::{SigSet, Signal};
use shared::cli::{self, Failure};
use shared::events::handlers::{handle, terminate};
use shared::net::limit::raise_descriptors;
use shared::net::listener::Listener;
use shared::sync::processors;
use shared::sync::stealing::Pool;
use shared::web::documents::Documents;
use shared::web::file_site::Files;
use shared::web::late::Task;
use shared::web::workers::Workers;

mod hash;

use hash::Hashing;

const HELP: &str = "\
Step 19: serves the files beneath a directory, with a loop on each processor,
and what takes long by other threads: GET /api/hash?rounds=N. And GET /api/,
POST /api/echo.

Usage: step19 [ADDRESS] [--root DIR] [--cache-mib N] [--workers N] [--pin]
              [--threads N] [--queue N]

  ADDRESS        IP:PORT, [IPv6]:PORT or a port of 127.0.0.1 (default
                 127.0.0.1:8080); port 0 takes a free one
  --root DIR     the directory (default: the small site of step 08)
  --cache-mib N  how much memory each worker keeps files in, from 0 to
                 4096 MiB (default: 64)
  --workers N    how many loops, from 1 (default: one for each processor
                 that this process may use)
  --pin          keeps each worker on one of these processors
  --threads N    how many threads for what takes long, from 1 (default: as
                 many as workers)
  --queue N      how many of these requests wait, from 1 (default: 256), but
                 for those that a thread has fetched, 16 at most; the next
                 gets a 503
  -h, --help

Ctrl-C lets it finish the responses that it owes; a second one does not.
SIGUSR1 makes it say what each worker has done so far.
";

/// Of memory, for files.
const CACHE_MIB: usize = 64;

/// Of requests that take long.
const QUEUE: usize = 256;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let flags = ["root", "cache-mib", "workers", "pin", "threads", "queue"];
    let (address, [root, mib, count, pin, threads, queue]) =
        cli::server_arguments(HELP, flags)?;
    let mib = cli::number("cache-mib", mib, 4096, CACHE_MIB)?;
    let numbers = processors::allowed()
        .map_err(|errno| Failure::new("cannot ask for processors", errno))?;
    let count = cli::count("workers", count, numbers.len())?;
    let threads = cli::count("threads", threads, count)?;
    let queue = cli::count("queue", queue, QUEUE)?;
    let files = Arc::new(Files::open(root)?);
    let limit = raise_descriptors()
        .map_err(|errno| Failure::new("cannot raise RLIMIT_NOFILE", errno))?;
    let listeners = Listener::open_group(address, count)
        .map_err(|errno| Failure::listening(address, errno))?;
    let address = listeners[0].address();
    // Before there is another thread: it begins with the mask of the thread
    // that starts it.
    let signals = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGUSR1];
    let signals = SigSet::from_iter(signals);
    signals
        .thread_block()
        .map_err(|errno| Failure::new("cannot block signals", errno))?;
    let pool = Pool::start(threads, queue, Task::run)?;
    let mut workers = Workers::new()?;
    let share = limit / count as rlim_t;
    for (listener, number) in listeners.into_iter().zip(numbers.iter().cycle())
    {
        let files = Arc::clone(&files);
        let site = move || Hashing(Documents::new(files, mib << 20, share));
        let pool = Arc::clone(&pool);
        let submit = Box::new(move |task| pool.submit(task));
        workers.start(listener, site, submit, pin.as_ref().map(|_| *number))?;
    }
    cli::announce("http", address, ["curl -i {url}/", "firefox {url}/"]);
    cli::log(format_args!("step19: at most {limit} descriptors"));
    let wait = || {
        // Take one of these signals, and wait until there is one.
        signals
            .wait()
            .map_err(|errno| Failure::new("cannot wait for signals", errno))
    };
    while wait()? == Signal::SIGUSR1 {
        workers.tell();
    }
    // A second one ends the process, whatever is still to be done.
    handle(&[(Signal::SIGINT, terminate), (Signal::SIGTERM, terminate)])
        .map_err(|errno| Failure::new("cannot handle signals", errno))?;
    workers.drain()?;
    workers.tell();
    Ok(())
}
