//! Step 10: a program for a response.
//!
//! What is under `/cgi/` is a program, which runs for each request and writes
//! the response: RFC 3875. The child that serves a client starts it, feeds it,
//! reads its output, and sees to it that it ends.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use nix::errno::Errno;
use nix::libc::{self, c_int};
use nix::sys::prctl;
use nix::sys::signal::{self, SigHandler, Signal};
use nix::unistd::{self, ForkResult, Pid};
use shared::cli::{self, Failure};
use shared::events::handlers;
use shared::net::listener::Listener;
use shared::web::site::Limits;
use shared::web::{blocking, busy};

use site::Gateway;

mod environment;
mod output;
mod pipes;
mod program;
mod site;

const HELP: &str = "\
Step 10: serves the files beneath a directory, and under /cgi/ what programs
write. Each client has a process of its own. And GET /api/, POST /api/echo.

Usage: step10 [ADDRESS] [--root DIR] [--cgi DIR] [--timeout N] [--children N]

  ADDRESS       IP:PORT, [IPv6]:PORT or a port of 127.0.0.1 (default
                127.0.0.1:8080); port 0 takes a free one
  --root DIR    the directory (default: the small site of step 08)
  --cgi DIR     the directory of the programs (default: this step's)
  --timeout N   how many seconds a program has, up to 30 (default 10)
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

/// A program's time is taken from that of the response it writes, which has
/// `send`.
const MAX_TIMEOUT: usize = 30;

/// How many children have not been waited for.
static CHILDREN: AtomicUsize = AtomicUsize::new(0);

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let flags = ["root", "cgi", "timeout", "children"];
    let (address, [root, cgi, timeout, children]) =
        cli::server_arguments(HELP, flags)?;
    let most = cli::count("children", children, 256)?;
    let timeout = cli::count("timeout", timeout, 10)?;
    if timeout > MAX_TIMEOUT {
        return Err(Failure::usage("--timeout takes at most 30 seconds"));
    }
    let timeout = Duration::from_secs(timeout as u64);
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    let site = Gateway::open(listener.address(), [root, cgi], timeout)?;
    handlers::handle(&[
        (Signal::SIGCHLD, reap),
        (Signal::SIGINT, program::terminate),
        (Signal::SIGTERM, program::terminate),
    ])
    .map_err(|errno| Failure::new("cannot handle signals", errno))?;
    cli::announce(
        "http",
        listener.address(),
        ["curl -i {url}/cgi/hello.sh", "firefox {url}/"],
    );

    let parent = unistd::getpid();
    loop {
        let (socket, peer) = listener
            .accept()
            .map_err(|errno| Failure::new("cannot accept", errno))?;
        if CHILDREN.load(Relaxed) >= most {
            busy::refuse(&socket, peer, "all processes are busy");
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
                busy::refuse(&socket, peer, format_args!("cannot fork: {why}"));
            }
        }
    }
}

/// What a child does, from its first instruction to its last.
fn child(socket: &OwnedFd, peer: SocketAddr, site: &Gateway, parent: Pid) -> ! {
    // Ask the kernel to send this process a SIGTERM when the parent ends,
    // however that happens. It may have ended already.
    let result = prctl::set_pdeathsig(Signal::SIGTERM);
    // It waits for its own child itself: `reap` would take the status away.
    // SAFETY: no handler is set.
    let handler =
        unsafe { signal::signal(Signal::SIGCHLD, SigHandler::SigDfl) };
    if result.and(handler).is_ok() && unistd::getppid() == parent {
        let site = site.connect(socket, peer);
        blocking::serve(socket, peer, &site, &LIMITS);
    }
    handlers::exit()
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
