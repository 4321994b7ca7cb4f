//! Exercise 09b, Before they come: children that wait for clients.
//!
//! Try it: `cargo run --example 09b -- 127.0.0.1:8080`

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::process::{self, ExitCode};
use std::thread; //-solution
use std::time::Duration; //-solution

//-solution
use nix::errno::Errno;
use nix::libc::{self, c_int};
use nix::sys::prctl;
use nix::sys::signal::{self, SaFlags, SigAction, SigHandler, SigSet, Signal};
use nix::sys::wait;
use nix::unistd::{self, ForkResult};
//-starter
// use nix::libc;
// use nix::unistd::{self, ForkResult};
//-end
use shared::cli::{self, Failure};
use shared::net::listener::Listener;

//-main

fn run() -> Result<(), Failure> {
    let usage = "usage: 09b [ADDRESS] [--children N]";
    let (address, [children]) = cli::server_arguments(usage, ["children"])?;
    let children = cli::count("children", children, 4)?;
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    cli::print(format_args!("listening on {}", listener.address()));
    supervise(&listener, children)
        .map_err(|errno| Failure::new("cannot go on", errno))
}

/// Starts as many children, and sees to it that there are as many, until a
/// SIGINT or SIGTERM ends them all.
fn supervise(listener: &Listener, children: usize) -> nix::Result<()> {
    //-solution
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let handler = SigHandler::Handler(terminate);
        let flags = SaFlags::empty();
        let action = SigAction::new(handler, flags, SigSet::empty());
        // SAFETY: the handler makes one system call, and nothing that it
        // interrupts matters to that.
        unsafe { signal::sigaction(signal, &action) }?;
    }
    for _ in 0..children {
        start(listener)?;
    }
    loop {
        // Whichever ends, and however it ends, another takes its place.
        match wait::wait() {
            // It was killed by a signal that nix has no name for.
            Ok(_) | Err(Errno::EINVAL) => {}
            Err(Errno::EINTR) => continue,
            Err(errno) => return Err(errno),
        }
        while let Err(errno) = start(listener) {
            eprintln!("no child can start now: {errno}");
            thread::sleep(Duration::from_millis(100));
        }
    }
    //-starter
    // for _ in 0..children {
    //     start(listener)?;
    // }
    // // TODO: children end, and not always when they should. And whoever
    // // ends this process means all of them.
    // loop {
    //     unistd::pause();
    // }
    //-end
}

/// Starts a child that serves one client after the other.
fn start(listener: &Listener) -> nix::Result<()> {
    let parent = unistd::getpid(); //-solution
    // SAFETY: there is one thread, so that no other one's lock is copied.
    if let ForkResult::Child = unsafe { unistd::fork() }? {
        //-solution
        // A child ends with its parent, which may have ended already.
        let result = prctl::set_pdeathsig(Signal::SIGTERM);
        if result.is_ok() && unistd::getppid() == parent {
            serve(listener);
        }
        //-starter
        // serve(listener);
        //-end
        // SAFETY: _exit(2) takes a number.
        unsafe { libc::_exit(0) }
    }
    Ok(())
}

/// Serves clients, as long as there is a listening socket.
fn serve(listener: &Listener) {
    // Every child waits here: the kernel hands a client to one of them.
    while let Ok((socket, _)) = listener.accept() {
        if let Err(error) = respond(socket) {
            eprintln!("client lost: {error}");
        }
    }
}

//-lines
//-solution

/// Ends this process: a child, or the parent and so its children.
extern "C" fn terminate(_: c_int) {
    // SAFETY: _exit(2) takes a number, and is async-signal-safe.
    unsafe { libc::_exit(0) }
}
//-end
