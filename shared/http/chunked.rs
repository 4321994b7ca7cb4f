//! Enters in step 07: a body in chunks, decoded while it arrives.
//!
//! RFC 9112 section 7.1: a size in hexadecimal, perhaps extensions, CRLF,
//! that many bytes, CRLF, and again; a size of 0 is the end, before which
//! there may be trailer fields. Extensions and trailers are checked, bounded
//! and dropped.

use super::bytes::{is_text, is_token};
use super::status::{Refusal, Status};

/// Digits of a size: those of 64 bits.
const MAX_DIGITS: usize = 16;

/// Bytes of extensions in a whole body. No client is known to use them, but
/// each chunk may bring some.
pub const MAX_EXTENSIONS: usize = 4 * 1024;

/// Bytes of trailer fields.
pub const MAX_TRAILERS: usize = 4 * 1024;

/// What the decoder expects next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A size, of which this many digits have been seen.
    Size(usize),
    Extension(Extension),
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// A trailer's name, or the CR of the end.
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerLf,
    EndLf,
    Done,
}

/// The parts of `;name=value` or `;name="value"`: RFC 9112 section 7.1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extension {
    /// White space before the semicolon.
    Space,
    NameStart,
    Name,
    /// White space before the equals sign.
    NameEnd,
    ValueStart,
    Value,
    Quoted,
    /// After a backslash.
    QuotedPair,
    /// After the second quotation mark.
    QuotedEnd,
}

impl Extension {
    /// What to expect after `byte`; `None` if it is not allowed there.
    fn next(self, byte: u8) -> Option<Self> {
        use Extension::*;
        Some(match (self, byte) {
            (Quoted, b'"') => QuotedEnd,
            (Quoted, b'\\') => QuotedPair,
            (Quoted | QuotedPair, _) if is_text(byte) => Quoted,
            (Space | Name | NameEnd | Value | QuotedEnd, b';') => NameStart,
            (Name | NameEnd, b'=') => ValueStart,
            (ValueStart, b'"') => Quoted,
            (NameStart | Name, _) if is_token(byte) => Name,
            (ValueStart | Value, _) if is_token(byte) => Value,
            (Space | Value | QuotedEnd, b' ' | b'\t') => Space,
            (NameStart | ValueStart, b' ' | b'\t') => self,
            (Name | NameEnd, b' ' | b'\t') => NameEnd,
            _ => return None,
        })
    }

    /// Whether the line may end here.
    fn is_whole(self) -> bool {
        use Extension::*;
        matches!(self, Name | Value | QuotedEnd)
    }
}

/// A decoder for one body. It looks at each byte once.
#[derive(Debug, Clone, Copy)]
pub struct Chunked {
    state: State,
    /// The size that is being read, then what is left of the chunk.
    left: u64,
    /// How many bytes the chunks to come may have together.
    limit: u64,
    extensions: usize,
    trailers: usize,
}

impl Chunked {
    /// A decoder that refuses bodies of more than `limit` bytes.
    pub fn new(limit: u64) -> Self {
        Chunked {
            state: State::Size(0),
            left: 0,
            limit,
            extensions: 0,
            trailers: 0,
        }
    }

    /// Whether the last byte of the body's last line has been seen.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Takes the next bytes: how many were used, and the data at the end of
    /// those. What was not used is to be given again, and nothing else.
    ///
    /// # Errors
    /// 400 for what is not chunked, 413 for more data than the limit, 431
    /// for too many trailers.
    pub fn next<'b>(
        &mut self,
        input: &'b [u8],
    ) -> Result<(usize, &'b [u8]), Refusal> {
        let mut used = 0;
        while let Some(&byte) = input.get(used) {
            match self.state {
                State::Done => break,
                State::Data => {
                    let data = &input[used..];
                    let count = self.left.min(data.len() as u64);
                    self.left -= count;
                    if self.left == 0 {
                        self.state = State::DataCr;
                    }
                    let data = &data[..count as usize];
                    return Ok((used + data.len(), data));
                }
                _ => self.state = self.framing(byte)?,
            }
            used += 1;
        }
        Ok((used, &[]))
    }

    /// What to expect after a byte that is not data.
    fn framing(&mut self, byte: u8) -> Result<State, Refusal> {
        Ok(match (self.state, byte) {
            (State::Size(digits), _) if byte.is_ascii_hexdigit() => {
                self.digit(digits, byte)?
            }
            // Size(0) has no digit yet: none of these is allowed there.
            (State::Size(1..), b';' | b' ' | b'\t') => {
                self.extension(Extension::Space, byte)?
            }
            (State::Size(1..), b'\r') => State::SizeLf,
            (State::Extension(part), b'\r') if part.is_whole() => State::SizeLf,
            (State::Extension(part), _) => self.extension(part, byte)?,
            (State::SizeLf, b'\n') => self.size()?,

            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => State::Size(0),

            (State::TrailerStart, b'\r') => State::EndLf,
            (State::TrailerStart | State::TrailerName, _) if is_token(byte) => {
                self.trailer(State::TrailerName)?
            }
            (State::TrailerName, b':') => self.trailer(State::TrailerValue)?,
            (State::TrailerValue, b'\r') => State::TrailerLf,
            (State::TrailerValue, _) if is_text(byte) => {
                self.trailer(State::TrailerValue)?
            }
            (State::TrailerLf, b'\n') => State::TrailerStart,
            (State::EndLf, b'\n') => State::Done,

            (State::Size(_), _) => {
                return Err(Refusal::bad("a chunk size that is not a number"));
            }
            (State::DataCr | State::DataLf, _) => {
                return Err(Refusal::bad("a chunk longer than its size"));
            }
            _ => {
                return Err(Refusal::bad("a malformed line in a chunked body"));
            }
        })
    }

    /// One more digit of a size. A number too long for 64 bits would lose its
    /// first digits, and the rest of the body would become a request.
    fn digit(&mut self, digits: usize, byte: u8) -> Result<State, Refusal> {
        if digits == MAX_DIGITS {
            return Err(Refusal::bad("a chunk size of too many digits"));
        }
        let value = char::from(byte).to_digit(16).unwrap_or(0);
        self.left = (self.left << 4) | u64::from(value);
        Ok(State::Size(digits + 1))
    }

    /// The line of the size is over.
    fn size(&mut self) -> Result<State, Refusal> {
        if self.left == 0 {
            return Ok(State::TrailerStart);
        }
        let Some(limit) = self.limit.checked_sub(self.left) else {
            return Err(Refusal::new(
                Status::ContentTooLarge,
                "the body is too large",
            ));
        };
        self.limit = limit;
        Ok(State::Data)
    }

    /// One more byte of an extension.
    fn extension(
        &mut self,
        part: Extension,
        byte: u8,
    ) -> Result<State, Refusal> {
        self.extensions += 1;
        if self.extensions > MAX_EXTENSIONS {
            return Err(Refusal::bad("too many chunk extensions"));
        }
        match part.next(byte) {
            Some(part) => Ok(State::Extension(part)),
            None => Err(Refusal::bad("a malformed chunk extension")),
        }
    }

    /// One more byte of trailers, after which comes `next`.
    fn trailer(&mut self, next: State) -> Result<State, Refusal> {
        self.trailers += 1;
        if self.trailers > MAX_TRAILERS {
            let why = "too many trailer fields";
            return Err(Refusal::new(Status::FieldsTooLarge, why));
        }
        Ok(next)
    }
}
