//! Enters in step 07: a body, however it is delimited.

use super::chunked::Chunked;
use super::framing::Framing;
use super::status::{Refusal, Status};

/// What is left of a body that is arriving.
#[derive(Debug, Clone, Copy)]
pub enum Body {
    /// This many bytes.
    Length(u64),
    /// Chunks.
    Chunked(Chunked),
}

impl Body {
    /// A body that has not begun, of at most `limit` bytes.
    ///
    /// # Errors
    /// 413 when the head has promised more.
    pub fn new(framing: Framing, limit: u64) -> Result<Self, Refusal> {
        match framing {
            Framing::Length(length) if length > limit => Err(Refusal::new(
                Status::ContentTooLarge,
                "the body is too large",
            )),
            Framing::Length(length) => Ok(Body::Length(length)),
            Framing::Chunked => Ok(Body::Chunked(Chunked::new(limit))),
        }
    }

    /// Whether the body's last byte has been taken: the next byte is the
    /// next request's.
    pub fn is_done(&self) -> bool {
        match self {
            Body::Length(left) => *left == 0,
            Body::Chunked(chunked) => chunked.is_done(),
        }
    }

    /// Takes the next bytes: how many were used, and the data at the end of
    /// those. The unused ones are to be given again: they may be more of the
    /// body. Nothing used means that nothing was given, or the end.
    ///
    /// # Errors
    /// Those of [`Chunked::next`].
    pub fn next<'b>(
        &mut self,
        input: &'b [u8],
    ) -> Result<(usize, &'b [u8]), Refusal> {
        match self {
            Body::Length(left) => {
                let count = (*left).min(input.len() as u64);
                *left -= count;
                let data = &input[..count as usize];
                Ok((data.len(), data))
            }
            Body::Chunked(chunked) => chunked.next(input),
        }
    }
}
