//! sync/deque.rs and stealing.rs: a long job holds up no other. And what comes
//! of a job (web/late.rs). That each item is taken once, and that a job finds a
//! thread that sleeps, tests/loom shows in all orders of events.

use std::iter;
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};

use crossbeam_deque::Worker;
use shared::collections::slab::Slab;
use shared::http::method::Method;
use shared::http::persistence::Persistence;
use shared::sync::deque::{CAPACITY, Steal, Stealer, deque};
use shared::sync::stealing::Pool;
use shared::web::late::{Results, failed};
use shared::web::site::{Done, Job, Responder, Ticket, Time};

use crate::sync::ends;

fn stolen<T>(stealer: &Stealer<T>) -> Option<T> {
    match stealer.steal() {
        Steal::Item(item) => Some(*item),
        Steal::Empty | Steal::Lost => None,
    }
}

/// But that one has no bound.
#[test]
fn in_one_thread_it_does_as_the_crate_does() {
    let (mut own, stealer) = deque();
    let (item, theirs) = (Arc::new(()), Worker::new_lifo());
    let mut random = fastrand::Rng::with_seed(19);
    for number in 0..100_000 {
        // Now it becomes full, and now empty.
        let pushes = if number / 1000 % 2 == 0 { 6 } else { 2 };
        match random.u8(..8) {
            kind if kind < pushes => {
                let has_room = theirs.len() < CAPACITY;
                let result = own.push(Box::new((number, item.clone())));
                assert_eq!(result.is_ok(), has_room);
                iter::repeat_n(number, has_room.into())
                    .for_each(|number| theirs.push(number));
            }
            kind if kind % 2 == 0 => {
                assert_eq!(own.pop().map(|item| item.0), theirs.pop());
            }
            _ => {
                let their = theirs.stealer().steal().success();
                assert_eq!(stolen(&stealer).map(|item| item.0), their);
            }
        }
        assert_eq!(stealer.has_items(), !theirs.is_empty());
    }
    // What is left in it goes with it.
    while own.push(Box::new((0, item.clone()))).is_ok() {}
    drop((own, stealer));
    assert_eq!(Arc::strong_count(&item), 1);
}

type Work = Box<dyn FnOnce() + Send>;

fn pool(threads: usize, capacity: usize) -> Arc<Pool<Work>> {
    Pool::start(threads, capacity, |work: Work| work()).unwrap_or_else(|_| {
        panic!("no threads");
    })
}

fn submit(pool: &Pool<Work>, work: impl FnOnce() + Send + 'static) -> bool {
    pool.submit(Box::new(Box::new(work))).is_ok()
}

/// Has a thread of the pool wait, and returns what lets it go on.
fn hold(pool: &Pool<Work>) -> impl FnOnce() + use<> {
    let barrier = Arc::new(Barrier::new(2));
    let same = Arc::clone(&barrier);
    assert!(submit(pool, move || {
        same.wait();
        same.wait();
    }));
    barrier.wait();
    move || {
        barrier.wait();
    }
}

#[test]
fn a_pool_has_a_bound_and_an_order() {
    ends(|| {
        let pool = pool(1, 3);
        let go_on = hold(&pool);
        let (done, is_done) = channel();
        for number in 0..5 {
            let done = done.clone();
            let work = move || done.send(number).unwrap();
            assert_eq!(submit(&pool, work), number < 3);
        }
        drop(done);
        go_on();
        assert_eq!(is_done.iter().collect::<Vec<_>>(), [0, 1, 2]);
    });
}

/// The first thread takes a long job, and some that are behind it.
#[test]
fn a_long_job_holds_up_nobody() {
    const SHORT: usize = 20;
    for threads in [2, 4] {
        ends(move || {
            let pool = pool(threads, SHORT);
            let mut held: Vec<_> = (0..threads).map(|_| hold(&pool)).collect();
            let (done, is_done) = channel();
            let barrier = Arc::new(Barrier::new(2));
            let same = Arc::clone(&barrier);
            assert!(submit(&pool, move || {
                same.wait();
                same.wait();
            }));
            for _ in 1..SHORT {
                let done = done.clone();
                assert!(submit(&pool, move || done.send(()).unwrap()));
            }
            drop(done);
            held.remove(0)();
            barrier.wait();
            // One more is enough for all the others.
            held.remove(0)();
            assert_eq!(is_done.iter().count(), SHORT - 1);
            barrier.wait();
            held.into_iter().for_each(|go_on| go_on());
        });
    }
}

#[test]
fn what_comes_of_a_job() {
    let results = Arc::new(Results::new().unwrap());
    let key = Slab::new().insert(());
    let jobs: [(Job, usize); 2] = [
        (Box::new(|_| failed(shared::http::status::Status::Ok)), 200),
        (Box::new(|_| panic!("as it must")), 500),
    ];
    for (job, status) in jobs {
        let owner = Arc::new(());
        results.task(key, (job, Ticket::of(&owner))).run();
        let (_, done) = results.take().unwrap().remove(0);
        let (mut out, date) = (Vec::new(), Time::now().date);
        let Done::Response(done) = done else { panic!("no response") };
        done(Responder {
            out: &mut out,
            method: Method::Get,
            persistence: Persistence::Close,
            date: &date,
        });
        assert!(out.starts_with(format!("HTTP/1.1 {status} ").as_bytes()));
    }
    // Nobody waits for it any more.
    let job: Job = Box::new(|_| panic!("it must not be done"));
    let ticket = Ticket::of(&Arc::new(()));
    results.task(key, (job, ticket)).run();
    assert!(results.take().unwrap().is_empty());
}
