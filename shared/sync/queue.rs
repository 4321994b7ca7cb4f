//! Enters in step 12: what some threads bring and others fetch.
//!
//! The queue is bounded: a thread that brings too much hears at once that
//! there is no room. A thread that finds nothing sleeps until there is
//! something, or until the queue is closed.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::collections::ring::Ring;

/// A bounded queue, shared by threads.
#[derive(Debug)]
pub struct Queue<T> {
    state: Mutex<State<T>>,
    /// Tells sleepers that there is an item, or that there will be none.
    changed: Condvar,
}

#[derive(Debug)]
struct State<T> {
    ring: Ring<T>,
    is_closed: bool,
}

impl<T> Queue<T> {
    /// An empty queue with room for `capacity` items.
    pub fn new(capacity: usize) -> Self {
        let state = State { ring: Ring::new(capacity), is_closed: false };
        Queue { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Puts an item behind all others. It never waits for room.
    ///
    /// # Errors
    /// The item itself, if the queue is full or closed.
    pub fn try_push(&self, item: T) -> Result<(), T> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(item);
        }
        state.ring.push_back(item)?;
        drop(state);
        // One item, one thread.
        self.changed.notify_one();
        Ok(())
    }

    /// Takes the oldest item, and sleeps until there is one. `None` if the
    /// queue is closed and there is nothing left in it.
    pub fn pop(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            // Looked for again after each sleep: another thread may have
            // taken the item before this one had the lock again, and a thread
            // may also wake up for no reason.
            if let Some(item) = state.ring.pop_front() {
                return Some(item);
            }
            if state.is_closed {
                return None;
            }
            let result = self.changed.wait(state);
            state = result.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The same, but it does not sleep for longer than this: if there is no
    /// item by then, it is `otherwise`. Enters in step 21.
    pub fn pop_within(&self, time: Duration, otherwise: T) -> Option<T> {
        let sleeps = |state: &mut State<T>| {
            state.ring.occupied() == 0 && !state.is_closed
        };
        let result = self.changed.wait_timeout_while(self.lock(), time, sleeps);
        let (mut state, end) = result.unwrap_or_else(PoisonError::into_inner);
        match end.timed_out() {
            true => Some(otherwise),
            false => state.ring.pop_front(),
        }
    }

    /// Takes the oldest item, if there is one. Enters in step 21.
    pub fn try_pop(&self) -> Option<T> {
        self.lock().ring.pop_front()
    }

    /// Takes no more items. What is in the queue is still given out.
    pub fn close(&self) {
        self.lock().is_closed = true;
        // Each of them: all have to end.
        self.changed.notify_all();
    }

    /// Nothing that is done under the lock panics halfway, so a poisoned
    /// lock is taken over.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
