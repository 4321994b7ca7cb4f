//! Responses, as they come one after the other.

use crate::common::Client;

/// A response, as read from the wire.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    /// It says that the connection closes.
    pub closes: bool,
    pub body: Vec<u8>,
}

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
    pub fn next(&mut self, is_head: bool) -> Option<Reply> {
        loop {
            if let Some((reply, length)) = parse(&self.unused, is_head) {
                self.unused.drain(..length);
                return Some(reply);
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

/// The first response in `bytes` and its length, if it is whole.
fn parse(bytes: &[u8], is_head: bool) -> Option<(Reply, usize)> {
    let mut fields = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Response::new(&mut fields);
    let parsed = head.parse(bytes);
    let parsed = parsed.unwrap_or_else(|error| {
        panic!("no HTTP ({error}): {}", bytes.escape_ascii())
    });
    let httparse::Status::Complete(start) = parsed else { return None };
    let field = |name: &str| {
        let has_name =
            |field: &&httparse::Header| field.name.eq_ignore_ascii_case(name);
        let value = head.headers.iter().find(has_name)?.value;
        Some(std::str::from_utf8(value).expect("ASCII"))
    };
    let status = head.code.expect("a status");
    let length: usize = match field("Content-Length") {
        Some(length) => length.parse().expect("a length"),
        None => {
            // RFC 9110 section 8.6: these alone need none.
            assert!(matches!(status, 100 | 204), "no Content-Length");
            0
        }
    };
    let end = if is_head { start } else { start + length };
    let body = bytes.get(start..end)?.to_vec();
    let closes = field("Connection") == Some("close");
    Some((Reply { status, closes, body }, end))
}
