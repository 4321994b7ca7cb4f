//! Addresses and bytes for a test of its own.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

use super::trouble::{Outcome, Trouble};

/// An address of 127.0.0.0/8 for the caller alone, with a port that is free
/// there. The port's two bytes differ, and swapped they are no port of
/// root's: who mixes them up is found out.
pub fn own_address() -> Outcome<SocketAddr> {
    static COUNTER: AtomicU16 = AtomicU16::new(1);
    let [high, low] = COUNTER.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let grader = (std::process::id() % 250) as u8 + 2;
    let ip = Ipv4Addr::new(127, grader, high, low);
    for _ in 0..100 {
        let free = TcpListener::bind((ip, 0));
        let free = free.and_then(|listener| listener.local_addr());
        let address = free.map_err(|error| {
            Trouble::blocked(format!("no port on {ip}: {error}"))
        })?;
        let [high, low] = address.port().to_be_bytes();
        if high != low && low >= 4 {
            return Ok(address);
        }
    }
    Err(Trouble::blocked(format!("no port on {ip}")))
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
