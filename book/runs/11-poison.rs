//! A thread panics while it has a lock.

use std::sync::Mutex;
use std::thread;

static COUNTER: Mutex<u64> = Mutex::new(0);

fn main() {
    let thread = thread::spawn(|| {
        let mut counter = COUNTER.lock().expect("nobody has panicked yet");
        *counter += 1;
        panic!("a fault in a handler");
    });
    println!("it panicked: {}", thread.join().is_err());
    match COUNTER.lock() {
        Ok(counter) => println!("the counter is {counter}"),
        Err(poisoned) => println!("{poisoned}: {}", poisoned.get_ref()),
    }
}
