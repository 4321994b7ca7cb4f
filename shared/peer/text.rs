//! Enters in step 23: which protocol somebody speaks, and lines of text.

use std::mem;

/// What is spoken on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    /// Requests such as `/known_hosts`, each of them a line.
    Text,
    /// Frames.
    Frames,
    /// HTTP, or nothing that we know: its parser says so.
    Http,
}

/// What is spoken, by the first byte of it. A request of HTTP begins with a
/// method, which has no slash. No byte of ASCII is 0x80 or more.
pub fn kind_of(first: u8) -> Speaks {
    match first {
        b'/' => Speaks::Text,
        0x80.. => Speaks::Frames,
        _ => Speaks::Http,
    }
}

/// Why a line is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// It has more bytes than a line may have.
    TooLong,
    /// It is no UTF-8, or has control characters, which do things to a
    /// terminal.
    NoText,
}

/// Whether bytes are a line of text.
///
/// # Errors
/// What is wrong with them.
pub fn line(bytes: &[u8], max: usize) -> Result<&str, Unfit> {
    if bytes.len() > max {
        return Err(Unfit::TooLong);
    }
    let text = str::from_utf8(bytes).ok();
    text.filter(|it| !it.contains(char::is_control)).ok_or(Unfit::NoText)
}

/// Cuts a stream of bytes into lines, however they arrive.
#[derive(Debug)]
pub struct Lines {
    /// The line that has not ended yet: two bytes more than it may have, at
    /// most.
    begun: Vec<u8>,
    max: usize,
}

impl Lines {
    /// Of at most `max` bytes each.
    pub fn new(max: usize) -> Self {
        Lines { begun: Vec::new(), max }
    }

    /// The lines that end in these bytes, without the ends: `\n` or `\r\n`.
    pub fn cut(&mut self, bytes: &[u8]) -> Vec<Result<String, Unfit>> {
        let mut lines = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = piece.strip_suffix(b"\n").unwrap_or(piece);
            // One byte for `\r`, and one that shows that it is too long.
            let room = (self.max + 2).saturating_sub(self.begun.len());
            self.begun.extend(&text[..text.len().min(room)]);
            if text.len() < piece.len() {
                lines.extend(self.end());
            }
        }
        lines
    }

    /// The last line, if there is one that has begun: the stream has ended.
    pub fn end(&mut self) -> Option<Result<String, Unfit>> {
        let bytes = mem::take(&mut self.begun);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(&bytes);
        let line = line(bytes, self.max).map(str::to_string);
        Some(line).filter(|it| *it != Ok(String::new()))
    }
}
