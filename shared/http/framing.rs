//! Enters in step 06: where a request's body ends, by what its head says.
//!
//! RFC 9112 section 6. Whoever reads these rules otherwise than the next
//! server sees another request in the same bytes; that is called request
//! smuggling. So whatever could be read in two ways is refused.

use super::fields;
use super::head::Version;
use super::status::{Refusal, Status};

/// How a body is delimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// So many bytes. 0 if the head says nothing: a request without a word
    /// about a body has none.
    Length(u64),
    /// In chunks, the last of which is empty: see
    /// [`Chunked`](super::chunked::Chunked).
    Chunked,
}

/// What the fields of a head say about its body, gathered one by one.
#[derive(Debug, Default, Clone, Copy)]
pub struct Claims {
    length: Option<u64>,
    /// A Transfer-Encoding was there.
    coded: bool,
    /// Its last coding so far is `chunked`.
    chunked: bool,
    /// It has a coding that is not `chunked`.
    unknown: bool,
}

impl Claims {
    /// A Content-Length field: digits, and once. RFC 9110 section 8.6 lets a
    /// server accept `5, 5`, or two fields that agree, or refuse them; who
    /// sends such a thing has put it together from parts.
    ///
    /// # Errors
    /// When it is a second one, or no number that fits in 64 bits.
    pub fn content_length(&mut self, value: &[u8]) -> Result<(), Refusal> {
        let Some(length) = number(value) else {
            return Err(Refusal::bad("a Content-Length that is no number"));
        };
        match self.length.replace(length) {
            None => Ok(()),
            Some(_) => Err(Refusal::bad("two Content-Length fields")),
        }
    }

    /// A Transfer-Encoding field: a list, which may go on in a second field.
    ///
    /// # Errors
    /// When something comes after `chunked`, be it `chunked` again: section
    /// 6.1.
    pub fn transfer_encoding(&mut self, value: &[u8]) -> Result<(), Refusal> {
        self.coded = true;
        for coding in fields::list(value) {
            if self.chunked {
                return Err(Refusal::bad("a coding after chunked"));
            }
            if coding.eq_ignore_ascii_case(b"chunked") {
                self.chunked = true;
            } else {
                self.unknown = true;
            }
        }
        Ok(())
    }

    /// The verdict when all fields have been seen: section 6.3.
    ///
    /// # Errors
    /// 400 for contradictions and for codings without an end, 501 for a
    /// coding that has one but that we cannot undo.
    pub fn decide(self, version: Version) -> Result<Framing, Refusal> {
        if !self.coded {
            return Ok(Framing::Length(self.length.unwrap_or(0)));
        }
        if self.length.is_some() {
            return Err(Refusal::bad(
                "both Content-Length and Transfer-Encoding",
            ));
        }
        // Section 6.1: such a message has come through a program that did
        // not understand it.
        if version == Version::Http10 {
            return Err(Refusal::bad("Transfer-Encoding in HTTP/1.0"));
        }
        if !self.chunked {
            return Err(Refusal::bad("a body without an end: not chunked"));
        }
        if self.unknown {
            let why = "no Transfer-Encoding but chunked is known here";
            return Err(Refusal::new(Status::NotImplemented, why));
        }
        Ok(Framing::Chunked)
    }
}

/// `1*DIGIT`, if it fits: no sign, no white space, no hexadecimal digits.
fn number(value: &[u8]) -> Option<u64> {
    if value.is_empty() {
        return None;
    }
    value.iter().try_fold(0_u64, |number, &byte| {
        if !byte.is_ascii_digit() {
            return None;
        }
        number.checked_mul(10)?.checked_add(u64::from(byte - b'0'))
    })
}
