//! Exercise 01a, Two addresses: one server that listens on several addresses.
//!
//! Try it: `cargo run --example 01a -- 127.0.0.1:8080 127.0.0.2:0`

use std::io;
use std::mem;
use std::net::SocketAddrV4;
use std::process;
use std::thread;

use libc::{c_int, sockaddr, sockaddr_in};

//-client

fn run() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut listeners = Vec::new();
    //-solution
    for argument in &arguments {
        let listener = open(argument)
            .map_err(|error| format!("cannot listen on {argument}: {error}"))?;
        listeners.push(listener);
    }
    for listener in &listeners {
        let address = local_address(*listener)
            .map_err(|error| format!("cannot read own address: {error}"))?;
        println!("listening on {address}");
    }
    //-starter
    // // TODO: this opens the first address only, and says what it was asked
    // // for instead of what it got. Open all of them, then announce all of
    // // them; if one cannot be had, announce none.
    // let argument = arguments.first().ok_or("usage: 01a ADDRESS...")?;
    // let listener = open(argument)
    //     .map_err(|error| format!("cannot listen on {argument}: {error}"))?;
    // listeners.push(listener);
    // println!("listening on {argument}");
    //-end
    serve(&listeners);
    Ok(())
}

/// A socket that waits for connections to `address`, such as `127.0.0.1:0`.
fn open(address: &str) -> io::Result<c_int> {
    let address: SocketAddrV4 =
        address.parse().map_err(|_| io::ErrorKind::InvalidInput)?;
    // SAFETY: socket(2) takes three numbers.
    let socket = cvt(unsafe {
        libc::socket(libc::AF_INET, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0)
    })?;
    let raw = to_sockaddr(address);
    // SAFETY: the pointer is to a whole sockaddr_in, and the length its size.
    cvt(unsafe {
        libc::bind(socket, (&raw const raw).cast::<sockaddr>(), LENGTH)
    })?;
    // SAFETY: listen(2) takes two numbers.
    cvt(unsafe { libc::listen(socket, 1024) })?;
    Ok(socket)
}

//-solution
//-local address

//-end
/// Accepts and closes connections at every address: a thread waits at each,
/// because accept waits at one only. (Threads come in step 10.)
fn serve(listeners: &[c_int]) {
    thread::scope(|scope| {
        for listener in listeners {
            scope.spawn(|| greet(*listener));
        }
    });
}

fn greet(listener: c_int) {
    loop {
        match accept(listener) {
            Ok(connection) => {
                // SAFETY: nobody else knows this descriptor.
                unsafe { libc::close(connection) };
            }
            Err(error) => eprintln!("cannot accept: {error}"),
        }
    }
}

//-sockaddr
