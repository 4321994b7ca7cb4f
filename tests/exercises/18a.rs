//! Exercise 18a, One port for four: workers with a queue each.
//!
//! Try it: `cargo run --example 18a -- 127.0.0.1:8080`

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsRawFd; //-solution
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

//-solution
use nix::sched::{self, CpuSet};
use nix::sys::socket::{
    self, AddressFamily, Backlog, SockFlag, SockType, SockaddrLike,
    SockaddrStorage, sockopt,
};
use nix::unistd::Pid;
//-end
use shared::cli::{self, Failure};

const WORKERS: usize = 4;

//-main

fn run() -> Result<(), Failure> {
    let address = cli::server_address("usage: 18a [ADDRESS]")?;
    let listening = |error| Failure::listening(address, error);
    let listeners = open(address).map_err(listening)?;
    let address = listeners[0].local_addr().map_err(listening)?;
    //-solution
    let processors = allowed()
        .map_err(|errno| Failure::new("cannot ask for processors", errno))?;
    let mut processors = processors.into_iter().cycle();
    //-end
    let mut threads = Vec::new();
    for (number, listener) in listeners.into_iter().enumerate() {
        //-solution
        // A thread begins with the processors of the one that starts it.
        processors.next().map_or(Ok(()), stay_on).map_err(|errno| {
            Failure::new("cannot stay on a processor", errno)
        })?;
        //-end
        let thread = thread::Builder::new()
            .spawn(move || work(number, &listener))
            .map_err(|error| Failure::new("cannot start a thread", error))?;
        threads.push(thread);
    }
    cli::print(format_args!("listening on {address}"));
    // They do not end, unless by a panic.
    threads.into_iter().for_each(|thread| drop(thread.join()));
    Ok(())
}

/// A listener for each worker.
fn open(address: SocketAddr) -> io::Result<Vec<TcpListener>> {
    let first = TcpListener::bind(address)?;
    //-solution
    // Not before it has the port, or another server might have it too.
    socket::setsockopt(&first, sockopt::ReusePort, &true)?;
    // With port 0, one that all have.
    let address = first.local_addr()?;
    let others = (1..WORKERS).map(|_| join(address));
    [Ok(first)].into_iter().chain(others).collect()
    //-starter
    // // TODO: these are one socket, with one queue, in which all wait.
    // (0..WORKERS).map(|_| first.try_clone()).collect()
    //-end
}
//-solution

/// One more listener on a port that others share.
fn join(address: SocketAddr) -> io::Result<TcpListener> {
    let address = SockaddrStorage::from(address);
    let family = address.family().unwrap_or(AddressFamily::Inet);
    let flags = SockFlag::SOCK_CLOEXEC;
    let socket = socket::socket(family, SockType::Stream, flags, None)?;
    // Connections of a server that has ended may still be there.
    socket::setsockopt(&socket, sockopt::ReuseAddr, &true)?;
    socket::setsockopt(&socket, sockopt::ReusePort, &true)?;
    socket::bind(socket.as_raw_fd(), &address)?;
    socket::listen(&socket, Backlog::new(128)?)?;
    Ok(socket.into())
}

/// The processors on which this process may run.
fn allowed() -> nix::Result<Vec<usize>> {
    let set = sched::sched_getaffinity(Pid::from_raw(0))?;
    let is_allowed = |number: &usize| set.is_set(*number) == Ok(true);
    Ok((0..CpuSet::count()).filter(is_allowed).collect())
}

/// Keeps the calling thread on one.
fn stay_on(number: usize) -> nix::Result<()> {
    let mut set = CpuSet::new();
    set.set(number)?;
    sched::sched_setaffinity(Pid::from_raw(0), &set)
}
//-end

/// Tells each client the number of the worker.
fn work(number: usize, listener: &TcpListener) {
    let line = format!("{number}\n");
    loop {
        match listener.accept() {
            // A client that has gone already misses nothing.
            Ok((mut client, _)) => drop(client.write_all(line.as_bytes())),
            // Most likely for want of descriptors: the next call would fail.
            Err(error) => {
                cli::log(format_args!("cannot accept: {error}"));
                thread::sleep(Duration::from_millis(100));
            }
        }
    }
}
