//! sync/{queue, semaphore}.rs: nothing is lost, there are never more than
//! there are permits, and nobody sleeps who need not. That a panic gives its
//! permit back, step 11 shows: threads.rs.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use shared::sync::queue::Queue;
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

/// Each producer's items come out once and in their order, whoever takes
/// them; and the end wakes all who wait for more.
#[test]
fn nothing_is_lost_or_overtaken() {
    const EACH: usize = 2000;
    for (producers, consumers, room) in
        [(1, 1, 1), (4, 1, 1), (1, 4, 1), (4, 4, 2), (8, 8, 64)]
    {
        ends(move || {
            let queue = Queue::new(room);
            let left = AtomicUsize::new(producers);
            let produce = |producer: usize| {
                for number in 0..EACH {
                    while queue.try_push((producer, number)).is_err() {
                        thread::yield_now();
                    }
                }
                if left.fetch_sub(1, SeqCst) == 1 {
                    queue.close();
                }
            };
            let consume = || {
                let mut got = Vec::new();
                while let Some(item) = queue.pop() {
                    got.push(item);
                }
                got
            };
            let in_order = |got: &Vec<(usize, usize)>| {
                let of =
                    |producer| got.iter().filter(move |it| it.0 == producer);
                assert!((0..producers).all(|it| of(it).is_sorted()));
            };
            let mut all = thread::scope(|scope| {
                let consumers: Vec<_> =
                    (0..consumers).map(|_| scope.spawn(consume)).collect();
                for producer in 0..producers {
                    scope.spawn(move || produce(producer));
                }
                let got = consumers.into_iter().map(|it| it.join().unwrap());
                got.inspect(in_order).collect::<Vec<_>>()
            })
            .concat();
            all.sort_unstable();
            let items = |producer| (0..EACH).map(move |n| (producer, n));
            let expected = (0..producers).flat_map(items);
            assert!(all.into_iter().eq(expected), "some lost, or twice");
        });
    }
}

/// Full, it gives the item back; closed, it gives out what it has.
#[test]
fn a_queue_has_a_bound_and_an_end() {
    let queue = Queue::new(2);
    assert_eq!([1, 2, 3].map(|n| queue.try_push(n)), [Ok(()), Ok(()), Err(3)]);
    assert_eq!(queue.pop(), Some(1));
    assert_eq!(queue.try_push(4), Ok(()));
    assert_eq!(queue.pop(), Some(2));
    queue.close();
    // There is room, but nobody will look.
    assert_eq!(queue.try_push(5), Err(5));
    assert_eq!([queue.pop(), queue.pop()], [Some(4), None]);
}
