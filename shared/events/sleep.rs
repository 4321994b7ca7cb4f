//! Enters in step 24: notices that the machine has slept.
//!
//! While a laptop sleeps, CLOCK_MONOTONIC stands still, and with it every
//! deadline: what was to be tried again in five minutes is to be tried again
//! in five minutes after the lid was opened. CLOCK_BOOTTIME goes on.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// A shorter sleep is none: the two clocks are not read at the same time.
const SHORTEST: Duration = Duration::from_secs(1);

/// What the two clocks say, since the machine was started.
#[derive(Debug, Clone, Copy)]
pub struct Clocks {
    /// CLOCK_MONOTONIC: without the times of sleep.
    pub monotonic: Duration,
    /// CLOCK_BOOTTIME: with them.
    pub boottime: Duration,
}

impl Clocks {
    /// Looks at both. No system call: the kernel leaves the time where each
    /// process can read it.
    ///
    /// # Errors
    /// Those of clock_gettime(2): `EINVAL` before Linux 2.6.39.
    pub fn read() -> nix::Result<Self> {
        let monotonic = clock_gettime(ClockId::CLOCK_MONOTONIC)?.into();
        let boottime = clock_gettime(ClockId::CLOCK_BOOTTIME)?.into();
        Ok(Clocks { monotonic, boottime })
    }

    /// For how long the machine has slept so far.
    fn asleep(self) -> Duration {
        self.boottime.saturating_sub(self.monotonic)
    }
}

/// How long the machine had slept when it was last asked.
#[derive(Debug)]
pub struct SleepWatch(Duration);

impl SleepWatch {
    /// One for which the machine has not slept before now.
    pub fn new(now: Clocks) -> Self {
        SleepWatch(now.asleep())
    }

    /// For how long it has slept since the last time, if it has.
    pub fn slept(&mut self, now: Clocks) -> Option<Duration> {
        let slept = now.asleep().saturating_sub(self.0);
        (slept >= SHORTEST).then(|| {
            self.0 = now.asleep();
            slept
        })
    }
}
