//! Enters in step 11: a bound on how many there are of something.
//!
//! A semaphore has a number of permits. A thread that takes one goes on; a
//! thread that finds none sleeps until one is given back. It is made of what
//! POSIX threads have: a mutex, and a condition variable.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// A number of permits, shared by threads.
#[derive(Debug)]
pub struct Semaphore {
    free: Mutex<usize>,
    /// Tells a sleeper that `free` is no longer 0.
    returned: Condvar,
}

/// One of the permits. Dropping it gives it back, so a thread that panics
/// gives it back as well.
#[derive(Debug)]
#[must_use = "it is given back when it is dropped"]
pub struct Permit(Arc<Semaphore>);

impl Semaphore {
    /// A semaphore with this many permits, all of them free.
    pub fn new(permits: usize) -> Arc<Self> {
        let (free, returned) = (Mutex::new(permits), Condvar::new());
        Arc::new(Semaphore { free, returned })
    }

    /// Takes a permit, and sleeps until there is one.
    pub fn acquire(self: &Arc<Self>) -> Permit {
        let mut free = self.lock();
        // A loop: it may wake up for no reason, and another thread may have
        // taken the permit before this one has the lock again.
        while *free == 0 {
            // Gives the lock back and falls asleep in one step, and has the
            // lock again when it returns.
            let result = self.returned.wait(free);
            free = result.unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Permit(Arc::clone(self))
    }

    /// A lock is poisoned if a thread has panicked while it held it: what it
    /// guards may be half changed. A number never is, so it is taken over.
    fn lock(&self) -> MutexGuard<'_, usize> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        // Unlocked at the end of this line: a woken thread needs the lock.
        *self.0.lock() += 1;
        self.0.returned.notify_one();
    }
}
