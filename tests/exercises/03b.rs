//! Exercise 03b, Next, please: every address of a name, in turn.
//!
//! Try it: `cargo run --example 03b -- localhost 8080 1`

use std::ffi::{CStr, CString}; //-solution
// use std::ffi::CString; //-starter
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::process;
use std::{mem, ptr};

use libc::addrinfo;
use nix::errno::Errno;
use nix::sys::socket::{
    self, AddressFamily, SockFlag, SockType, SockaddrLike, SockaddrStorage,
};
use shared::net::address::from_sockaddr;
use shared::net::stream;

//-client

/// Connects to the server as often as it is asked to.
fn run() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [host, port, rounds] = arguments.as_slice() else {
        return Err("usage: 03b HOST PORT COUNT".to_string());
    };
    let rounds: u32 =
        rounds.parse().map_err(|_| format!("'{rounds}' is no number"))?;
    for _ in 0..rounds {
        let addresses = resolve(host, port)?;
        let (connection, address) = connect(&addresses)?;
        println!("connected to {address}");
        wait_for_end(&connection)
            .map_err(|errno| format!("{address}: {errno}"))?;
    }
    Ok(())
}

/// A connection to the first of `addresses` that accepts, and which it was.
/// If none does: a line for each address, with its reason.
fn connect(addresses: &[SocketAddr]) -> Result<(OwnedFd, SocketAddr), String> {
    //-solution
    let mut reasons = Vec::new();
    for address in addresses {
        match connect_to(*address) {
            Ok(connection) => return Ok((connection, *address)),
            Err(errno) => reasons.push(format!("{address}: {errno}")),
        }
    }
    Err(reasons.join("\n"))
    //-starter
    // // TODO: if the first does not accept, another may.
    // let address = addresses.first().ok_or("no address")?;
    // match connect_to(*address) {
    //     Ok(connection) => Ok((connection, *address)),
    //     Err(errno) => Err(format!("no connection: {errno}")),
    // }
    //-end
}

fn connect_to(address: SocketAddr) -> nix::Result<OwnedFd> {
    //-solution
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::Inet,
        SocketAddr::V6(_) => AddressFamily::Inet6,
    };
    //-starter
    // // TODO: not every address is one of IPv4.
    // let family = AddressFamily::Inet;
    //-end
    let flags = SockFlag::SOCK_CLOEXEC;
    let socket = socket::socket(family, SockType::Stream, flags, None)?;
    socket::connect(socket.as_raw_fd(), &SockaddrStorage::from(address))?;
    Ok(socket)
}

/// Asks the resolver of the C library, as step 03's `to_socket_addrs` does.
fn resolve(host: &str, port: &str) -> Result<Vec<SocketAddr>, String> {
    let refuse = |_| format!("'{}' is no name", host.escape_debug());
    let host = CString::new(host).map_err(refuse)?;
    let port = CString::new(port).map_err(refuse)?;
    // SAFETY: every field of an addrinfo may be zero: "anything will do".
    let mut hints: addrinfo = unsafe { mem::zeroed() };
    hints.ai_socktype = libc::SOCK_STREAM;
    hints.ai_family = libc::AF_UNSPEC; //-solution
    // hints.ai_family = libc::AF_INET; //-starter
    let mut list: *mut addrinfo = ptr::null_mut();
    // SAFETY: two C strings, one addrinfo, and a place for a pointer.
    let error = unsafe {
        libc::getaddrinfo(
            host.as_ptr(),
            port.as_ptr(),
            &raw const hints,
            &raw mut list,
        )
    };
    if error != 0 {
        //-solution
        // SAFETY: gai_strerror returns a C string that is never freed.
        let text = unsafe { CStr::from_ptr(libc::gai_strerror(error)) };
        let text = text.to_string_lossy();
        return Err(format!("{}: {text}", host.to_string_lossy()));
        //-starter
        // // TODO: gai_strerror(3) knows what the number means.
        // return Err(format!("{}: {error}", host.to_string_lossy()));
        //-end
    }
    let mut addresses = Vec::new();
    //-solution
    let mut next = list;
    // SAFETY: the list is libc's: each entry points to the next, the last
    // to null, and it lasts until it is freed.
    while let Some(entry) = unsafe { next.as_ref() } {
        addresses.extend(address_of(entry));
        next = entry.ai_next;
    }
    // SAFETY: nobody looks into the list any more.
    unsafe { libc::freeaddrinfo(list) };
    //-starter
    // // TODO: this is the first entry; ai_next leads to the others. And the
    // // list is libc's: it wants it back, by freeaddrinfo(3).
    // // SAFETY: getaddrinfo has succeeded, so there is an entry.
    // let entry = unsafe { &*list };
    // addresses.extend(address_of(entry));
    //-end
    Ok(addresses)
}

/// The address in an entry; none if its family is unknown to us.
fn address_of(entry: &addrinfo) -> Option<SocketAddr> {
    let length = Some(entry.ai_addrlen);
    // SAFETY: the entry's address is as long as the entry says.
    let raw = unsafe { SockaddrStorage::from_raw(entry.ai_addr, length) };
    from_sockaddr(&raw?).ok()
}

/// Waits until the server has closed.
fn wait_for_end(connection: &OwnedFd) -> nix::Result<()> {
    let mut unread = [0; 1024];
    loop {
        match stream::read(connection, &mut unread) {
            Ok(0) | Err(Errno::ECONNRESET) => return Ok(()),
            Ok(_) => {}
            Err(errno) => return Err(errno),
        }
    }
}
