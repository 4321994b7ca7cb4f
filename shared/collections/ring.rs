//! Enters in step 12: a queue that never grows.
//!
//! A fixed number of slots in a row, of which the last is followed by the
//! first: what leaves at the front makes room for what comes at the back, and
//! nothing is ever moved.

/// A queue with room for a fixed number of items.
#[derive(Debug)]
pub struct Ring<T> {
    slots: Box<[Option<T>]>,
    /// The slot of the oldest item.
    head: usize,
    length: usize,
}

impl<T> Ring<T> {
    /// An empty queue with room for `capacity` items.
    pub fn new(capacity: usize) -> Self {
        let slots = (0..capacity).map(|_| None).collect();
        Ring { slots, head: 0, length: 0 }
    }

    /// Puts an item behind all others.
    ///
    /// # Errors
    /// The item itself, if there is no room.
    pub fn push_back(&mut self, item: T) -> Result<(), T> {
        if self.length == self.slots.len() {
            return Err(item);
        }
        let free = self.after(self.length);
        self.slots[free] = Some(item);
        self.length += 1;
        Ok(())
    }

    /// Takes the oldest item, if there is one.
    pub fn pop_front(&mut self) -> Option<T> {
        let item = self.slots.get_mut(self.head)?.take()?;
        self.head = self.after(1);
        self.length -= 1;
        Some(item)
    }

    /// How many items there are. Enters in step 19.
    pub fn occupied(&self) -> usize {
        self.length
    }

    /// The slot that is `count` slots after the head.
    fn after(&self, count: usize) -> usize {
        (self.head + count) % self.slots.len()
    }
}
