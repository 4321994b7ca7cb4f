//! Step 01: one connection, by hand.
//!
//! A server in seven system calls, each called as C would call it: through
//! `libc`, with a number for a descriptor and -1 for a failure.

use std::io;
use std::mem;
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6};
use std::process::ExitCode;

use libc::{c_int, sockaddr, sockaddr_in, sockaddr_in6, sockaddr_storage};
use shared::cli::{self, Failure};

const HELP: &str = "\
Step 01: greets one client and ends.

Usage: step01 [ADDRESS]

  ADDRESS   IP:PORT, [IPv6]:PORT or a port of 127.0.0.1 (default
            127.0.0.1:8080); port 0 takes a free one
  -h, --help
";

const GREETING: &[u8] = b"Hello from the other end of a socket.\n";

/// How many finished handshakes may wait for `accept`. The kernel lowers it
/// to net.core.somaxconn (4096) silently.
const BACKLOG: c_int = 1024;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let address = cli::server_address(HELP)?;

    let listener =
        listen(address).map_err(|error| Failure::listening(address, error))?;
    let address = local_address(listener)
        .map_err(|error| Failure::new("cannot read own address", error))?;
    cli::announce(
        "tcp",
        address,
        ["nc {host} {port}", "curl telnet://{address}"],
    );

    let connection = accept(listener)
        .map_err(|error| Failure::new("cannot accept", error))?;
    greet(connection)
        .map_err(|error| Failure::new("cannot greet the client", error))?;
    close(connection)
        .map_err(|error| Failure::new("cannot close the connection", error))?;
    close(listener)
        .map_err(|error| Failure::new("cannot close the listener", error))
}

/// The result of a C function as a `Result`: -1 means that it has failed and
/// left the reason in `errno`.
fn cvt(result: c_int) -> io::Result<c_int> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// A socket that waits for connections to `address`.
fn listen(address: SocketAddr) -> io::Result<c_int> {
    let family = match address {
        SocketAddr::V4(_) => libc::AF_INET,
        SocketAddr::V6(_) => libc::AF_INET6,
    };
    // Ask for one end of a byte stream. It is not yet joined to anything.
    // SAFETY: socket(2) takes three numbers and touches no memory of ours.
    let socket = cvt(unsafe {
        libc::socket(family, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0)
    })?;

    let (storage, length) = to_sockaddr(address);
    // Ask for the address. Failure: another socket has it, or it is not ours.
    // SAFETY: the pointer is to a whole sockaddr_storage, of which the
    // kernel reads the first `length` bytes.
    cvt(unsafe {
        libc::bind(socket, (&raw const storage).cast::<sockaddr>(), length)
    })?;

    // Ask the kernel to accept handshakes from now on.
    // SAFETY: listen(2) takes two numbers.
    cvt(unsafe { libc::listen(socket, BACKLOG) })?;
    Ok(socket)
}

/// The address the socket really has: for port 0 the kernel chose the port.
fn local_address(socket: c_int) -> io::Result<SocketAddr> {
    // SAFETY: every field of a sockaddr_storage may be zero.
    let mut storage: sockaddr_storage = unsafe { mem::zeroed() };
    let mut length = socklen_of::<sockaddr_storage>();
    // Ask for the address of our end. It fails only for a wrong descriptor.
    // SAFETY: both pointers are to live variables of ours, and `length`
    // says how many bytes the kernel may write.
    cvt(unsafe {
        libc::getsockname(
            socket,
            (&raw mut storage).cast::<sockaddr>(),
            &raw mut length,
        )
    })?;
    from_sockaddr(&storage)
}

/// Waits for a client and returns a second descriptor: the connection.
fn accept(listener: c_int) -> io::Result<c_int> {
    loop {
        // Ask for the first connection that is waiting; sleep until there
        // is one. We do not need the client's address: two null pointers.
        // SAFETY: accept4(2) writes no address when both pointers are null.
        let result = cvt(unsafe {
            libc::accept4(
                listener,
                std::ptr::null_mut(),
                std::ptr::null_mut(),
                libc::SOCK_CLOEXEC,
            )
        });
        match result {
            Err(error) if is_transient(&error) => {}
            result => return result,
        }
    }
}

