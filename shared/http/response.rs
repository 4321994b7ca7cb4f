//! Enters in step 06: answers, written one after the other into a buffer
//! that is reused.
//!
//! Status line, fields and body lie in one piece, so that one write sends
//! them. RFC 9112 sections 4 and 5.

use super::method::Method;
use super::persistence::Persistence;
use super::status::Status;

/// An answer that is being written: its status is there, its fields follow.
#[derive(Debug)]
#[must_use = "an answer needs its end"]
pub struct Response<'o> {
    out: &'o mut Vec<u8>,
}

impl<'o> Response<'o> {
    /// Begins an answer behind what is already in `out`.
    pub fn new(out: &'o mut Vec<u8>, status: Status) -> Self {
        out.extend_from_slice(b"HTTP/1.1 ");
        decimal(out, status.code().into());
        out.push(b' ');
        out.extend_from_slice(status.reason().as_bytes());
        out.extend_from_slice(b"\r\n");
        Response { out }
    }

    /// Adds a field. A value from outside may hold anything; whoever could
    /// put a line end into it could write fields of their own, so control
    /// characters become blanks.
    pub fn field(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b": ");
        let start = self.out.len();
        self.out.extend_from_slice(value.as_ref());
        for byte in &mut self.out[start..] {
            if byte.is_ascii_control() {
                *byte = b' ';
            }
        }
        self.out.extend_from_slice(b"\r\n");
        self
    }

    /// Says what becomes of the connection, if it must be said.
    pub fn persistence(self, persistence: Persistence) -> Self {
        match persistence.field() {
            Some(value) => self.field("Connection", value),
            None => self,
        }
    }

    /// Ends the answer with a body. The answer to HEAD tells the length of a
    /// body that is not there.
    pub fn body(self, method: Method, body: &[u8]) {
        let out = self.length(body.len() as u64);
        if method != Method::Head {
            out.extend_from_slice(body);
        }
    }

    /// Ends the answer's head, for a body of `length` bytes that comes from
    /// elsewhere. Returns the buffer.
    pub fn length(self, length: u64) -> &'o mut Vec<u8> {
        self.out.extend_from_slice(b"Content-Length: ");
        decimal(self.out, length);
        self.out.extend_from_slice(b"\r\n\r\n");
        self.out
    }

    /// Ends the answer to a request that is refused: why, and that the
    /// connection closes. It has a body even for HEAD, of which it may be
    /// unknown.
    pub fn refuse(self, why: &str) {
        let out = self
            .field("Content-Type", "text/plain; charset=utf-8")
            .persistence(Persistence::Closes)
            .length(why.len() as u64 + 1);
        out.extend_from_slice(why.as_bytes());
        out.push(b'\n');
    }

    /// Ends an answer that never has a body, nor tells a length: RFC 9110
    /// section 8.6 forbids it for 100 and 204.
    pub fn empty(self) {
        self.out.extend_from_slice(b"\r\n");
    }
}

/// Writes a number without the machinery of `format!`.
fn decimal(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [b'0'; 20];
    let mut start = digits.len() - 1;
    while number > 9 {
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        start -= 1;
    }
    digits[start] = b'0' + number as u8;
    out.extend_from_slice(&digits[start..]);
}
