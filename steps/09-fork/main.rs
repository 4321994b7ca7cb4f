//! Step 09: a process for each client.
//!
//! The parent accepts and forks; each child serves one client and ends. That
//! a child has ended, the kernel says by a signal, and a handler waits for
//! it at once: what has ended and not been waited for is a zombie.

use std::fmt::Display;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use nix::errno::Errno;
use nix::libc::{self, c_int};
use nix::sys::prctl;
use nix::sys::signal::{self, SaFlags, SigAction, SigHandler, SigSet, Signal};
use nix::sys::socket::{setsockopt, sockopt};
use nix::sys::time::TimeVal;
use nix::unistd::{self, ForkResult, Pid};
use shared::cli::{self, Failure};
use shared::http::method::Method;
use shared::http::persistence::Persistence;
use shared::http::status::Status;
use shared::net::listener::Listener;
use shared::net::stream;
use shared::web::blocking;
use shared::web::file_site::Files;
use shared::web::site::{Limits, Responder, Time};

const HELP: &str = "\
Step 09: serves the files beneath a directory, each client in a process of
its own. And GET /api/, POST /api/echo.

Usage: step09 [ADDRESS] [--root DIR] [--children N]

  ADDRESS       IP:PORT, [IPv6]:PORT or a port of 127.0.0.1 (default
                127.0.0.1:8080); port 0 takes a free one
  --root DIR    the directory (default: the small site of step 08)
  --children N  how many clients at once, from 1 (default 256); the next
                gets a 503
  -h, --help
";

/// A client that waits costs a process, but keeps no one else waiting.
static LIMITS: Limits = Limits {
    keepalive: Duration::from_secs(10),
    header: Duration::from_secs(10),
    body: Duration::from_secs(60),
    send: Duration::from_secs(60),
    lingering: Duration::from_secs(2),
    min_rate: 1024,
};

/// How long the parent waits for the request of a client that it refuses,
/// in seconds and microseconds.
const REFUSAL_TIMEOUT: TimeVal = TimeVal::new(0, 10_000);

/// How many children have not been waited for.
static CHILDREN: AtomicUsize = AtomicUsize::new(0);

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let (address, [root, children]) =
        cli::server_arguments(HELP, ["root", "children"])?;
    let most = cli::count("children", children, 256)?;
    let site = Files::open(root)?;
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    handle_signals()
        .map_err(|errno| Failure::new("cannot handle signals", errno))?;
    cli::announce(
        "http",
        listener.address(),
        ["curl -i {url}/", "firefox {url}/"],
    );

    let parent = unistd::getpid();
    loop {
        let (socket, peer) = listener
            .accept()
            .map_err(|errno| Failure::new("cannot accept", errno))?;
        if CHILDREN.load(Relaxed) >= most {
            refuse(&socket, peer, "all processes are busy");
            continue;
        }
        // Counted before it exists: it may have ended before fork returns.
        CHILDREN.fetch_add(1, Relaxed);
        // Ask for a copy of this process. It fails if there may be no more
        // processes, or no memory for one.
        // SAFETY: there is one thread, so the copy finds no lock held by a
        // thread that was not copied.
        match unsafe { unistd::fork() } {
            Ok(ForkResult::Child) => {
                // Else the port would be taken as long as this client stays.
                drop(listener);
                child(&socket, peer, &site, parent);
            }
            // The parent's copy of the socket is closed here. As long as it
            // is open, a close by the child does not end the connection.
            Ok(ForkResult::Parent { .. }) => {}
            Err(errno) => {
                CHILDREN.fetch_sub(1, Relaxed);
                let why = cli::strerror(errno);
                refuse(&socket, peer, format_args!("cannot fork: {why}"));
            }
        }
    }
}

/// What a child does, from its first instruction to its last.
fn child(socket: &OwnedFd, peer: SocketAddr, site: &Files, parent: Pid) -> ! {
    // Ask the kernel to send this process a SIGTERM when the parent ends,
    // however that happens. It may have ended already.
    let result = prctl::set_pdeathsig(Signal::SIGTERM);
    if result.is_ok() && unistd::getppid() == parent {
        blocking::serve(socket, peer, site, &LIMITS);
    }
    exit()
}

/// Tells a client that it cannot be served now. Its request is read first, if
/// it comes at once: what is unread would make the closing a reset. The
/// parent has others to accept, so it waits no longer.
fn refuse(socket: &OwnedFd, peer: SocketAddr, why: impl Display) {
    let mut request = [0; 16 * 1024];
    // With this limit read(2) waits that long, but takes what is there
    // however late it is called. Who sends nothing is told as well.
    let _ = setsockopt(socket, sockopt::ReceiveTimeout, &REFUSAL_TIMEOUT)
        .and_then(|()| stream::read(socket, &mut request));
    let is_head = request.starts_with(b"HEAD ");
    let method = if is_head { Method::Head } else { Method::Get };
    let mut out = Vec::new();
    let (date, persistence) = (&Time::now().date, Persistence::Close);
    Responder { out: &mut out, method, persistence, date }
        .start(Status::ServiceUnavailable)
        .field("Retry-After", "1")
        .field("Content-Type", "text/plain; charset=utf-8")
        .body(b"Too many clients at once. Try again in a second.\n");
    // The buffer of a fresh socket has room for it. If the client has gone,
    // there is no one to tell.
    let _ = stream::write_all(socket, &out);
    cli::log(format_args!("{peer}: refused: {why}"));
}

/// Has the handlers below called when their signals come.
fn handle_signals() -> nix::Result<()> {
    let handlers: [(Signal, extern "C" fn(c_int)); 3] = [
        (Signal::SIGCHLD, reap),
        (Signal::SIGINT, terminate),
        (Signal::SIGTERM, terminate),
    ];
    for (signal, handler) in handlers {
        let handler = SigHandler::Handler(handler);
        // NOCLDSTOP: a child that is stopped has not ended. No RESTART: a
        // signal interrupts accept, and `Listener::accept` goes on.
        let flags = SaFlags::SA_NOCLDSTOP;
        let action = SigAction::new(handler, flags, SigSet::empty());
        // SAFETY: the handlers make system calls and touch an atomic, so
        // nothing that they interrupt matters to them.
        unsafe { signal::sigaction(signal, &action) }?;
    }
    // Who started this program may have blocked them, and a program keeps
    // the mask that it was started with.
    SigSet::from_iter(handlers.map(|(signal, _)| signal)).thread_unblock()
}

/// Waits for every child that has ended, without waiting for one to end.
extern "C" fn reap(_: c_int) {
    // A call may just have failed, and its errno not have been read.
    let errno = Errno::last_raw();
    // Signals do not queue: one may stand for thirty children.
    // SAFETY: no status is wanted, so there is no pointer to write through.
    while unsafe { libc::waitpid(-1, ptr::null_mut(), libc::WNOHANG) } > 0 {
        // Children from before this program began are not counted.
        let _ = CHILDREN.fetch_update(Relaxed, Relaxed, |n| n.checked_sub(1));
    }
    Errno::set_raw(errno);
}

/// Ends the parent, and so its children; or, in a child, the child.
extern "C" fn terminate(_: c_int) {
    exit()
}

fn exit() -> ! {
    // Not exit(3), which would write what the parent may have left in its
    // buffers, and is forbidden in a handler.
    // SAFETY: the call takes a number.
    unsafe { libc::_exit(0) }
}
