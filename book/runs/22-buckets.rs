//! A client with a million networks may ask once a second from each. It asks
//! from all of them in turn, twice within a second.

use std::collections::{HashMap, VecDeque};
use std::error::Error;
use std::fs;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use service::rates::{CLIENTS, Rate, Rates};

const NETWORKS: u128 = 1_000_000;
const RATE: Rate = Rate { per_second: 1, burst: 1 };

fn main() -> Result<(), Box<dyn Error>> {
    let kind = std::env::args().nth(1).ok_or("map, oldest or shared?")?;
    let now = Instant::now();
    let mut buckets: Box<dyn FnMut(u128) -> bool> = match &*kind {
        "map" => map(usize::MAX, now),
        "oldest" => map(CLIENTS, now),
        _ => {
            let rates = Rates::new(RATE);
            Box::new(move |network| rates.take(address(network), now))
        }
    };
    let before = memory()?;
    let mut granted = 0;
    for _ in 0..2 {
        for network in 0..NETWORKS {
            granted += u32::from(buckets(network));
        }
    }
    let mib = memory()?.saturating_sub(before) / 1024;
    println!("{kind:8}{granted:9} of 2000000 granted, {mib:3} MiB");
    Ok(())
}

/// A bucket each, for so many at most; then the oldest is forgotten.
fn map(most: usize, now: Instant) -> Box<dyn FnMut(u128) -> bool> {
    let mut buckets = HashMap::new();
    let mut order = VecDeque::new();
    Box::new(move |network| {
        if !buckets.contains_key(&network) {
            if buckets.len() >= most
                && let Some(oldest) = order.pop_front()
            {
                buckets.remove(&oldest);
            }
            order.push_back(network);
        }
        let full = buckets.entry(network).or_insert(now);
        let is_full = *full <= now;
        if is_full {
            *full = now + Duration::from_secs(1);
        }
        is_full
    })
}

/// The first address of a network of 64 bits.
fn address(network: u128) -> IpAddr {
    let documentation = 0x2001_0db8 << 96;
    IpAddr::V6(Ipv6Addr::from_bits(documentation | network << 64))
}

/// In KiB.
fn memory() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let words = line.ok_or("no VmRSS")?.split_whitespace().next();
    Ok(words.ok_or("no number")?.parse()?)
}
