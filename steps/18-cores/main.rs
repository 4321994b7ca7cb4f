//! Step 18: a loop per processor.
//!
//! Each loop is a thread with its own listener, its own clients and its own
//! cache, and none waits for another. New system calls: eventfd2,
//! sched_getaffinity, sched_setaffinity.

use std::process::ExitCode;
use std::sync::Arc;

use nix::libc::rlim_t;
use nix::sys::signal::{SigSet, Signal};
use shared::cli::{self, Failure};
use shared::events::handlers::{handle, terminate};
use shared::net::limit::raise_descriptors;
use shared::net::listener::Listener;
use shared::sync::processors;
use shared::web::documents::Documents;
use shared::web::file_site::Files;

mod workers;

use workers::Workers;

const HELP: &str = "\
Step 18: serves the files beneath a directory, with a loop on each processor.
And GET /api/, POST /api/echo.

Usage: step18 [ADDRESS] [--root DIR] [--cache-mib N] [--workers N] [--pin]

  ADDRESS        IP:PORT, [IPv6]:PORT or a port of 127.0.0.1 (default
                 127.0.0.1:8080); port 0 takes a free one
  --root DIR     the directory (default: the small site of step 08)
  --cache-mib N  how much memory each worker keeps files in, from 0 to
                 4096 MiB (default: 64)
  --workers N    how many loops, from 1 (default: one for each processor
                 that this process may use)
  --pin          keeps each worker on one of these processors
  -h, --help

Ctrl-C lets it finish the responses that it owes; a second one does not.
SIGUSR1 makes it say what each worker has done so far.
";

/// Of memory, for files.
const CACHE_MIB: usize = 64;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let flags = ["root", "cache-mib", "workers", "pin"];
    let (address, [root, mib, count, pin]) =
        cli::server_arguments(HELP, flags)?;
    let mib = cli::number("cache-mib", mib, 4096, CACHE_MIB)?;
    let numbers = processors::allowed()
        .map_err(|errno| Failure::new("cannot ask for processors", errno))?;
    let count = cli::count("workers", count, numbers.len())?;
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
    let mut workers = Workers::new()?;
    let share = limit / count as rlim_t;
    for (listener, number) in listeners.into_iter().zip(numbers.iter().cycle())
    {
        let files = Arc::clone(&files);
        let site = move || Documents::new(files, mib << 20, share);
        workers.start(listener, site, pin.as_ref().map(|_| *number))?;
    }
    cli::announce("http", address, ["curl -i {url}/", "firefox {url}/"]);
    cli::log(format_args!("step18: at most {limit} descriptors"));
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
