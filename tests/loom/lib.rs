//! The deque and the parking place of step 19, under all orders of events that
//! the memory model allows, as far as loom knows it:
//! `RUSTFLAGS="--cfg loom" cargo test --package loom-check --release`.
#![cfg(loom)]
#![allow(dead_code, missing_docs)]

#[path = "../../shared/sync/deque.rs"]
mod deque;
#[path = "../../shared/sync/parking.rs"]
mod parking;

#[cfg(test)]
mod tests {
    use loom::sync::atomic::{AtomicUsize, Ordering};
    use loom::sync::{Arc, Mutex};
    use loom::thread;

    use super::deque::{CAPACITY, Steal, deque};
    use super::parking::Parking;

    /// All orders with at most so many switches to a thread that could have
    /// waited. Almost all known faults show with two.
    fn check(switches: usize, model: impl Fn() + Send + Sync + 'static) {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(switches);
        builder.check(model);
    }

    /// What the owner and two thieves get of a few items: each item once.
    #[test]
    fn each_item_is_taken_once() {
        check(3, || {
            let (mut own, stealer) = deque();
            let stealer = Arc::new(stealer);
            let taken = Arc::new(Mutex::new(Vec::new()));
            for number in 0..CAPACITY {
                assert!(own.push(Box::new(number)).is_ok());
            }
            assert!(own.push(Box::new(CAPACITY)).is_err());
            let thieves = [(); 2].map(|()| {
                let (stealer, taken) =
                    (Arc::clone(&stealer), Arc::clone(&taken));
                thread::spawn(move || {
                    if let Steal::Item(item) = stealer.steal() {
                        taken.lock().unwrap().push(*item);
                    }
                })
            });
            let mut mine = Vec::new();
            mine.extend(own.pop().map(|item| *item));
            // A slot is used again, if there is room by now.
            let again = own.push(Box::new(CAPACITY)).is_ok();
            while let Some(item) = own.pop() {
                mine.push(*item);
            }
            for thief in thieves {
                thief.join().unwrap();
            }
            // What a thief had lost while the owner looked.
            mine.extend(own.pop().map(|item| *item));
            mine.extend(&*taken.lock().unwrap());
            mine.sort_unstable();
            let count = CAPACITY + usize::from(again);
            assert_eq!(mine, (0..count).collect::<Vec<_>>());
        });
    }

    /// What is in an item is seen by who steals it.
    #[test]
    fn an_item_is_seen_whole() {
        check(3, || {
            let (mut own, stealer) = deque();
            let thief = thread::spawn(move || match stealer.steal() {
                Steal::Item(item) => Some(*item),
                _ => None,
            });
            own.push(Box::new([1, 2])).unwrap();
            let mine = own.pop();
            let theirs = thief.join().unwrap();
            assert_eq!(mine.map(|it| *it).or(theirs), Some([1, 2]));
        });
    }

    /// Work that is brought while a thread goes to sleep is done.
    #[test]
    fn no_wake_is_lost() {
        check(2, || {
            let parking = Arc::new(Parking::default());
            let work = Arc::new(AtomicUsize::new(0));
            let sleepers = [(); 2].map(|()| {
                let (parking, work) = (Arc::clone(&parking), Arc::clone(&work));
                thread::spawn(move || {
                    let look = || work.load(Ordering::Relaxed) > 0;
                    let take = |count: usize| count.checked_sub(1);
                    let order = Ordering::Relaxed;
                    while work.fetch_update(order, order, take).is_err() {
                        parking.park(look);
                    }
                })
            });
            for _ in 0..2 {
                work.fetch_add(1, Ordering::Relaxed);
                parking.wake_one();
            }
            // Else loom says that they wait for ever.
            for sleeper in sleepers {
                sleeper.join().unwrap();
            }
        });
    }
}
