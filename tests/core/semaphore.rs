//! sync/semaphore.rs: never more than there are permits, and nobody sleeps
//! while there is one.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use shared::sync::semaphore::Semaphore;

/// Does `work` in a thread of its own. If that sleeps for ever, the test
/// fails instead of sleeping as well.
pub fn ends(work: impl FnOnce() + Send + 'static) {
    let (sender, receiver) = mpsc::channel();
    let worker = thread::spawn(move || {
        work();
        let _ = sender.send(());
    });
    // It takes milliseconds, on a machine with nothing else to do.
    let result = receiver.recv_timeout(Duration::from_secs(100));
    assert_ne!(result, Err(mpsc::RecvTimeoutError::Timeout), "it sleeps");
    worker.join().unwrap();
}

/// Many threads take a permit, look at how many have one, and give it back,
/// in many orders.
#[test]
fn never_more_than_there_are_permits() {
    const ROUNDS: usize = 500;
    for (permits, threads) in [(1, 2), (1, 8), (2, 3), (3, 16), (8, 8)] {
        ends(move || {
            let semaphore = Semaphore::new(permits);
            let have_one = AtomicUsize::new(0);
            thread::scope(|scope| {
                for number in 0..threads {
                    let (semaphore, have_one) = (&semaphore, &have_one);
                    scope.spawn(move || {
                        for round in 0..ROUNDS {
                            let permit = semaphore.acquire();
                            let now = have_one.fetch_add(1, SeqCst) + 1;
                            assert!(now <= permits, "{now} of {permits}");
                            if (round + number) % 3 == 0 {
                                thread::yield_now();
                            }
                            have_one.fetch_sub(1, SeqCst);
                            drop(permit);
                        }
                    });
                }
            });
            // All of them have come back: they can be had at once.
            let all: Vec<_> =
                (0..permits).map(|_| semaphore.acquire()).collect();
            assert_eq!(all.len(), permits);
        });
    }
}

#[test]
fn a_panic_gives_its_permit_back() {
    ends(|| {
        let semaphore = Semaphore::new(1);
        for _ in 0..3 {
            let permit = semaphore.acquire();
            let broken = thread::spawn(move || {
                let _permit = permit;
                panic!("as it must");
            });
            assert!(broken.join().is_err());
        }
        drop(semaphore.acquire());
    });
}
