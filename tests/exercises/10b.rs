//! Exercise 10b, Handed over: a program that has the connection itself.
//!
//! Try it: `cargo run --example 10b -- 127.0.0.1:8080 --program /bin/cat`

use std::convert::Infallible;
use std::ffi::{CString, OsString};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;

use nix::sys::signal::SigSet; //-solution
use nix::sys::signal::{self, SigHandler, Signal};
use nix::unistd::{self, ForkResult};
use shared::cli::{self, Failure};
use shared::events::handlers; //-solution
use shared::net::listener::Listener;

//-main

fn run() -> Result<(), Failure> {
    let usage = "usage: 10b [ADDRESS] [--program PATH]";
    let (address, [program]) = cli::server_arguments(usage, ["program"])?;
    let program = program.unwrap_or_else(|| OsString::from("/bin/cat"));
    let program = CString::new(program.into_vec())
        .map_err(|_| Failure::usage("a path with a NUL"))?;
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    // As long as this is ignored, the kernel waits for children that end.
    // SAFETY: no handler is set.
    unsafe { signal::signal(Signal::SIGCHLD, SigHandler::SigIgn) }
        .map_err(|errno| Failure::new("cannot ignore SIGCHLD", errno))?;
    cli::print(format_args!("listening on {}", listener.address()));
    serve(&listener, &program)
        .map_err(|errno| Failure::new("cannot go on", errno))
}

/// Starts the program for each client.
fn serve(listener: &Listener, program: &CString) -> nix::Result<()> {
    loop {
        let (socket, peer) = listener.accept()?;
        // SAFETY: there is one thread, so that no other one's lock is copied.
        if let ForkResult::Child = unsafe { unistd::fork() }? {
            let Err(errno) = become_it(program, socket, peer);
            cli::log(cli::strerror(errno));
            handlers::exit() //-solution
            // // TODO: who is this, and where does it go on? //-starter
        }
    }
}

/// Makes the program of this process, with the client at both its ends.
fn become_it(
    program: &CString,
    socket: OwnedFd,
    peer: SocketAddr,
) -> nix::Result<Infallible> {
    //-solution
    unistd::dup2_stdin(&socket)?;
    unistd::dup2_stdout(&socket)?;
    // Rust ignores one and we the other, and what is ignored stays so.
    for signal in [Signal::SIGPIPE, Signal::SIGCHLD] {
        // SAFETY: no handler is set.
        unsafe { signal::signal(signal, SigHandler::SigDfl) }?;
    }
    SigSet::empty().thread_set_mask()?;
    let peer = [
        format!("TCPREMOTEIP={}", peer.ip()),
        format!("TCPREMOTEPORT={}", peer.port()),
    ];
    let environment = peer.map(|it| CString::new(it).unwrap_or_default());
    unistd::execve(program, &[program], &environment)
    //-starter
    // // TODO: the program should read from the client, too; know who it is,
    // // and nothing else; and have signals as programs have them.
    // cli::log(format_args!("{peer} gets a program"));
    // unistd::dup2_stdout(&socket)?;
    // unistd::execv(program, &[program])
    //-end
}
