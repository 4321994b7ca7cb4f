//! Enters in step 02: from the kernel's addresses to Rust's.
//!
//! nix converts the other way by itself: `SockaddrStorage::from(address)`.

use std::fmt::{self, Display};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

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

/// In the place of an address: a client of a Unix socket has none. Nobody
/// else can have this one. Enters in step 21.
pub const UNIX: SocketAddr =
    SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0);

/// An address in 18 bytes instead of 32, for those who keep many. The scope
/// of a link-local address is lost. Enters in step 14.
#[derive(Debug, Clone, Copy)]
pub struct Compact {
    /// IPv4 as RFC 4291 section 2.5.5.2 maps it.
    ip: Ipv6Addr,
    port: u16,
}

impl From<SocketAddr> for Compact {
    fn from(address: SocketAddr) -> Self {
        let ip = match address.ip() {
            IpAddr::V4(ip) => ip.to_ipv6_mapped(),
            IpAddr::V6(ip) => ip,
        };
        Compact { ip, port: address.port() }
    }
}

impl Compact {
    /// The address without the port; `None` for a Unix socket's client.
    /// Enters in step 21.
    pub fn ip_address(&self) -> Option<IpAddr> {
        (!self.ip.is_unspecified()).then(|| self.ip.to_canonical())
    }
}

impl Display for Compact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Enters in step 21.
        if self.ip.is_unspecified() {
            return f.write_str("unix:");
        }
        SocketAddr::new(self.ip.to_canonical(), self.port).fmt(f)
    }
}
