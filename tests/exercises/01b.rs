//! Exercise 01b, Back at once: a server that can be started again.
//!
//! Try it: `cargo run --example 01b -- 127.0.0.1:8080 5`

use std::io;
use std::mem;
use std::net::SocketAddrV4;
use std::process;

use libc::{c_int, sockaddr, sockaddr_in};

const GREETING: &[u8] = b"Back again.\n";

//-client

fn run() -> Result<(), String> {
    let usage = "usage: 01b ADDRESS QUEUE";
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().ok_or(usage)?;
    let queue = arguments.next().ok_or(usage)?;
    let queue: c_int =
        queue.parse().map_err(|_| format!("'{queue}' is no number"))?;

    let listener = open(&address, queue)
        .map_err(|error| format!("cannot listen on {address}: {error}"))?;
    let address = local_address(listener)
        .map_err(|error| format!("cannot read own address: {error}"))?;
    println!("listening on {address}");
    loop {
        if let Err(error) = greet(listener) {
            eprintln!("client lost: {error}");
        }
    }
}

/// A socket on `address` at which `queue` clients may wait.
fn open(address: &str, queue: c_int) -> io::Result<c_int> {
    let address: SocketAddrV4 =
        address.parse().map_err(|_| io::ErrorKind::InvalidInput)?;
    // SAFETY: socket(2) takes three numbers.
    let socket = cvt(unsafe {
        libc::socket(libc::AF_INET, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0)
    })?;
    let raw = to_sockaddr(address);
    //-solution
    let on: c_int = 1;
    // SAFETY: the pointer is to a c_int, and the length its size.
    cvt(unsafe {
        libc::setsockopt(
            socket,
            libc::SOL_SOCKET,
            libc::SO_REUSEADDR,
            (&raw const on).cast(),
            mem::size_of::<c_int>() as libc::socklen_t,
        )
    })?;
    //-starter
    // // TODO: after the first client the port belongs for a minute to a
    // // connection that is gone. Tell the kernel that we know, before we ask
    // // for it.
    //-end
    // SAFETY: the pointer is to a whole sockaddr_in, and the length its size.
    cvt(unsafe {
        libc::bind(socket, (&raw const raw).cast::<sockaddr>(), LENGTH)
    })?;
    // // TODO: as long a queue as was asked for. //-starter
    // let _ = queue; //-starter
    // SAFETY: listen(2) takes two numbers.
    cvt(unsafe { libc::listen(socket, queue) })?; //-solution
    // cvt(unsafe { libc::listen(socket, 1) })?; //-starter
    Ok(socket)
}

/// Greets one client, and closes before it does.
fn greet(listener: c_int) -> io::Result<()> {
    let connection = accept(listener)?;
    // SAFETY: the pointer and the length are those of one slice.
    let written = cvt(unsafe {
        libc::write(connection, GREETING.as_ptr().cast(), GREETING.len())
    } as c_int);
    // SAFETY: nobody else knows this descriptor.
    cvt(unsafe { libc::close(connection) })?;
    written.map(drop)
}

//-local address

//-sockaddr
