//! Enters in step 14: values that keep a number for as long as they live.
//!
//! A value lies in the same slot until it is removed, and the slot is used
//! again for the next one. So a slot has a generation as well: who still has
//! the key of a value that is gone does not find its successor.

/// Where a value is, and which of the values that have been there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    index: u32,
    generation: u32,
}

impl Key {
    /// The number of the slot. Enters in step 15.
    pub fn index(self) -> u32 {
        self.index
    }

    /// As one number, for those who can keep no more. Its highest bit is 0:
    /// who keeps other numbers beside keys can tell them apart.
    pub fn to_bits(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.index)
    }

    /// The key that became this number.
    pub fn from_bits(bits: u64) -> Self {
        Key { index: bits as u32, generation: (bits >> 32) as u32 }
    }
}

/// Values in slots.
#[derive(Debug)]
pub struct Slab<T> {
    slots: Vec<Slot<T>>,
    /// The first free slot; each names the next.
    free: Option<u32>,
}

#[derive(Debug)]
struct Slot<T> {
    /// How many values have been removed from here. After 2³¹ it begins
    /// anew: no key is kept for that long.
    generation: u32,
    content: Content<T>,
}

#[derive(Debug)]
enum Content<T> {
    Value(T),
    /// The next free slot.
    Free(Option<u32>),
}

impl<T> Slab<T> {
    /// A slab without values.
    pub fn new() -> Self {
        Slab { slots: Vec::new(), free: None }
    }

    /// Puts a value into a free slot, or into a new one. There are never more
    /// slots than there were values at once.
    pub fn insert(&mut self, value: T) -> Key {
        let index = self.free.unwrap_or(self.slots.len() as u32);
        match self.slots.get_mut(index as usize) {
            None => {
                let content = Content::Value(value);
                self.slots.push(Slot { generation: 0, content });
                Key { index, generation: 0 }
            }
            Some(slot) => {
                if let Content::Free(next) = slot.content {
                    self.free = next;
                }
                slot.content = Content::Value(value);
                Key { index, generation: slot.generation }
            }
        }
    }

    /// The value with this key, unless it has been removed.
    pub fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        match self.slots.get_mut(key.index as usize) {
            Some(Slot { generation, content: Content::Value(value) })
                if *generation == key.generation =>
            {
                Some(value)
            }
            _ => None,
        }
    }

    /// Takes the value with this key out, unless that has been done before.
    pub fn remove(&mut self, key: Key) -> Option<T> {
        self.get_mut(key)?;
        let slot = &mut self.slots[key.index as usize];
        slot.generation = (slot.generation + 1) % (1 << 31);
        let free = Content::Free(self.free.replace(key.index));
        match std::mem::replace(&mut slot.content, free) {
            Content::Value(value) => Some(value),
            Content::Free(_) => None,
        }
    }

    /// The value in a slot, if there is one, and its key. Enters in step 15.
    pub fn at(&self, index: u32) -> Option<(Key, &T)> {
        let Slot { generation, content } = self.slots.get(index as usize)?;
        match content {
            Content::Value(value) => {
                let generation = *generation;
                Some((Key { index, generation }, value))
            }
            Content::Free(_) => None,
        }
    }

    /// All values, with their keys.
    pub fn iter(&self) -> impl Iterator<Item = (Key, &T)> {
        let slots = self.slots.iter().enumerate();
        slots.filter_map(|(index, slot)| match &slot.content {
            Content::Value(value) => {
                let (index, generation) = (index as u32, slot.generation);
                Some((Key { index, generation }, value))
            }
            Content::Free(_) => None,
        })
    }
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Slab::new()
    }
}
