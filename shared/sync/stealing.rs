//! Enters in step 19: threads that work for others, and take work from each
//! other.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::cli::Failure;
use crate::collections::ring::Ring;
use crate::sync::deque::{Owner, Steal, Stealer, deque};
use crate::sync::parking::Parking;
use crate::sync::vital;

/// At most this many tasks are fetched at once: so many fit into a thread's
/// own queue, with room to spare.
const MAX_BATCH: usize = 16;

/// A bounded number of tasks, and the threads that do them.
pub struct Pool<T> {
    /// Where all tasks come in.
    injector: Mutex<Ring<Box<T>>>,
    /// The far ends of the threads' own queues.
    stealers: Vec<Stealer<T>>,
    parking: Parking,
    run: fn(T),
}

impl<T: Send + 'static> Pool<T> {
    /// Starts this many threads, which call `run` with each task; at most
    /// `capacity` of these wait to be fetched. A panic ends the process.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start(
        threads: usize,
        capacity: usize,
        run: fn(T),
    ) -> Result<Arc<Self>, Failure> {
        let (owners, stealers): (Vec<_>, _) =
            (0..threads).map(|_| deque()).unzip();
        let injector = Mutex::new(Ring::new(capacity));
        let parking = Parking::default();
        let pool = Arc::new(Pool { injector, stealers, parking, run });
        for (number, mut own) in owners.into_iter().enumerate() {
            let pool = Arc::clone(&pool);
            vital::spawn(move || pool.work(number, &mut own)).map_err(
                |error| Failure::new("cannot start a thread", error),
            )?;
        }
        Ok(pool)
    }

    /// Takes a task. It never waits.
    ///
    /// # Errors
    /// The task itself, if too many wait.
    pub fn submit(&self, task: Box<T>) -> Result<(), Box<T>> {
        self.lock().push_back(task)?;
        self.parking.wake_one();
        Ok(())
    }

    /// What a thread does, from its first instruction to its last.
    fn work(&self, number: usize, own: &mut Owner<T>) -> ! {
        loop {
            let Some(task) = self.find(number, own) else {
                self.parking.park(|| self.has_work());
                continue;
            };
            // Before this one, which may be long: the next is another's.
            if self.has_work() {
                self.parking.wake_one();
            }
            (self.run)(*task);
        }
    }

    /// The next task: from the thread's own queue, or from where all come in,
    /// or from another thread's queue.
    fn find(&self, number: usize, own: &mut Owner<T>) -> Option<Box<T>> {
        own.pop().or_else(|| self.fetch(own)).or_else(|| self.steal(number))
    }

    /// Takes the oldest task of all, and puts its share of the others into the
    /// thread's own queue, which is empty: so it need not come here each time.
    fn fetch(&self, own: &mut Owner<T>) -> Option<Box<T>> {
        let mut injector = self.lock();
        let first = injector.pop_front()?;
        let share = injector.occupied() / self.stealers.len();
        let mut batch = [const { None }; MAX_BATCH];
        for slot in batch.iter_mut().take(share) {
            *slot = injector.pop_front();
        }
        drop(injector);
        // The newest first, since the owner takes what it put in last: so the
        // oldest is next, and thieves get the newest.
        for task in batch.into_iter().rev().flatten() {
            // There is room: it is empty, and holds more than a batch.
            let _ = own.push(task);
        }
        Some(first)
    }

    /// Takes a task from another thread, beginning with the next one, so that
    /// not all come to the same.
    fn steal(&self, number: usize) -> Option<Box<T>> {
        let count = self.stealers.len();
        (1..count).find_map(|distance| {
            let other = &self.stealers[(number + distance) % count];
            loop {
                match other.steal() {
                    Steal::Item(task) => return Some(task),
                    Steal::Empty => return None,
                    // Somebody else has got one, so there is progress.
                    Steal::Lost => {}
                }
            }
        })
    }

    /// Whether there is a task that any thread could take.
    fn has_work(&self) -> bool {
        self.lock().occupied() > 0
            || self.stealers.iter().any(Stealer::has_items)
    }

    /// Nothing that is done under the lock panics halfway.
    fn lock(&self) -> MutexGuard<'_, Ring<Box<T>>> {
        self.injector.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
