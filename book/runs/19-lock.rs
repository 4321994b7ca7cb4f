//! Two threads take twenty million items from one queue under a lock, and then
//! from two such queues, of which each thread has its own.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

const ITEMS: u32 = 10_000_000;

fn main() {
    let all = queue(2 * ITEMS);
    println!("one queue: {} ms", take(&all, &all));
    let (a, b) = (queue(ITEMS), queue(ITEMS));
    println!("a queue each: {} ms", take(&a, &b));
}

fn queue(count: u32) -> Mutex<VecDeque<u32>> {
    Mutex::new((0..count).collect())
}

fn take(a: &Mutex<VecDeque<u32>>, b: &Mutex<VecDeque<u32>>) -> u128 {
    let pop = |queue: &Mutex<VecDeque<u32>>| queue.lock().unwrap().pop_front();
    let start = Instant::now();
    thread::scope(|scope| {
        for queue in [a, b] {
            scope.spawn(move || while pop(queue).is_some() {});
        }
    });
    start.elapsed().as_millis()
}
