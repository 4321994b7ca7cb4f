//! Responses, as they come one after the other.

use crate::common::{Client, Response};

/// The responses on a connection, one after the other.
pub struct Replies<'w> {
    client: &'w mut Client,
    unused: Vec<u8>,
}

impl<'w> Replies<'w> {
    pub fn new(client: &'w mut Client) -> Self {
        Replies { client, unused: Vec::new() }
    }

    /// The next response, to a HEAD or not; `None` at the end of the stream.
    pub fn next(&mut self, is_head: bool) -> Option<Response> {
        loop {
            let end = Response::end(&self.unused, is_head);
            if let Some(end) = end.filter(|end| *end <= self.unused.len()) {
                let bytes: Vec<u8> = self.unused.drain(..end).collect();
                let (response, head) = Response::parse(&bytes)?;
                return Some(Response {
                    body: bytes[head..].into(),
                    ..response
                });
            }
            let (more, error) =
                self.client.receive_until(|new| !new.is_empty());
            assert!(error.is_none(), "instead of a response: {error:?}");
            if more.is_empty() {
                self.expect_nothing();
                return None;
            }
            self.unused.extend_from_slice(&more);
        }
    }

    pub fn expect_nothing(&self) {
        let rest = self.unused.escape_ascii();
        assert!(self.unused.is_empty(), "one response too many: {rest}");
    }

    /// Not a byte more, and no reset, which could have destroyed responses.
    pub fn expect_end(&mut self) {
        self.expect_nothing();
        self.client.expect_end();
    }

    /// The same for a client that goes on sending after its own close: it is
    /// not read, so a reset may follow the last response.
    pub fn expect_end_or_reset(&mut self) {
        self.expect_nothing();
        let (rest, _) = self.client.receive_until(|_| false);
        assert!(rest.is_empty(), "more came: {}", rest.escape_ascii());
    }
}
