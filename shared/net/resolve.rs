//! Enters in step 24: what a name stands for.

use std::net::{SocketAddr, ToSocketAddrs};

use crate::cli::{self, Failure};

/// What a name stands for. The C library asks /etc/hosts and name servers:
/// that takes its time.
///
/// # Errors
/// When it stands for nothing.
pub fn resolve(name: &str) -> Result<Vec<SocketAddr>, Failure> {
    if let Ok(address) = cli::parse_address(name) {
        return Ok(vec![address]);
    }
    let found = name.to_socket_addrs().map_err(|error| {
        let name = name.escape_debug();
        Failure::new(format_args!("cannot find '{name}' (HOST:PORT)"), error)
    })?;
    Ok(found.collect())
}
