//! Enters in step 23: frames: how a stream of bytes becomes messages.
//!
//! Each message has a header in front of it, which says what it is and how
//! many bytes it has. They are the same in both directions, and under
//! encryption too.

use crate::kind::Kind;
use crate::violation::Violation;
use crate::wire::{Field, Reader};

/// How each frame begins. No text begins like this, and no HTTP request.
pub const MAGIC: [u8; 2] = [0xd5, 0x53];

/// The version of the protocol that this is.
pub const VERSION: u8 = 1;

/// Bytes in front of each payload.
pub const HEADER: usize = 8;

/// No frame of any version has a longer payload.
pub const MAX_PAYLOAD: usize = 33_056;

/// How much longer a sealed message is than its frame: a sum that shows whether
/// anything was changed. Enters in step 27.
pub const TAG: usize = 16;

/// Room for bytes that have arrived: at first, and at most.
const ROOM: (usize, usize) = (4096, 2 * (HEADER + MAX_PAYLOAD));

/// The header of a frame.
pub const FIELDS: [Field; 4] = [
    Field::new("magic", 0, 2, "d5 53, or it is no frame"),
    Field::new("version", 2, 1, "of this frame"),
    Field::new("type", 3, 1, "what the payload is"),
    Field::new("length", 4, 4, "of the payload; checked before it is believed"),
];

/// A frame that has arrived whole.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    /// `None`: a later version than ours has this type.
    pub kind: Option<Kind>,
    /// What it says.
    pub payload: Vec<u8>,
}

/// Appends a frame to `out`. The payload is as long as its kind may be.
pub fn encode(kind: Kind, payload: &[u8], out: &mut Vec<u8>) {
    out.extend(MAGIC);
    out.extend([VERSION, kind as u8]);
    out.extend((payload.len() as u32).to_be_bytes());
    out.extend(payload);
}

/// Cuts a stream of bytes into frames, however they arrive.
#[derive(Debug, Default)]
pub struct Decoder {
    /// It grows with what has really arrived, never with what was announced.
    memory: Vec<u8>,
    /// Where the bytes begin and end that are not used yet.
    start: usize,
    end: usize,
}

impl Decoder {
    /// Where the next bytes may be written. It is empty only if there is a
    /// whole frame to be taken first.
    pub fn space(&mut self) -> &mut [u8] {
        self.memory.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.end == self.memory.len() {
            let room = (2 * self.end).clamp(ROOM.0, ROOM.1);
            // A vector that grows by itself would take more.
            self.memory.reserve_exact(room - self.end);
            self.memory.resize(room, 0);
        }
        &mut self.memory[self.end..]
    }

    /// The first `count` bytes of the space have been written.
    pub fn received(&mut self, count: usize) {
        self.end = self.memory.len().min(self.end + count);
    }

    /// Takes the next frame out, if it has arrived whole.
    ///
    /// # Errors
    /// What is wrong with its header: its first bytes as soon as they are
    /// there, and the others when it is whole.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, Violation> {
        let frame = parse(&self.memory[self.start..self.end])?;
        if let Some(frame) = &frame {
            self.start += HEADER + frame.payload.len();
        }
        Ok(frame)
    }

    /// The same, if each frame is a message that has to be opened, behind its
    /// length. Enters in step 27.
    ///
    /// # Errors
    /// When a message is too long, is none, or is not one frame.
    pub fn next_opened<'p>(
        &mut self,
        open: impl FnOnce(&[u8]) -> Option<&'p [u8]>,
    ) -> Result<Option<Frame>, Violation> {
        let mut reader = Reader(&self.memory[self.start..self.end]);
        let Some(length) = reader.next_u16().map(usize::from) else {
            return Ok(None);
        };
        if length > HEADER + MAX_PAYLOAD + TAG {
            // The length is not sealed: anybody may have changed it.
            return Err(Violation::Unsealed);
        }
        let Some(message) = reader.next_slice(length) else { return Ok(None) };
        let plain = open(message).ok_or(Violation::Unsealed)?;
        self.start += 2 + length;
        let frame = parse(plain)?.ok_or(Violation::Unsealed)?;
        match HEADER + frame.payload.len() == plain.len() {
            true => Ok(Some(frame)),
            false => Err(Violation::Unsealed),
        }
    }
}

/// The frame that these bytes begin with, if they have all of it.
fn parse(bytes: &[u8]) -> Result<Option<Frame>, Violation> {
    if !bytes.iter().zip(MAGIC).all(|(byte, magic)| *byte == magic) {
        return Err(Violation::Magic);
    }
    let mut reader = Reader(bytes);
    let Some([_, _, version, kind]) = reader.next_array() else {
        return Ok(None);
    };
    let Some(length) = reader.next_array().map(u32::from_be_bytes) else {
        return Ok(None);
    };
    let kind = check(version, kind, length)?;
    let payload = reader.next_slice(length as usize);
    Ok(payload.map(|it| Frame { kind, payload: it.to_vec() }))
}

/// Looks at a header: nothing has been done yet because of it.
fn check(
    version: u8,
    byte: u8,
    length: u32,
) -> Result<Option<Kind>, Violation> {
    match Kind::from_byte(byte) {
        Some(_) if version != VERSION => Err(Violation::Version(version)),
        Some(kind) if length as usize > kind.max_length() => {
            Err(Violation::TooBig(kind, length))
        }
        Some(kind) => Ok(Some(kind)),
        None if version <= VERSION => Err(Violation::Unknown(byte)),
        None if length as usize > MAX_PAYLOAD => Err(Violation::Huge(length)),
        // Whatever it is, it can be left out.
        None => Ok(None),
    }
}
