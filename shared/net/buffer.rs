//! Enters in step 05: bytes that have arrived and are not used yet.
//!
//! One piece of memory that never grows: what arrives is appended, what is
//! used leaves at the front, and the rest moves only to make room.

/// A buffer of a fixed size between a socket and a parser.
#[derive(Debug)]
pub struct Buffer {
    memory: Box<[u8]>,
    /// Where the unused bytes begin and end.
    start: usize,
    end: usize,
}

impl Buffer {
    /// An empty buffer for `size` bytes.
    pub fn new(size: usize) -> Self {
        let memory = vec![0; size].into_boxed_slice();
        Buffer { memory, start: 0, end: 0 }
    }

    /// The bytes that have arrived and are not used yet.
    pub fn bytes(&self) -> &[u8] {
        &self.memory[self.start..self.end]
    }

    /// The same, to be changed in place. Enters in step 06.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.end]
    }

    /// Drops everything. Enters in step 06.
    pub fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
    }

    /// The first `count` bytes are used up. Enters in step 06.
    pub fn consume(&mut self, count: usize) {
        self.start = self.end.min(self.start + count);
    }

    /// Where the next bytes may be written. Moves the unused ones to the
    /// front: those of one incomplete request, and each of them once.
    pub fn space(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.memory.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        &mut self.memory[self.end..]
    }

    /// The first `count` bytes of the space have been written.
    pub fn filled(&mut self, count: usize) {
        self.end = self.memory.len().min(self.end + count);
    }

    /// Takes the unused bytes out, into a buffer without room for more.
    /// Enters in step 14.
    pub fn split_off(&mut self) -> Buffer {
        let memory: Box<[u8]> = self.bytes().into();
        self.clear();
        Buffer { start: 0, end: memory.len(), memory }
    }

    /// Puts these bytes behind those that are there. Enters in step 14.
    pub fn append(&mut self, bytes: &[u8]) {
        let space = self.space();
        let count = bytes.len().min(space.len());
        space[..count].copy_from_slice(&bytes[..count]);
        self.filled(count);
    }
}
