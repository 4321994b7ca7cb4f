//! Limits that are fair on a machine with other work to do.

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

/// By how much `EX_SLOW` makes limits longer.
pub fn slowness() -> u32 {
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

/// Asks until `probe` returns something: for facts that no descriptor
/// announces.
/// `None` when the limit is over.
pub fn eventually<T>(
    limit: Duration,
    pid: i32,
    mut probe: impl FnMut() -> Option<T>,
) -> Option<T> {
    let deadline = Deadline::new(limit, pid);
    let mut pause = Duration::from_micros(200);
    loop {
        if let Some(response) = probe() {
            return Some(response);
        }
        if deadline.is_over() {
            return None;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}
