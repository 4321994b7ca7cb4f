//! Each of two threads says that it is there, and then looks for the other.

use std::sync::atomic::{AtomicU32, Ordering::*, fence};
use std::thread;

const ROUNDS: u32 = 200_000;

/// In a cache line of its own.
#[derive(Default)]
#[repr(align(128))]
struct Number(AtomicU32);

fn main() {
    println!("without a fence: {} times", blind(|| {}));
    println!("with a fence: {} times", blind(|| fence(SeqCst)));
}

/// How often neither sees the other.
fn blind(between: fn()) -> u32 {
    let (said, seen, round) =
        <([Number; 2], [Number; 2], Number)>::default();
    let meet = |target| {
        round.0.fetch_add(1, AcqRel);
        while round.0.load(Acquire) < target {
            std::hint::spin_loop();
        }
    };
    let turn = |me: usize, number| {
        meet(4 * number - 2);
        said[me].0.store(number, Relaxed);
        between();
        seen[me].0.store(said[1 - me].0.load(Relaxed), Relaxed);
        meet(4 * number);
    };
    let mut count = 0;
    thread::scope(|scope| {
        scope.spawn(|| (1..=ROUNDS).for_each(|number| turn(0, number)));
        for number in 1..=ROUNDS {
            turn(1, number);
            let is_blind = |it: &Number| it.0.load(Relaxed) < number;
            count += u32::from(seen.iter().all(is_blind));
        }
    });
    count
}
