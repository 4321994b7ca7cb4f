//! Enters in step 22: how many connections there may be, and how many of them
//! one client's.
//!
//! A connection costs a descriptor and memory, and it costs the client almost
//! nothing. Without a limit for each, one of them can have all.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::events::latch::Latch;

/// So many connections of one client are served.
pub const SERVED: u32 = 64;

/// So many more are told that there are too many, and closed when that has
/// arrived. Those beyond are closed at once.
const TOLD: u32 = 64;

/// The most connections, however many descriptors there are.
const MOST: usize = 10_000;

/// Descriptors for everything else.
const OTHERS: usize = 64;

/// What happens to a connection that has just been accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Its requests get responses.
    Served,
    /// It gets a 503.
    Told,
    /// It is closed.
    Closed,
}

/// The connections of a process, counted.
#[derive(Debug)]
pub struct Admission {
    most: usize,
    /// Set each time that a loop could not let anybody in.
    pub full: Latch,
    /// The places that are taken.
    count: AtomicUsize,
    /// A loop has asked for a place, and none has been taken since.
    is_wanted: AtomicBool,
    /// Of those clients that have any.
    clients: Mutex<HashMap<u128, u32>>,
}

impl Admission {
    /// For a process that may have so many descriptors.
    ///
    /// # Errors
    /// Those of eventfd2(2).
    pub fn new(descriptors: usize) -> nix::Result<Self> {
        let most = descriptors.saturating_sub(OTHERS).clamp(1, MOST);
        let (count, full) = (AtomicUsize::new(0), Latch::new()?);
        let is_wanted = AtomicBool::new(false);
        let clients = Mutex::default();
        Ok(Admission { most, full, count, is_wanted, clients })
    }

    /// Asks other loops to let one go that is idle: this one has none.
    pub fn ask_others(&self) {
        self.is_wanted.store(true, Relaxed);
        // It fails only if nobody has looked for 2^64 times.
        let _ = self.full.set();
    }

    /// Has a loop let one go, if that is still wanted. All have been asked,
    /// and some hear of it late: one connection less is enough.
    pub fn make_room(&self, let_go: impl FnOnce() -> bool) {
        let is_full = self.count.load(Relaxed) >= self.most;
        if is_full && self.is_wanted.swap(false, Relaxed) && !let_go() {
            self.is_wanted.store(true, Relaxed);
        }
    }

    /// Takes up to so many places for connections that are to be accepted,
    /// and returns how many there were. Those that are not used are to be
    /// given back. Loops that only looked first would find the same places.
    pub fn take_places(&self, wanted: usize) -> usize {
        let mut taken = 0;
        let take = |count| {
            taken = self.most.saturating_sub(count).min(wanted);
            Some(count + taken)
        };
        // It fails only where there is no new value.
        let _ = self.count.fetch_update(Relaxed, Relaxed, take);
        if taken > 0 && self.is_wanted.load(Relaxed) {
            self.is_wanted.store(false, Relaxed);
        }
        taken
    }

    /// Gives so many of them back.
    pub fn give_back(&self, places: usize) {
        self.count.fetch_sub(places, Relaxed);
    }

    /// Counts a connection, which has its place, with the client, unless that
    /// is `None`. Each one that is not closed at once has to leave, with the
    /// same client.
    pub fn enter(&self, client: Option<IpAddr>) -> Verdict {
        let mut verdict = Verdict::Served;
        if let Some(client) = client {
            let mut clients = self.lock();
            let count = clients.entry(network(client)).or_default();
            verdict = match *count {
                ..SERVED => Verdict::Served,
                count if count < SERVED + TOLD => Verdict::Told,
                _ => {
                    self.give_back(1);
                    return Verdict::Closed;
                }
            };
            *count += 1;
        }
        verdict
    }

    /// A connection is gone that was counted with this client.
    pub fn leave(&self, client: Option<IpAddr>) {
        self.give_back(1);
        let Some(client) = client.map(network) else { return };
        let mut clients = self.lock();
        if let Some(count) = clients.get_mut(&client) {
            *count -= 1;
            if *count == 0 {
                clients.remove(&client);
            }
        }
    }

    /// Nothing that is done under the lock panics halfway.
    fn lock(&self) -> MutexGuard<'_, HashMap<u128, u32>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who counts as one client: an IPv4 address, or all IPv6 addresses that begin
/// with the same 64 bits. So many are handed out to one household: RFC 6177.
pub fn network(address: IpAddr) -> u128 {
    match address.to_canonical() {
        // As RFC 4291 section 2.5.5.2 maps it: no network has such bits.
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits() >> 64 << 64,
    }
}
