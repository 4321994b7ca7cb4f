//! Exercise 09a, No zombies: a process for each client, and none left over.
//!
//! Try it: `cargo run --example 09a -- 127.0.0.1:8080`

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::process::{self, ExitCode};
use std::ptr; //-solution

use nix::errno::Errno; //-solution
use nix::libc::{self, c_int};
use nix::sys::signal::{self, SaFlags, SigAction, SigHandler, SigSet, Signal};
use nix::sys::socket::{self, SockFlag};
use nix::unistd::{self, ForkResult};
use shared::cli::{self, Failure};
use shared::net::listener::Listener;

//-main

fn run() -> Result<(), Failure> {
    let address = cli::server_address("usage: 09a [ADDRESS]")?;
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    let (handler, flags) = (SigHandler::Handler(reap), SaFlags::SA_NOCLDSTOP);
    let action = SigAction::new(handler, flags, SigSet::empty());
    // SAFETY: the handler makes system calls, and nothing that it interrupts
    // matters to them.
    unsafe { signal::sigaction(Signal::SIGCHLD, &action) }
        .map_err(|errno| Failure::new("cannot handle SIGCHLD", errno))?;
    cli::print(format_args!("listening on {}", listener.address()));
    serve(&listener).map_err(|errno| Failure::new("cannot go on", errno))
}

/// Serves each client in a process of its own.
fn serve(listener: &Listener) -> nix::Result<()> {
    loop {
        // A number, as the kernel gives it: nothing closes it by itself.
        let socket = accept(listener)?;
        // SAFETY: there is one thread, so that no other one's lock is copied.
        match unsafe { unistd::fork() }? {
            ForkResult::Child => {
                // SAFETY: the kernel has just made this descriptor, and this
                // process uses it here alone.
                let socket = unsafe { OwnedFd::from_raw_fd(socket) };
                if let Err(error) = respond(socket) {
                    eprintln!("client lost: {error}");
                }
                // SAFETY: _exit(2) takes a number.
                unsafe { libc::_exit(0) }
            }
            // As long as one copy is open, the connection is. //-solution
            ForkResult::Parent { .. } => unistd::close(socket)?, //-solution
            // // TODO: the parent has a copy of the socket, too. //-starter
            // ForkResult::Parent { .. } => {} //-starter
        }
    }
}

/// Waits for a client: its socket.
fn accept(listener: &Listener) -> nix::Result<i32> {
    //-solution
    loop {
        let listener = listener.as_fd().as_raw_fd();
        match socket::accept4(listener, SockFlag::SOCK_CLOEXEC) {
            // A child has ended while we waited.
            Err(Errno::EINTR) => {}
            result => return result,
        }
    }
    //-starter
    // // TODO: a signal interrupts this call, too.
    // let listener = listener.as_fd().as_raw_fd();
    // socket::accept4(listener, SockFlag::SOCK_CLOEXEC)
    //-end
}

//-lines

/// A child has ended, or several have.
extern "C" fn reap(_: c_int) {
    //-solution
    // A call may just have failed, and its errno not have been read.
    let errno = Errno::last_raw();
    // Signals do not queue: one may stand for several children.
    // SAFETY: no status is wanted, so there is no pointer to write through.
    while unsafe { libc::waitpid(-1, ptr::null_mut(), libc::WNOHANG) } > 0 {}
    Errno::set_raw(errno);
    //-starter
    // // TODO: what ends and is not waited for is a zombie. A handler may only
    // // do what is async-signal-safe: see signal-safety(7).
    //-end
}
