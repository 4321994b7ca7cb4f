//! Enters in step 06: where a request's body ends, by what its head says.
//!
//! RFC 9112 section 6. A server that reads these rules in another way than
//! the next one sees another request in the same bytes; that is called request
//! smuggling. So whatever could be read in two ways is refused.

use super::fields;
use super::status::{Refusal, Status};
use super::version::Version;

/// How a body is delimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// This many bytes. 0 if the head does not mention a body: then there
    /// is none.
    Length(u64),
    /// In chunks, the last of which is empty: see
    /// [`Chunked`](super::chunked::Chunked). Enters in step 07.
    Chunked,
}

/// What the fields of a head say about its body, collected one by one.
#[derive(Debug, Default, Clone, Copy)]
pub struct BodyFields {
    length: Option<u64>,
    /// A Transfer-Encoding was there.
    coded: bool,
    /// Its last coding so far is `chunked`.
    chunked: bool,
    /// It has a coding that is not `chunked`.
    unknown: bool,
}

impl BodyFields {
    /// Adds a Content-Length field: digits, and once. RFC 9110 section 8.6
    /// lets a server accept `5, 5`, or two fields that agree, or refuse
    /// them. We refuse: such a head was put together from parts.
    ///
    /// # Errors
    /// 400 when it is a second one, or not a number that fits in 64 bits.
    pub fn content_length(&mut self, value: &[u8]) -> Result<(), Refusal> {
        let Some(length) = number(value) else {
            return Err(Refusal::bad("a Content-Length that is not a number"));
        };
        match self.length.replace(length) {
            None => Ok(()),
            Some(_) => Err(Refusal::bad("two Content-Length fields")),
        }
    }

    /// Adds a Transfer-Encoding field: a list, which may go on in a second
    /// field. Enters in step 07.
    ///
    /// # Errors
    /// 400 when something comes after `chunked`, even `chunked` again:
    /// section 6.1.
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

    /// The verdict after the last field: section 6.3.
    ///
    /// # Errors
    /// 400 for contradictions and for codings without an end, 501 for a
    /// coding that has one but that we cannot undo.
    pub fn framing(self, version: Version) -> Result<Framing, Refusal> {
        if self.coded {
            self.coding(version)
        } else {
            Ok(Framing::Length(self.length.unwrap_or(0)))
        }
    }

    /// The verdict when there is a Transfer-Encoding. Enters in step 07.
    fn coding(self, version: Version) -> Result<Framing, Refusal> {
        if self.length.is_some() {
            return Err(Refusal::bad(
                "both Content-Length and Transfer-Encoding",
            ));
        }
        // Section 6.1: such a message has passed through a program that did
        // not understand it.
        if version == Version::Http10 {
            return Err(Refusal::bad("Transfer-Encoding in HTTP/1.0"));
        }
        if !self.chunked {
            return Err(Refusal::bad("a body without an end: not chunked"));
        }
        if self.unknown {
            let why = "a Transfer-Encoding other than chunked";
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
