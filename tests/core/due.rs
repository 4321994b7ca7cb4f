//! events/deadlines.rs against a map, with time that passes by being told.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fastrand::Rng;
use shared::events::deadlines::Deadlines;

const SECOND: Duration = Duration::from_secs(1);
const LIMITS: [Duration; 3] =
    [Duration::from_secs(10), Duration::from_secs(2), Duration::from_secs(60)];

/// A wait: when its limit ends, what it has earned besides, and whether the
/// limit has ended.
struct Wait {
    end: Instant,
    earned: Duration,
    is_beyond: bool,
}

/// Waits begin, begin anew and are cancelled, under few numbers, so that a
/// number has often had another wait before. Whoever has earned nothing is
/// due at the moment at which its limit ends; the others within a second
/// after their time, and none before.
fn due_in_time(items: u32) {
    let mut now = Instant::now();
    let mut deadlines = Deadlines::new(LIMITS.len() as u32, now);
    let mut model: BTreeMap<u32, Wait> = BTreeMap::new();
    let mut random = Rng::with_seed(15);
    let (mut counts, mut look) = ([0; 3], now);
    for _ in 0..20_000 {
        let item = random.u32(..items);
        match random.u8(..4) {
            0 => {
                deadlines.cancel(item);
                model.remove(&item);
            }
            1 => {
                let limit = random.usize(..LIMITS.len());
                let earned = SECOND * (random.u32(..3) * 7);
                deadlines.begin(limit as u32, item);
                let end = now + LIMITS[limit];
                model.insert(item, Wait { end, earned, is_beyond: false });
            }
            _ => {}
        }
        let until = deadlines.next(|item| Some(model.get(&item)?.end));
        assert_eq!(until.is_some(), !model.is_empty());
        let pause = Duration::from_millis(random.u64(..900));
        // As the loop does: it wakes up when the next is due, or before.
        now = match until {
            Some(until) if random.bool() => until,
            until => until.map_or(now + pause, |it| it.min(now + pause)),
        };
        let due = deadlines.due(now, |item| Some(model.get(&item)?.end));
        for item in due {
            let wait = model.get_mut(&item).expect("it has been cancelled");
            let time = wait.end + wait.earned;
            if wait.is_beyond {
                // Those beyond are looked at together, once a second.
                assert!(now == look || now >= look + SECOND, "too often");
                look = now;
            }
            if time > now {
                // The moment of its limit, or a look at it later.
                assert!(wait.is_beyond || wait.end == now);
                wait.is_beyond = true;
                deadlines.prolong(item, now);
                counts[0] += 1;
            } else {
                assert!(wait.is_beyond || wait.end == now);
                counts[1 + usize::from(wait.is_beyond)] += 1;
                model.remove(&item);
            }
        }
        for wait in model.values() {
            let grace = if wait.is_beyond { SECOND } else { Duration::ZERO };
            assert!(now < wait.end + wait.earned + grace, "too late");
        }
    }
    assert!(counts.iter().all(|count| *count > 100), "{counts:?}");
}

#[test]
fn nobody_is_due_early_late_or_twice() {
    for items in [3, 50] {
        due_in_time(items);
    }
}

/// Among those who wait under one limit the first is due first, and all that
/// are due come out at once.
#[test]
fn in_the_order_in_which_the_waits_began() {
    let start = Instant::now();
    let mut deadlines = Deadlines::new(1, start);
    let ends = |item: u32| Some(start + LIMITS[0] + item * SECOND);
    for item in 0..10 {
        deadlines.begin(0, item);
    }
    assert_eq!(deadlines.next(ends), ends(0));
    assert_eq!(deadlines.due(start + LIMITS[0] - SECOND, ends), []);
    let now = start + LIMITS[0] + SECOND * 6;
    assert_eq!(deadlines.due(now, ends), [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(deadlines.next(ends), ends(7));
}
