//! An HTTP response as a client sees it, read by somebody else's parser.

use super::Client;

/// A complete response. Reading it has checked the framing: the body has
/// exactly the length that the head promised.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    /// Reads one response and not a byte more than it has.
    pub fn read(client: &mut Client) -> Self {
        let (bytes, error) = client.receive_until(|bytes| {
            Response::parse(bytes).is_some_and(|response| response.is_whole())
        });
        match Response::parse(&bytes) {
            Some(response) if response.is_whole() => response,
            _ => panic!("no whole response, {error:?}"),
        }
    }

    /// The response whose head is whole; the body may still be on its way.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut fields = [httparse::EMPTY_HEADER; 32];
        let mut head = httparse::Response::new(&mut fields);
        let parsed = head.parse(bytes);
        let parsed = parsed.unwrap_or_else(|error| {
            panic!("no HTTP ({error}): {}", bytes.escape_ascii())
        });
        let httparse::Status::Complete(length) = parsed else { return None };
        assert_eq!(head.version, Some(1), "HTTP/1.1");
        let fields = head.headers.iter().map(|field| {
            let value = String::from_utf8(field.value.to_vec());
            (field.name.to_lowercase(), value.expect("ASCII"))
        });
        Some(Response {
            status: head.code.expect("a status"),
            fields: fields.collect(),
            body: bytes[length..].to_vec(),
        })
    }

    /// The value of the one field of that name, in lower case.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut found = self.fields.iter().filter(|field| field.0 == name);
        let value = found.next().map(|field| field.1.as_str());
        assert!(found.next().is_none(), "{name} twice");
        value
    }

    fn is_whole(&self) -> bool {
        let length = self.field("content-length").expect("Content-Length");
        let length: usize = length.parse().expect("a length");
        assert!(self.body.len() <= length, "more than Content-Length");
        self.body.len() == length
    }

    /// Panics unless this is a page for a browser.
    pub fn expect_page(&self) {
        assert_eq!(self.status, 200);
        let kind = self.field("content-type");
        assert_eq!(kind, Some("text/html; charset=utf-8"));
        let page = std::str::from_utf8(&self.body).expect("UTF-8");
        assert!(page.starts_with("<!doctype html>"), "{page}");
    }
}
