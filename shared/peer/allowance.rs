//! Enters in step 23: how much a peer may send before it has to wait.

use std::time::{Duration, Instant};

/// Bytes that a peer may have right now: they are more again with each second
/// (a token bucket).
#[derive(Debug)]
pub struct Allowance {
    /// Less than 0: it has had more than it may.
    left: i64,
    rate: i64,
    burst: i64,
    since: Instant,
}

impl Allowance {
    /// So many bytes a second, for as long as it likes.
    pub const PER_SECOND: usize = 16 * 1024;

    /// So many at once.
    pub const BURST: usize = 64 * 1024;

    /// As much as there can be.
    pub fn new(now: Instant) -> Self {
        Allowance::of(
            Allowance::PER_SECOND as i64,
            Allowance::BURST as i64,
            now,
        )
    }

    /// Of something else: so much a second, and so much at once.
    pub fn of(rate: i64, burst: i64, now: Instant) -> Self {
        Allowance { left: burst, rate, burst, since: now }
    }

    /// Whether it may have so much now. Enters in step 24.
    pub fn has(&mut self, count: usize, now: Instant) -> bool {
        self.spend(0, now);
        self.left >= count as i64
    }

    /// The peer has had so many bytes. If that was too much, it has to wait
    /// until the time that is returned.
    pub fn spend(&mut self, bytes: usize, now: Instant) -> Option<Instant> {
        // A day is as good as a year, and its product is no problem.
        let passed = now.saturating_duration_since(self.since).as_micros();
        let passed = passed.min(86_400_000_000) as i64;
        let earned = passed * self.rate / 1_000_000;
        // A part of a byte is not thrown away: the next time begins with it.
        let used = earned * 1_000_000 / self.rate;
        self.since += Duration::from_micros(used.unsigned_abs());
        self.left += earned;
        if self.left >= self.burst {
            (self.left, self.since) = (self.burst, now);
        }
        self.left -= bytes as i64;
        let debt = self.left.min(0).unsigned_abs();
        let wait =
            Duration::from_millis((debt * 1000).div_ceil(self.rate as u64));
        (debt > 0).then(|| now + wait)
    }
}
