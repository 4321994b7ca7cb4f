//! Exercise 01b, Back at once: a server that can be started again.
//!
//! Try it: `cargo run --example 01b -- 127.0.0.1:8080 5`

use std::io;
use std::mem;
use std::net::SocketAddrV4;
use std::process;

use libc::{c_int, sockaddr, sockaddr_in};

const GREETING: &[u8] = b"Back again.\n";

fn main() {
    if let Err(message) = run() {
        eprintln!("{message}");
        process::exit(1);
    }
}

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
    // TODO: after the first client the port belongs for a minute to a
    // connection that is gone. Tell the kernel that we know, before we ask
    // for it.
    // SAFETY: the pointer is to a whole sockaddr_in, and the length its size.
    cvt(unsafe {
        libc::bind(socket, (&raw const raw).cast::<sockaddr>(), LENGTH)
    })?;
    // TODO: as long a queue as was asked for.
    let _ = queue;
    // SAFETY: listen(2) takes two numbers.
    cvt(unsafe { libc::listen(socket, 1) })?;
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

/// The address that `socket` really has.
fn local_address(socket: c_int) -> io::Result<SocketAddrV4> {
    // SAFETY: every field of a sockaddr_in may be zero.
    let mut raw: sockaddr_in = unsafe { mem::zeroed() };
    let mut length = LENGTH;
    // SAFETY: both pointers are to live variables, and `length` says how
    // many bytes the kernel may write.
    cvt(unsafe {
        libc::getsockname(
            socket,
            (&raw mut raw).cast::<sockaddr>(),
            &raw mut length,
        )
    })?;
    let ip = raw.sin_addr.s_addr.to_ne_bytes();
    Ok(SocketAddrV4::new(ip.into(), u16::from_be(raw.sin_port)))
}

const LENGTH: libc::socklen_t =
    mem::size_of::<sockaddr_in>() as libc::socklen_t;

fn cvt(result: c_int) -> io::Result<c_int> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// Rust's address as the kernel's struct: the port with its high byte first.
fn to_sockaddr(address: SocketAddrV4) -> sockaddr_in {
    // SAFETY: every field of a sockaddr_in may be zero.
    let mut raw: sockaddr_in = unsafe { mem::zeroed() };
    raw.sin_family = libc::AF_INET as libc::sa_family_t;
    raw.sin_port = address.port().to_be();
    raw.sin_addr.s_addr = u32::from_ne_bytes(address.ip().octets());
    raw
}

/// Waits for a connection: its descriptor.
fn accept(listener: c_int) -> io::Result<c_int> {
    // SAFETY: accept4(2) writes no address when both pointers are null.
    cvt(unsafe {
        libc::accept4(
            listener,
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            libc::SOCK_CLOEXEC,
        )
    })
}
