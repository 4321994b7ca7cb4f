//! A limit on a whole check, which is fair on a busy machine.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::lab::{proc, time};

/// A limit for this program and all that it has started, whose processes
/// come and go: what they wait for a processor is summed up at each look.
pub struct Guard {
    limit: Duration,
    start: Instant,
    last: Instant,
    passed: Duration,
    delays: BTreeMap<i32, Duration>,
}

impl Guard {
    /// `limit` from now.
    pub fn new(limit: Duration) -> Guard {
        let now = Instant::now();
        Guard {
            limit: limit * time::slowness(),
            start: now,
            last: now,
            passed: Duration::ZERO,
            delays: delays(),
        }
    }

    /// Whether the time is over. To be asked every second or so.
    pub fn is_over(&mut self) -> bool {
        let delays = delays();
        let waited = delays.iter().map(|(pid, delay)| {
            let before = self.delays.get(pid).copied().unwrap_or_default();
            delay.saturating_sub(before)
        });
        let waited: Duration = waited.sum();
        self.passed += self.last.elapsed().saturating_sub(waited);
        self.last = Instant::now();
        self.delays = delays;
        self.passed >= self.limit || self.start.elapsed() >= self.limit * 20
    }
}

/// How long each process of ours has waited for a processor.
fn delays() -> BTreeMap<i32, Duration> {
    let own = i32::try_from(std::process::id()).unwrap_or(i32::MAX);
    let pids = proc::tree(own).into_iter();
    pids.map(|pid| {
        let threads = proc::threads(pid);
        (pid, threads.iter().map(|thread| thread.delay).sum())
    })
    .collect()
}
