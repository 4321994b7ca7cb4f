//! Exercise 09b, Before they come: children that wait for clients.
//!
//! Try it: `cargo run --example 09b -- 127.0.0.1:8080`

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::process::{self, ExitCode};

use nix::libc;
use nix::unistd::{self, ForkResult};
use shared::cli::{self, Failure};
use shared::net::listener::Listener;

fn main() -> ExitCode {
    cli::main(run)
}

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
    for _ in 0..children {
        start(listener)?;
    }
    // TODO: children end, and not always when they should. And whoever
    // ends this process means all of them.
    loop {
        unistd::pause();
    }
}

/// Starts a child that serves one client after the other.
fn start(listener: &Listener) -> nix::Result<()> {
    // SAFETY: there is one thread, so that no other one's lock is copied.
    if let ForkResult::Child = unsafe { unistd::fork() }? {
        serve(listener);
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

/// Responds to each line with the number of this process, and the line.
fn respond(socket: OwnedFd) -> io::Result<()> {
    let mut stream = TcpStream::from(socket);
    for line in BufReader::new(stream.try_clone()?).split(b'\n') {
        let mut response = format!("{}: ", process::id()).into_bytes();
        response.extend(line?);
        response.push(b'\n');
        stream.write_all(&response)?;
    }
    Ok(())
}
