//! Enters in step 19: a double-ended queue whose one end is one thread's own.
//!
//! The owner puts items in at the bottom and takes them out there, the newest
//! first. Any other thread may steal at the top, the oldest first. There is no
//! lock. Chase and Lev, "Dynamic Circular Work-Stealing Deque" (2005), with a
//! fixed capacity and the memory orderings of Lê, Pop, Cohen and Zappa
//! Nardelli, "Correct and Efficient Work-Stealing for Weak Memory Models"
//! (2013), where they are proved.

use std::ptr;
use std::sync::Arc;

#[cfg(loom)]
use loom::sync::atomic::{AtomicIsize, AtomicPtr, Ordering::*, fence};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicIsize, AtomicPtr, Ordering::*, fence};

/// A power of two, so that a position becomes an index by cutting off bits.
pub const CAPACITY: usize = if cfg!(loom) { 2 } else { 64 };

/// The end of the thread that the queue belongs to. There is one, and none of
/// its methods can be called by two threads at once.
#[derive(Debug)]
pub struct Owner<T>(Arc<Deque<T>>);

/// The other end, for all others.
#[derive(Debug)]
pub struct Stealer<T>(Arc<Deque<T>>);

/// What a thief gets.
#[derive(Debug)]
pub enum Steal<T> {
    /// The oldest item.
    Item(Box<T>),
    /// There is none.
    Empty,
    /// Another thread was faster. There may be more.
    Lost,
}

/// Items lie from `top`, which only grows, to before `bottom`.
#[derive(Debug)]
struct Deque<T> {
    /// Where the next item is stolen. Moved by whoever wins an item there.
    top: AtomicIsize,
    /// Where the owner puts the next item. Only the owner moves it.
    bottom: AtomicIsize,
    slots: [AtomicPtr<T>; CAPACITY],
}

/// An empty queue: its two ends.
pub fn deque<T>() -> (Owner<T>, Stealer<T>) {
    let slots = [(); CAPACITY].map(|()| AtomicPtr::new(ptr::null_mut()));
    let (top, bottom) = (AtomicIsize::new(0), AtomicIsize::new(0));
    let deque = Arc::new(Deque { top, bottom, slots });
    (Owner(Arc::clone(&deque)), Stealer(deque))
}

impl<T> Owner<T> {
    /// Puts an item in at the bottom.
    ///
    /// # Errors
    /// The item itself, if the queue is full.
    pub fn push(&mut self, item: Box<T>) -> Result<(), Box<T>> {
        let Deque { top, bottom, .. } = &*self.0;
        // Our own number: nobody else writes it.
        let b = bottom.load(Relaxed);
        // Acquire, after the thief's exchange: it has read its slot before it
        // moved `top`, so that we may use the slot again.
        let t = top.load(Acquire);
        if b - t >= CAPACITY as isize {
            return Err(item);
        }
        self.0.slot(b).store(Box::into_raw(item), Relaxed);
        // Release: whoever sees the new bottom sees the slot, and what the
        // item points to.
        fence(Release);
        bottom.store(b + 1, Relaxed);
        Ok(())
    }

    /// Takes the newest item.
    pub fn pop(&mut self) -> Option<Box<T>> {
        let Deque { top, bottom, .. } = &*self.0;
        // Say first that it is taken, then look whether it was there.
        let b = bottom.load(Relaxed) - 1;
        bottom.store(b, Relaxed);
        // A thief reads `top` and then `bottom`, we write `bottom` and then
        // read `top`. Between the two is a SeqCst fence on both sides, and of
        // two such fences one is first: so either the thief sees that the item
        // is taken, or we see that `top` has come near. Without them both could
        // see the old number, and both take the item.
        fence(SeqCst);
        let t = top.load(Relaxed);
        if t < b {
            // More than one: no thief comes as far as this one.
            return Some(self.0.take(b));
        }
        let mut item = None;
        if t == b {
            // The last: it is the one's who moves `top`.
            let won = top.compare_exchange(t, t + 1, SeqCst, Relaxed);
            item = won.ok().map(|_| self.0.take(b));
        }
        // It is empty, and both numbers are the same again.
        bottom.store(b + 1, Relaxed);
        item
    }
}

impl<T> Stealer<T> {
    /// Takes the oldest item.
    pub fn steal(&self) -> Steal<T> {
        let Deque { top, bottom, .. } = &*self.0;
        let t = top.load(Acquire);
        // See `pop`.
        fence(SeqCst);
        // Acquire, after the owner's release: the slot is seen as well.
        let b = bottom.load(Acquire);
        if t >= b {
            return Steal::Empty;
        }
        // Read it before it is won: as soon as `top` has moved, the owner may
        // put another item there. Until then it is only a number to us.
        let item = self.0.slot(t).load(Relaxed);
        match top.compare_exchange(t, t + 1, SeqCst, Relaxed) {
            // SAFETY: this position was put in once, by `push`, and `top` has
            // moved past it once, here. So the pointer is that of a box, which
            // nobody else has: the owner takes the item at `top` only by moving
            // it as well.
            Ok(_) => Steal::Item(unsafe { Box::from_raw(item) }),
            Err(_) => Steal::Lost,
        }
    }

    /// Whether there is something to steal at the moment.
    pub fn has_items(&self) -> bool {
        let Deque { top, bottom, .. } = &*self.0;
        let t = top.load(Acquire);
        t < bottom.load(Acquire)
    }
}

impl<T> Deque<T> {
    fn slot(&self, position: isize) -> &AtomicPtr<T> {
        &self.slots[position as usize % CAPACITY]
    }

    /// The owner's item at `position`, which no thief can win any more.
    fn take(&self, position: isize) -> Box<T> {
        // SAFETY: only `pop` comes here, for a position that the owner has put
        // in, that is above `top` or at `top` and won, and that `bottom` no
        // longer includes: nobody else will take it.
        unsafe { Box::from_raw(self.slot(position).load(Relaxed)) }
    }
}

impl<T> Drop for Deque<T> {
    /// Both ends have gone, so there is no other thread.
    fn drop(&mut self) {
        let (t, b) = (self.top.load(Relaxed), self.bottom.load(Relaxed));
        for position in t..b {
            drop(self.take(position));
        }
    }
}

// SAFETY: the slots are pointers to boxes, which go from one thread to another;
// no two threads have the same one. (Without these lines the compiler would
// allow it for every T: a pointer that is atomic may be shared, it thinks, and
// what it points to is nobody's.)
unsafe impl<T: Send> Send for Deque<T> {}
// SAFETY: as above. What both ends may do at once is the subject of this file.
unsafe impl<T: Send> Sync for Deque<T> {}
