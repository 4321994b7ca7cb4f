//! Step 20: a whole site.
//!
//! What people do with a site: they read what is in a directory, fill in
//! forms, and leave files. New system calls: getdents64, openat, fchmod,
//! fsync, renameat2, unlinkat.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

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
use shared::web::workers::Workers;

mod app;
mod change;
mod form;
mod guestbook;
mod listing;
mod pages;
mod replacement;
mod reply;
mod resource;
mod router;
mod template;
mod templates;
mod trust;
mod uploads;
mod work;

use app::{App, Route};
use guestbook::GuestBook;
use pages::Pages;
use router::Router;
use templates::Templates;
use trust::Trust;
use uploads::Uploads;
use work::Work;

const HELP: &str = "\
Step 20: serves the files beneath a directory, lists directories, takes files
and has a guest book. And GET /api/, POST /api/echo, GET /api/hash?rounds=N.

Usage: step20 [ADDRESS] [--root DIR] [--write PATH] [--upload-max MIB]
              [--host NAME] [--fallback PATH] [--guestbook FILE]
              [--templates DIR] [--cache-mib N] [--workers N] [--pin]
              [--threads N] [--queue N]

  ADDRESS           IP:PORT, [IPv6]:PORT or a port of 127.0.0.1 (default
                    127.0.0.1:8080); port 0 takes a free one
  --root DIR        the directory (default: the small site of step 08)
  --write PATH      where clients may PUT and DELETE, such as /up
  --upload-max MIB  the largest file that they may send, from 0 to 1048576
                    (default: 1024)
  --host NAME       a name of this server, besides localhost, under which it
                    may be asked to change something
  --fallback PATH   the page for names that are not there, such as /index.html
  --guestbook FILE  where the guest book is kept: then there is /guestbook
  --templates DIR   the templates (default: those of step 20)
  --cache-mib N     how much memory each worker keeps files in, from 0 to
                    4096 MiB (default: 64)
  --workers N       how many loops, from 1 (default: one for each processor
                    that this process may use)
  --pin             keeps each worker on one of these processors
  --threads N       how many threads for what takes long, from 1 (default: as
                    many as workers)
  --queue N         how many of these requests wait, from 1 (default: 256), but
                    for those that a thread has fetched, 16 at most; the next
                    gets a 503
  -h, --help

Ctrl-C lets it finish the responses that it owes; a second one does not.
SIGUSR1 makes it say what each worker has done so far.
";

/// Of memory, for files.
const CACHE_MIB: usize = 64;

/// Of what takes long.
const QUEUE: usize = 256;

/// For one file that a client sends, and for the flag that says so.
const UPLOAD_MIB: usize = 1024;
const MAX_UPLOAD_MIB: usize = 1024 * 1024;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let flags = [
        "root",
        "write",
        "upload-max",
        "host",
        "fallback",
        "guestbook",
        "templates",
        "cache-mib",
        "workers",
        "pin",
        "threads",
        "queue",
    ];
    let (
        address,
        [
            root,
            write,
            upload,
            host,
            fallback,
            book,
            templates,
            mib,
            count,
            pin,
            threads,
            queue,
        ],
    ) = cli::server_arguments(HELP, flags)?;
    let mib = cli::number("cache-mib", mib, 4096, CACHE_MIB)?;
    let upload = cli::number("upload-max", upload, MAX_UPLOAD_MIB, UPLOAD_MIB)?;
    let write = cli::path("write", write)?;
    let fallback = cli::path("fallback", fallback)?;
    let numbers = processors::allowed()
        .map_err(|errno| Failure::new("cannot ask for processors", errno))?;
    let count = cli::count("workers", count, numbers.len())?;
    let threads = cli::count("threads", threads, count)?;
    let queue = cli::count("queue", queue, QUEUE)?;
    let files = Arc::new(Files::open(root)?);
    if let Some(path) = &write {
        let name = path.trim_matches('/').as_bytes();
        files.root().open_directory(name).map_err(|errno| {
            Failure::new(format_args!("cannot open --write {path}"), errno)
        })?;
    }
    if let Some(path) = &fallback
        && files.file(path.trim_start_matches('/').as_bytes()).is_none()
    {
        let what = format_args!("--fallback {path}: there is no such file");
        return Err(Failure::wrong(what));
    }
    let templates = Templates::load(templates)?;
    let guestbook =
        book.map(|it| GuestBook::open(PathBuf::from(it))).transpose()?;
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
    let pool = Pool::start(threads, queue, Work::run)?;
    let mut router = Router::new();
    if guestbook.is_some() {
        router.add("/guestbook", Route::GuestBook);
        router.add("/guestbook/{number}", Route::Entry);
    }
    let generation = Arc::new(AtomicU64::new(0));
    let uploads = write.map(|path| {
        let path = path.trim_end_matches('/');
        router.add(&format!("{path}/*"), Route::Writable);
        let (files, generation) = (Arc::clone(&files), Arc::clone(&generation));
        let sweep = work::sweep(&pool);
        let max_bytes = (upload as u64) << 20;
        Arc::new(Uploads::new(files, generation, max_bytes, sweep))
    });
    let host = host.map(|it| it.to_string_lossy().into_owned());
    let trust = Trust::new(address, host);
    let app = Arc::new(App {
        files: Arc::clone(&files),
        router,
        templates,
        trust,
        guestbook,
        uploads,
        fallback,
    });
    let mut workers = Workers::new()?;
    let share = limit / count as rlim_t;
    for (listener, number) in listeners.into_iter().zip(numbers.iter().cycle())
    {
        let (app, files) = (Arc::clone(&app), Arc::clone(&files));
        let generation = Arc::clone(&generation);
        let site = move || {
            let mut documents = Documents::new(files, mib << 20, share);
            documents.watch(generation);
            Pages::new(app, documents)
        };
        let submit = work::submit(&pool);
        workers.start(listener, site, submit, pin.as_ref().map(|_| *number))?;
    }
    cli::announce("http", address, ["curl -i {url}/", "firefox {url}/"]);
    cli::log(format_args!("step20: at most {limit} descriptors"));
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