/// The client gave up while waiting (ECONNABORTED), or a signal woke us
/// (EINTR): nothing is wrong with the listener, so ask again.
fn is_transient(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ECONNABORTED | libc::EINTR))
}

/// Gives the greeting to the kernel, which sends it.
fn greet(connection: c_int) -> io::Result<()> {
    // Ask the kernel to take these bytes. It says how many it took.
    // SAFETY: the pointer and the length are those of one slice, which
    // outlives the call; write(2) only reads it.
    let taken = unsafe {
        libc::write(connection, GREETING.as_ptr().cast(), GREETING.len())
    };
    match usize::try_from(taken) {
        Ok(taken) if taken == GREETING.len() => Ok(()),
        // A success, but not of the whole: step 02 has the cure.
        Ok(_) => Err(io::Error::other("the kernel took only a part")),
        Err(_) => Err(io::Error::last_os_error()),
    }
}

/// Gives the descriptor back. The kernel ends the connection.
fn close(descriptor: c_int) -> io::Result<()> {
    // SAFETY: this descriptor is not used afterwards. In step 01 only our
    // care makes that true; in step 02 the compiler does.
    match cvt(unsafe { libc::close(descriptor) }) {
        // On Linux the descriptor is gone even now: closing it again could
        // close a newcomer with the same number.
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
        result => result.map(drop),
    }
}

/// Rust's address as the bytes that the kernel expects, and their number.
fn to_sockaddr(address: SocketAddr) -> (sockaddr_storage, libc::socklen_t) {
    // SAFETY: every field of a sockaddr_storage may be zero.
    let mut storage: sockaddr_storage = unsafe { mem::zeroed() };
    match address {
        SocketAddr::V4(v4) => {
            // SAFETY: a sockaddr_storage is at least as large as every
            // sockaddr_*, and aligned for each: that is its purpose.
            let raw = unsafe { &mut *(&raw mut storage).cast::<sockaddr_in>() };
            raw.sin_family = libc::AF_INET as libc::sa_family_t;
            // Network byte order: the high byte of the port comes first.
            raw.sin_port = v4.port().to_be();
            raw.sin_addr.s_addr = u32::from_ne_bytes(v4.ip().octets());
            (storage, socklen_of::<sockaddr_in>())
        }
        SocketAddr::V6(v6) => {
            // SAFETY: as above.
            let raw =
                unsafe { &mut *(&raw mut storage).cast::<sockaddr_in6>() };
            raw.sin6_family = libc::AF_INET6 as libc::sa_family_t;
            raw.sin6_port = v6.port().to_be();
            raw.sin6_addr.s6_addr = v6.ip().octets();
            raw.sin6_flowinfo = v6.flowinfo();
            raw.sin6_scope_id = v6.scope_id();
            (storage, socklen_of::<sockaddr_in6>())
        }
    }
}

/// The way back: the family says which of the structs the bytes are.
fn from_sockaddr(storage: &sockaddr_storage) -> io::Result<SocketAddr> {
    match c_int::from(storage.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says that the kernel wrote a sockaddr_in.
            let raw = unsafe { &*(&raw const *storage).cast::<sockaddr_in>() };
            let ip = raw.sin_addr.s_addr.to_ne_bytes();
            Ok((ip, u16::from_be(raw.sin_port)).into())
        }
        libc::AF_INET6 => {
            // SAFETY: the family says that the kernel wrote a sockaddr_in6.
            let raw = unsafe { &*(&raw const *storage).cast::<sockaddr_in6>() };
            Ok(SocketAddrV6::new(
                Ipv6Addr::from(raw.sin6_addr.s6_addr),
                u16::from_be(raw.sin6_port),
                raw.sin6_flowinfo,
                raw.sin6_scope_id,
            )
            .into())
        }
        _ => Err(io::Error::from_raw_os_error(libc::EAFNOSUPPORT)),
    }
}

/// The size of a struct in the kernel's type for lengths of addresses.
fn socklen_of<T>() -> libc::socklen_t {
    mem::size_of::<T>() as libc::socklen_t
}
