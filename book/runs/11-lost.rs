//! Four threads count to 100 000 each, in one counter.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;

static COUNTER: AtomicU64 = AtomicU64::new(0);

fn load_and_store() {
    let count = COUNTER.load(Relaxed);
    COUNTER.store(count + 1, Relaxed);
}

fn add() {
    COUNTER.fetch_add(1, Relaxed);
}

fn main() {
    for (name, count_one) in [
        ("load and store", load_and_store as fn()),
        ("fetch_add", add),
    ] {
        COUNTER.store(0, Relaxed);
        let count = move || (0..100_000).for_each(|_| count_one());
        let threads: Vec<_> = (0..4).map(|_| thread::spawn(count)).collect();
        for thread in threads {
            thread.join().expect("no thread panics");
        }
        println!("{name}: {}", COUNTER.load(Relaxed));
    }
}
