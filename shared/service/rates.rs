//! Enters in step 22: how often a client may ask.
//!
//! Each client has a bucket that holds so many requests and fills at a steady
//! rate: who has been quiet for a while may ask for a page with all that is on
//! it at once, and who goes on like that has to wait.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use shared::collections::list::Lists;
use shared::collections::slab::{Key, Slab};
use shared::web::admission::network;

/// So many clients are known; the memory for them is bounded.
pub const CLIENTS: usize = 65_536;

/// The only list: who has asked last is last.
const LIST: u32 = 0;

/// How many requests, and how fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// From 1 to a million.
    pub per_second: u32,
    /// At once, after a while of quiet: from 1 to a million.
    pub burst: u32,
}

impl Rate {
    /// In which one request comes in.
    fn interval(self) -> Duration {
        Duration::from_secs(1) / self.per_second
    }
}

/// The buckets of all clients.
#[derive(Debug)]
pub struct Rates {
    /// What holds for each.
    pub rate: Rate,
    table: Mutex<Table>,
}

#[derive(Debug)]
struct Table {
    keys: HashMap<u128, Key>,
    buckets: Slab<Bucket>,
    order: Lists,
    /// Of all those for whom there is no room.
    others: Option<Instant>,
}

#[derive(Debug)]
struct Bucket {
    client: u128,
    /// When it will be full again, if nothing is taken out: that is all that
    /// there is to know of it.
    full: Instant,
}

impl Rates {
    /// Full buckets for everybody.
    pub fn new(rate: Rate) -> Self {
        let table = Table {
            keys: HashMap::new(),
            buckets: Slab::new(),
            order: Lists::new(1),
            others: None,
        };
        Rates { rate, table: Mutex::new(table) }
    }

    /// Takes a request out of this client's bucket, if there is one in it. If
    /// not, there will be within a second.
    pub fn take(&self, client: IpAddr, now: Instant) -> bool {
        let mut table = self.lock();
        match table.bucket(network(client), now) {
            Some(bucket) => take(&mut bucket.full, self.rate, now),
            None => take(table.others.get_or_insert(now), self.rate, now),
        }
    }

    /// Nothing that is done under the lock panics halfway.
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// From a bucket that will be full at that time.
fn take(full: &mut Instant, rate: Rate, now: Instant) -> bool {
    let then = (*full).max(now) + rate.interval();
    // When an empty one would be full.
    let latest = now + rate.interval() * rate.burst;
    if then > latest {
        return false;
    }
    *full = then;
    true
}

impl Table {
    /// The bucket of a client; `None` if there is no room for it.
    fn bucket(&mut self, client: u128, now: Instant) -> Option<&mut Bucket> {
        if let Some(key) = self.keys.get(&client).copied() {
            self.order.push_back(LIST, key.index());
            return self.buckets.get_mut(key);
        }
        if self.keys.len() >= CLIENTS {
            self.forget_oldest(now)?;
        }
        let key = self.buckets.insert(Bucket { client, full: now });
        self.keys.insert(client, key);
        self.order.push_back(LIST, key.index());
        self.buckets.get_mut(key)
    }

    /// Makes room, if the bucket that has not been used for longest is full: to
    /// forget it changes nothing. To forget another would be a present for
    /// whoever asks in the name of many.
    fn forget_oldest(&mut self, now: Instant) -> Option<()> {
        let index = self.order.front(LIST)?;
        let (key, bucket) = self.buckets.at(index)?;
        if bucket.full > now {
            return None;
        }
        let client = bucket.client;
        self.order.remove(index);
        self.keys.remove(&client);
        self.buckets.remove(key).map(drop)
    }
}
