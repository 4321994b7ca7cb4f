//! Enters in step 20: a dictionary: a value is found by its key, however many
//! others there are.
//!
//! A hash of the key, which is a number that looks like chance, says where in
//! a table to begin to look. If another key is there, the next place is
//! looked at, and so on. As long as a quarter of the places is empty, that is
//! soon over.

use std::hash::{BuildHasher, RandomState};

/// A key, its value and its hash.
#[derive(Debug)]
struct Entry<V> {
    hash: u64,
    key: Box<[u8]>,
    value: V,
}

/// Values by their keys, which are bytes.
#[derive(Debug)]
pub struct Dictionary<V, H = RandomState> {
    /// A power of two of them, or none.
    slots: Vec<Option<Entry<V>>>,
    count: usize,
    hasher: H,
}

impl<V> Dictionary<V> {
    /// An empty one. Nobody outside can tell where a key will be: the hash
    /// begins with a number that the kernel has drawn.
    pub fn new() -> Self {
        Dictionary::hashed_by(RandomState::new())
    }
}

impl<V> Default for Dictionary<V> {
    fn default() -> Self {
        Dictionary::new()
    }
}

impl<V, H: BuildHasher> Dictionary<V, H> {
    /// An empty one with another hash.
    pub fn hashed_by(hasher: H) -> Self {
        Dictionary { slots: Vec::new(), count: 0, hasher }
    }

    /// The value of this key.
    pub fn value(&self, key: &[u8]) -> Option<&V> {
        let at = self.position(self.hasher.hash_one(key), key)?;
        self.slots[at].as_ref().map(|entry| &entry.value)
    }

    /// The value of this key, which is made if there is none.
    pub fn value_or_else(
        &mut self,
        key: &[u8],
        make: impl FnOnce() -> V,
    ) -> &mut V {
        if (self.count + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        let hash = self.hasher.hash_one(key);
        // There are empty slots, so it is in one, or one is free for it.
        let at = self.position(hash, key).unwrap_or_default();
        let slot = &mut self.slots[at];
        if slot.is_none() {
            self.count += 1;
        }
        let entry = slot.get_or_insert_with(|| Entry {
            hash,
            key: key.into(),
            value: make(),
        });
        &mut entry.value
    }

    /// The slot that the key is in, or else the empty one that it would be
    /// put into: `None` if there are no slots at all.
    fn position(&self, hash: u64, key: &[u8]) -> Option<usize> {
        // The number of slots is a power of two: its last bits are the rest
        // of a division by it.
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = hash as usize & mask;
        while let Some(entry) = &self.slots[at] {
            if entry.hash == hash && *entry.key == *key {
                break;
            }
            at = (at + 1) & mask;
        }
        Some(at)
    }

    /// Twice as many slots: where an entry belongs has to be found anew.
    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(8);
        let empty = (0..size).map(|_| None).collect();
        let before = std::mem::replace(&mut self.slots, empty);
        for entry in before.into_iter().flatten() {
            if let Some(at) = self.position(entry.hash, &entry.key) {
                self.slots[at] = Some(entry);
            }
        }
    }
}
