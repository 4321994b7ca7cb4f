//! Two threads count, each in a number of its own.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Instant;

const TIMES: u64 = 100_000_000;

/// Beside each other in memory: in one cache line of 64 bytes.
#[derive(Default)]
struct Beside([AtomicU64; 2]);

#[derive(Default)]
#[repr(align(128))]
struct Apart(AtomicU64);

fn main() {
    let Beside(pair) = &Beside::default();
    println!("beside each other: {} ms", count(&pair[0], &pair[1]));
    let (a, b) = (Apart::default(), Apart::default());
    println!("apart: {} ms", count(&a.0, &b.0));
}

fn count(a: &AtomicU64, b: &AtomicU64) -> u128 {
    let start = Instant::now();
    thread::scope(|scope| {
        for counter in [a, b] {
            scope.spawn(|| {
                for _ in 0..TIMES {
                    counter.store(counter.load(Relaxed) + 1, Relaxed);
                }
            });
        }
    });
    start.elapsed().as_millis()
}
