//! Enters in step 23: what a message is made of: fields at fixed places.
//!
//! All integers are big-endian. A message has a table of its fields, which
//! says where each is and what it means. Tests hold the code that writes and
//! reads the message against it.

use std::fmt::Write;

/// A field of a message.
#[derive(Debug)]
pub struct Field {
    /// What it is called.
    pub name: &'static str,
    /// Where it begins: so many bytes behind the beginning of the message.
    pub offset: usize,
    /// How many bytes it has. 0: as many as there are.
    pub length: usize,
    /// What it says, and whether the receiver can find out that it is a lie.
    pub meaning: &'static str,
}

impl Field {
    /// A row of a table.
    pub const fn new(
        name: &'static str,
        offset: usize,
        length: usize,
        meaning: &'static str,
    ) -> Self {
        Field { name, offset, length, meaning }
    }
}

/// Takes fields from the front of a message. `None`: it is too short.
#[derive(Debug)]
pub struct Reader<'b>(pub &'b [u8]);

impl<'b> Reader<'b> {
    /// The next `count` bytes.
    pub fn next_slice(&mut self, count: usize) -> Option<&'b [u8]> {
        let (front, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(front)
    }

    /// The next `N` bytes: what an integer is made of.
    pub fn next_array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (front, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*front)
    }

    /// The next two bytes as a number.
    pub fn next_u16(&mut self) -> Option<u16> {
        self.next_array().map(u16::from_be_bytes)
    }

    /// The next eight bytes as a number.
    pub fn next_u64(&mut self) -> Option<u64> {
        self.next_array().map(u64::from_be_bytes)
    }

    /// Nothing may be left.
    pub fn nothing_left(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// A line for each field: where it is, its bytes, and what it means. Long
/// ones are cut.
pub fn annotate(fields: &[Field], message: &[u8]) -> String {
    let mut text = String::new();
    for field in fields {
        let Field { name, offset, length, meaning } = field;
        let rest = message.get(*offset..).unwrap_or_default();
        let count = if *length == 0 { rest.len() } else { *length };
        let bytes = hex(&rest[..rest.len().min(count).min(8)]);
        let more = if count > 8 { "…" } else { "" };
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{offset:4} {count:4}  {name:<10} {:<18}{meaning}",
            bytes + more
        );
    }
    text
}

/// Two digits for each byte.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
