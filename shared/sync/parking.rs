//! Enters in step 19: where threads sleep that find nothing to do.
//!
//! Whoever brings work looks whether somebody sleeps; whoever wants to sleep
//! looks whether there is work. Each says first what it is about to do, and
//! looks then, so that one of the two sees the other. Otherwise both could
//! look, see nothing, and the work would wait for a thread that sleeps.

#[cfg(loom)]
use loom::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicUsize, Ordering::*, fence},
};
use std::sync::PoisonError;
#[cfg(not(loom))]
use std::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicUsize, Ordering::*, fence},
};

/// A place to sleep. At first nobody does.
#[derive(Debug, Default)]
pub struct Parking {
    /// How many could be woken: a copy of what `state` says, for those who
    /// would find nobody and need no lock for that.
    sleepers: AtomicUsize,
    state: Mutex<State>,
    woken: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Those who sleep, or are about to.
    parked: usize,
    /// How many of them have been woken, and do not know it yet.
    wakes: usize,
}

impl Parking {
    /// Sleeps until somebody wakes this thread. `has_work` looks once more,
    /// when others already take this thread for asleep: if there is work, it
    /// does not sleep.
    pub fn park(&self, has_work: impl FnOnce() -> bool) {
        let mut state = self.lock();
        state.parked += 1;
        self.publish(&state);
        drop(state);
        // Between what we have said and what we look at, as in `wake_one`: of
        // two SeqCst fences one is first, and whoever comes second sees what
        // the other has written.
        fence(SeqCst);
        let has_work = has_work();
        let mut state = self.lock();
        while state.wakes == 0 && !has_work {
            let result = self.woken.wait(state);
            state = result.unwrap_or_else(PoisonError::into_inner);
        }
        // Who did not sleep leaves the wake to others, unless all have one.
        state.parked -= 1;
        if !has_work || state.wakes > state.parked {
            state.wakes -= 1;
        }
        self.publish(&state);
    }

    /// Wakes one thread, if one sleeps: there is work, which others can see.
    pub fn wake_one(&self) {
        fence(SeqCst);
        // The usual case, if there is much to do.
        if self.sleepers.load(Relaxed) == 0 {
            return;
        }
        let mut state = self.lock();
        if state.wakes < state.parked {
            state.wakes += 1;
            self.publish(&state);
            drop(state);
            self.woken.notify_one();
        }
    }

    fn publish(&self, state: &State) {
        self.sleepers.store(state.parked - state.wakes, Relaxed);
    }

    /// Nothing that is done under the lock panics halfway.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
