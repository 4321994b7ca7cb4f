//! A thread takes what another brings, one item after the other, and sleeps
//! while there is none. How often does that go well?

use std::sync::atomic::{AtomicU32, Ordering::*};
use std::sync::{Condvar, LazyLock, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use shared::sync::parking::Parking;

const ITEMS: u32 = 100_000;

#[derive(Default)]
struct Place {
    items: AtomicU32,
    taken: AtomicU32,
    lock: Mutex<()>,
    brought: Condvar,
    parking: Parking,
}

/// Tempting: looks, and then sleeps.
fn look_sleep(place: &Place) {
    if place.items.load(SeqCst) == 0 {
        let Ok(guard) = place.lock.lock() else { return };
        drop(place.brought.wait(guard));
    }
}

/// Says that it is about to sleep, looks, and then sleeps.
fn say_look_sleep(place: &Place) {
    place.parking.park(|| place.items.load(SeqCst) > 0);
}

fn main() {
    static A: LazyLock<Place> = LazyLock::new(Place::default);
    static B: LazyLock<Place> = LazyLock::new(Place::default);
    print!("look, sleep: ");
    race(&A, look_sleep, |place| place.brought.notify_one());
    print!("say, look, sleep: ");
    race(&B, say_look_sleep, |place| place.parking.wake_one());
}

fn race(place: &'static Place, sleep: fn(&Place), wake: fn(&Place)) {
    thread::spawn(move || {
        let take = |items: u32| items.checked_sub(1);
        loop {
            match place.items.fetch_update(SeqCst, SeqCst, take) {
                Ok(_) => {
                    place.taken.store(place.taken.load(Relaxed) + 1, SeqCst)
                }
                Err(_) => sleep(place),
            }
        }
    });
    for number in 1..=ITEMS {
        place.items.fetch_add(1, SeqCst);
        wake(place);
        let start = Instant::now();
        while place.taken.load(SeqCst) < number {
            if start.elapsed() > Duration::from_secs(2) {
                println!("item {number} lies there, and the thread sleeps");
                return;
            }
            thread::yield_now();
        }
    }
    println!("{ITEMS} items have been taken");
}
