//! Enters in step 05: responses, written one after the other into a buffer
//! that is reused.
//!
//! Status line, fields and body are contiguous, so that one write sends
//! them. RFC 9112 sections 4 and 5.

use super::method::Method;
use super::persistence::Persistence;
use super::status::{Refusal, Status};

/// A response that is being written: its status is there, fields follow.
#[derive(Debug)]
#[must_use = "a response needs its end"]
pub struct Response<'o> {
    out: &'o mut Vec<u8>,
    /// It is for HEAD: RFC 9110 section 9.3.2.
    head_only: bool,
}

impl<'o> Response<'o> {
    /// Starts the response to a request with `method`, behind what is already
    /// in `out`.
    pub fn new(out: &'o mut Vec<u8>, status: Status, method: Method) -> Self {
        status_line(out, status);
        Response { out, head_only: method == Method::Head }
    }

    /// The rest of a response, which is kept for later: without its start.
    /// Enters in step 17.
    pub fn rest(out: &'o mut Vec<u8>) -> Self {
        Response { out, head_only: false }
    }

    /// Adds a field. A line end in the value would let a client write fields
    /// of its own, so control characters become spaces.
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

    /// Adds the Connection field, if one is needed. Enters in step 06.
    pub fn persistence(self, persistence: Persistence) -> Self {
        match persistence.field() {
            Some(value) => self.field("Connection", value),
            None => self,
        }
    }

    /// Ends the response with a body. A response to HEAD has the length of a
    /// body that is not there.
    pub fn body(self, body: &[u8]) {
        let head_only = self.head_only;
        let out = self.length(body.len() as u64);
        if !head_only {
            out.extend_from_slice(body);
        }
    }

    /// Ends the head of a response whose body has `length` bytes and is sent
    /// from elsewhere. Returns the buffer.
    pub fn length(self, length: u64) -> &'o mut Vec<u8> {
        self.out.extend_from_slice(b"Content-Length: ");
        decimal(self.out, length);
        self.out.extend_from_slice(b"\r\n\r\n");
        self.out
    }

    /// Ends a response that has no body, and says nothing about the length of
    /// one: 204 and 304. Enters in step 16.
    pub fn end(self) {
        self.out.extend_from_slice(b"\r\n");
    }

    /// Ends the head of a response whose body ends with the connection, and
    /// begins the body: RFC 9112 section 6.3 item 8. Enters in step 27.
    pub fn endless(self, body: &[u8]) {
        self.out.extend_from_slice(b"\r\n");
        if !self.head_only {
            self.out.extend_from_slice(body);
        }
    }

    /// Ends a response of which the rest has been kept: fields with the empty
    /// line behind them, and a body. Enters in step 17.
    pub fn ready(self, fields: &[u8], body: &[u8]) {
        self.out.extend_from_slice(fields);
        if !self.head_only {
            self.out.extend_from_slice(body);
        }
    }

    /// Says when to try again, if that may help: RFC 9110 section 10.2.3.
    /// Enters in step 22.
    fn retry_after(self, status: Status) -> Self {
        match status {
            Status::ServiceUnavailable | Status::TooManyRequests => {
                self.field("Retry-After", "1")
            }
            _ => self,
        }
    }

    /// Ends a response that refuses a request: the reason, and that the
    /// connection closes. Enters in step 06.
    pub fn refuse(self, refusal: Refusal) {
        let head_only = self.head_only;
        let out = self
            .retry_after(refusal.status)
            .field("Content-Type", "text/plain; charset=utf-8")
            .persistence(Persistence::Close)
            .length(refusal.why.len() as u64 + 1);
        if !head_only {
            out.extend_from_slice(refusal.why.as_bytes());
            out.push(b'\n');
        }
    }
}

/// Writes `100 Continue`, which has no fields and is followed by the real
/// response: RFC 9110 section 15.2.1. Enters in step 07.
pub fn write_continue(out: &mut Vec<u8>) {
    status_line(out, Status::Continue);
    out.extend_from_slice(b"\r\n");
}

/// Adds fields, as ready lines, to the response that starts there. Enters in
/// step 20.
pub fn insert_fields(out: &mut Vec<u8>, start: usize, fields: &[u8]) {
    let line = memchr::memchr(b'\n', &out[start..]);
    // Behind the status line.
    let at = start + line.map_or(0, |end| end + 1);
    let end = out.len();
    out.resize(end + fields.len(), 0);
    out.copy_within(at..end, at + fields.len());
    out[at..at + fields.len()].copy_from_slice(fields);
}

fn status_line(out: &mut Vec<u8>, status: Status) {
    out.extend_from_slice(b"HTTP/1.1 ");
    decimal(out, status.code().into());
    out.push(b' ');
    out.extend_from_slice(status.reason().as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Writes a number in decimal, without the machinery of `format!`.
pub fn decimal(out: &mut Vec<u8>, mut number: u64) {
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
