//! Enters in step 02: from the kernel's addresses to Rust's.
//!
//! nix converts the other way by itself: `SockaddrStorage::from(address)`.

use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};

use nix::errno::Errno;
use nix::sys::socket::SockaddrStorage;

/// The IPv4 or IPv6 address that the kernel wrote into `storage`.
///
/// # Errors
/// `EAFNOSUPPORT` if the address is of another family, such as a Unix
/// socket's.
pub fn from_sockaddr(storage: &SockaddrStorage) -> nix::Result<SocketAddr> {
    if let Some(v4) = storage.as_sockaddr_in() {
        Ok(SocketAddrV4::from(*v4).into())
    } else if let Some(v6) = storage.as_sockaddr_in6() {
        Ok(SocketAddrV6::from(*v6).into())
    } else {
        Err(Errno::EAFNOSUPPORT)
    }
}
