//! Step 11: a thread for each client.
//!
//! Threads have one memory: one site, one counter, one semaphore. A permit of
//! the semaphore is taken before a client is accepted, so that there are
//! never too many threads, and the next client waits in the kernel's queue.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;
use shared::cli::{self, Failure};
use shared::events::handlers::{handle, terminate};
use shared::http::head::Head;
use shared::http::method::Method;
use shared::net::listener::Listener;
use shared::sync::semaphore::{Permit, Semaphore};
use shared::web::file_site::{Files, Resource};
use shared::web::site::{Body, Limits, Request, Responder, Site, Takes, Time};
use shared::web::{blocking, busy};

const HELP: &str = "\
Step 11: serves the files beneath a directory, each client in a thread of its
own. And GET /api/, POST /api/echo.

Usage: step11 [ADDRESS] [--root DIR] [--threads N]

  ADDRESS      IP:PORT, [IPv6]:PORT or a port of 127.0.0.1 (default
               127.0.0.1:8080); port 0 takes a free one
  --root DIR   the directory (default: the small site of step 08)
  --threads N  how many clients at once, from 1 (default 256); the next
               waits
  -h, --help
";

/// A client that waits costs a thread, but keeps no one else waiting.
static LIMITS: Limits = Limits {
    keepalive: Duration::from_secs(10),
    header: Duration::from_secs(10),
    body: Duration::from_secs(60),
    send: Duration::from_secs(60),
    lingering: Duration::from_secs(2),
    min_rate: 1024,
};

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let (address, [root, threads]) =
        cli::server_arguments(HELP, ["root", "threads"])?;
    let most = cli::count("threads", threads, 256)?;
    let (files, requests) = (Files::open(root)?, AtomicU64::new(0));
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    // The kernel calls them in any one thread: they end the process.
    handle(&[(Signal::SIGINT, terminate), (Signal::SIGTERM, terminate)])
        .map_err(|errno| Failure::new("cannot handle signals", errno))?;
    cli::announce(
        "http",
        listener.address(),
        ["curl -i {url}/", "firefox {url}/"],
    );
    serve_all(&listener, Numbered { files, requests }, most)
}

/// Serves each client in a thread of its own, and `most` of them at once.
pub fn serve_all<S>(
    listener: &Listener,
    site: S,
    most: usize,
) -> Result<(), Failure>
where
    S: Site + Send + Sync + 'static,
{
    let site = Arc::new(site);
    let semaphore = Semaphore::new(most);
    loop {
        // Before there is a client: if all threads are busy, it stays in the
        // kernel's queue.
        let permit = semaphore.acquire();
        let (socket, peer) = listener
            .accept()
            .map_err(|errno| Failure::new("cannot accept", errno))?;
        let (socket, site) = (Arc::new(socket), Arc::clone(&site));
        let own = Arc::clone(&socket);
        let work = move || client(permit, own, peer, site);
        // Ask for a thread. It fails if there may be no more, or there is no
        // memory for its stack; `work` is dropped then, with the permit.
        if let Err(error) = thread::Builder::new().spawn(work) {
            let why = cli::strerror(error);
            let why = format_args!("cannot start a thread: {why}");
            busy::refuse(&socket, peer, why);
        }
    }
}

/// What a thread does, from its first instruction to its last. However it
/// ends, its arguments are dropped, from the last to the first: the socket is
/// closed, and then the permit is given back.
fn client(
    _permit: Permit,
    socket: Arc<OwnedFd>,
    peer: SocketAddr,
    site: Arc<impl Site>,
) {
    blocking::serve(&socket, peer, &*site, &LIMITS);
}

/// The files; and the requests are numbered, whatever their connection.
pub struct Numbered {
    /// Responds to them.
    pub files: Files,
    /// How many there have been.
    pub requests: AtomicU64,
}

impl Site for Numbered {
    type Resource = Resource;

    fn locate(&self, head: &Head, time: &Time) -> Resource {
        self.files.locate(head, time)
    }

    fn takes(&self, method: Method, resource: &Resource) -> Takes {
        self.files.takes(method, resource)
    }

    fn respond(
        &self,
        mut request: Request<Resource>,
        content: &[u8],
        out: Responder,
    ) -> Body {
        // In one step: between reading a number and writing the next one,
        // another thread could read the same.
        request.number = self.requests.fetch_add(1, Relaxed) + 1;
        self.files.respond(request, content, out)
    }
}
