//! Enters in step 18: what a worker has done, for whoever asks.

use std::fmt::{self, Display};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::connection::End;

/// Only one thread counts here, and any may read.
///
/// Two processors that write into one cache line take it from each other each
/// time. So it is alone in its lines, which processors fetch in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Counters {
    clients: AtomicU64,
    requests: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
}

impl Counters {
    /// Counts a client that has been accepted.
    pub fn client(&self) {
        add(&self.clients, 1);
    }

    /// Counts requests that have been read completely.
    pub fn requests(&self, count: u64) {
        add(&self.requests, count);
    }

    /// Counts how a connection has ended, if not as it should.
    pub fn end(&self, end: End) {
        match end {
            End::Refused(_) => add(&self.refused, 1),
            End::Truncated(_) | End::Failed(_) => add(&self.failed, 1),
            End::Close | End::Idle => {}
        }
    }

    /// Those of several workers together.
    pub fn sum<'c>(all: impl IntoIterator<Item = &'c Counters>) -> Counters {
        let sum = Counters::default();
        for one in all {
            add(&sum.clients, one.clients.load(Relaxed));
            add(&sum.requests, one.requests.load(Relaxed));
            add(&sum.refused, one.refused.load(Relaxed));
            add(&sum.failed, one.failed.load(Relaxed));
        }
        sum
    }
}

impl Display for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clients = self.clients.load(Relaxed);
        let requests = self.requests.load(Relaxed);
        let refused = self.refused.load(Relaxed);
        let failed = self.failed.load(Relaxed);
        write!(
            f,
            "{clients} clients, {requests} requests, {refused} refused, \
             {failed} failed"
        )
    }
}

/// Not fetch_add, which would lock the line: nobody else writes.
fn add(counter: &AtomicU64, count: u64) {
    counter.store(counter.load(Relaxed) + count, Relaxed);
}
