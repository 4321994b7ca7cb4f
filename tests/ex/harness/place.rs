//! Addresses and bytes for a test of its own.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use super::trouble::{Outcome, Trouble};

/// An address of 127.0.0.0/8 that no other run of the grader is likely to
/// use, with a port that is free there.
pub fn own_address(last: u8) -> Outcome<SocketAddr> {
    let [high, low] = (std::process::id() as u16).to_be_bytes();
    let ip = Ipv4Addr::new(127, high | 1, low, last);
    let free = TcpListener::bind((ip, 0));
    free.and_then(|listener| listener.local_addr())
        .map_err(|error| Trouble::blocked(format!("no port on {ip}: {error}")))
}

/// Letters without any order, the same at every run: nobody can tell what
/// comes next, and a place that is missing shows.
pub fn letters(count: usize) -> Vec<u8> {
    let mut state: u32 = 0x9E37_79B9;
    let letters = std::iter::repeat_with(|| {
        // Marsaglia's xorshift.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        b'a' + (state % 26) as u8
    });
    letters.take(count).collect()
}
