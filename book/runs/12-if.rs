use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Duration;

static QUEUE: Mutex<VecDeque<u32>> = Mutex::new(VecDeque::new());
static FILLED: Condvar = Condvar::new();

fn main() {
    let taker = thread::spawn(|| {
        let mut queue = QUEUE.lock().unwrap();
        if queue.is_empty() {
            queue = FILLED.wait(queue).unwrap();
        }
        println!("got {}", queue.pop_front().unwrap());
    });
    // Time for it to fall asleep.
    thread::sleep(Duration::from_millis(200));
    QUEUE.lock().unwrap().push_back(7);
    FILLED.notify_one();
    let _ = taker.join();
}
