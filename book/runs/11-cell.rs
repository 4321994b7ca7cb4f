//! A counter for one thread, given to two.

use std::cell::Cell;
use std::sync::Arc;
use std::thread;

fn main() {
    let requests = Arc::new(Cell::new(0_u64));
    let ours = Arc::clone(&requests);
    thread::spawn(move || ours.set(ours.get() + 1));
    requests.set(requests.get() + 1);
}
