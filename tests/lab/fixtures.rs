//! Addresses and bytes for a test of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};

/// An address of 127.0.0.0/8 for the caller alone, with a port that the kernel
/// hands out to nobody. The port's two bytes differ, and swapped they are no
/// port of root's: who mixes them up is found out.
pub fn own_address() -> SocketAddr {
    static COUNTER: AtomicU16 = AtomicU16::new(1);
    let [high, low] = COUNTER.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let grader = (std::process::id() % 250) as u8 + 2;
    let ip = Ipv4Addr::new(127, grader, high, low);
    // To bind one and let it go does not do: a program that is being started
    // at that moment has the socket as well, until it is another program.
    let port = u16::from_be_bytes([0x30, 0x40 + low % 0x80]);
    (ip, port).into()
}

/// Bytes of which no part is like another, the same at every run: nobody can
/// tell what comes next, and one that is missing shows.
pub fn pattern(count: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(count + 8);
    let mut number: u64 = 0;
    while bytes.len() < count {
        // SplitMix64: a counter, well mixed.
        number = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = number;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bytes.extend_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes());
    }
    bytes.truncate(count);
    bytes
}

/// The same in letters.
pub fn letters(count: usize) -> Vec<u8> {
    pattern(count).iter().map(|byte| b'a' + byte % 26).collect()
}
