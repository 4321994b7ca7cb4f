//! Enters in step 24: how long to wait before the next attempt.

use std::time::Duration;

/// The longest that is ever waited.
pub const LONGEST: Duration = Duration::from_secs(5 * 60);

/// A link that has lasted for so long was a good one.
const PROVEN: Duration = Duration::from_secs(60);

/// After so many failures: at most a second, two, four…, and of that a random
/// part. If a whole room has lost somebody at the same moment, not all of it
/// comes back at the same moment. `chance` is random.
pub fn back_off(failures: u32, chance: u64) -> Duration {
    let doubled = 1_u64.checked_shl(failures.saturating_sub(1));
    let most = Duration::from_secs(doubled.unwrap_or(u64::MAX)).min(LONGEST);
    let most = most.as_millis() as u64;
    Duration::from_millis(chance % most + 1)
}

/// Whether a link that has lasted for so long makes up for all failures.
pub fn is_proven(lasted: Duration) -> bool {
    lasted >= PROVEN
}
