//! Limits that are fair on a machine with other work to do.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use super::proc;

/// How long a program may be silent, where nothing else is said.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// A limit on time. Time in which the program, or this thread, was ready to
/// run but the processor was busy with others does not count.
pub struct Deadline {
    start: Instant,
    limit: Duration,
    pid: i32,
    delay_at_start: Duration,
}

impl Deadline {
    /// `limit` from now for the program `pid`; `EX_SLOW=4` makes all limits
    /// four times as long.
    pub fn new(limit: Duration, pid: i32) -> Deadline {
        Deadline {
            start: Instant::now(),
            limit: limit * slowness(),
            pid,
            delay_at_start: delay(pid),
        }
    }

    /// Whether the time is over. However busy the machine, twenty times the
    /// limit is enough.
    pub fn is_over(&self) -> bool {
        let passed = self.start.elapsed();
        if passed < self.limit {
            return false;
        }
        let delayed = delay(self.pid).saturating_sub(self.delay_at_start);
        passed.saturating_sub(delayed) >= self.limit
            || passed >= self.limit * 20
    }
}

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
            limit: limit * slowness(),
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

fn slowness() -> u32 {
    let wanted = std::env::var("EX_SLOW").ok();
    wanted.and_then(|text| text.parse().ok()).unwrap_or(1).clamp(1, 100)
}

/// How long the program and this thread have waited for a processor.
fn delay(pid: i32) -> Duration {
    let program: Duration =
        proc::threads(pid).iter().map(|thread| thread.delay).sum();
    program + own_delay()
}

/// How long this thread has waited for a processor since it began.
pub fn own_delay() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat");
    proc::schedstat(&text.unwrap_or_default()).1
}

/// Asks until `probe` has an answer: for facts that no descriptor announces.
/// `None` when the limit is over.
pub fn eventually<T>(
    limit: Duration,
    pid: i32,
    mut probe: impl FnMut() -> Option<T>,
) -> Option<T> {
    let deadline = Deadline::new(limit, pid);
    let mut pause = Duration::from_micros(200);
    loop {
        if let Some(answer) = probe() {
            return Some(answer);
        }
        if deadline.is_over() {
            return None;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}
