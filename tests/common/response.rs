//! An HTTP response as a client sees it, read by somebody else's parser.

use super::Client;

/// A response. It is whole, unless it says that it is cut.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    /// Names in lower case, in the order they came.
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The body is shorter than its length says, and the stream has ended.
    pub is_cut: bool,
}

impl Response {
    /// Reads one response to GET, and not a byte more than it has.
    pub fn read(client: &mut Client) -> Self {
        let (bytes, error) = client.receive_until(|bytes| {
            let end = Response::end(bytes, false);
            assert!(end.is_none_or(|end| bytes.len() <= end), "too long");
            end == Some(bytes.len())
        });
        match Response::parse(&bytes) {
            Some((mut response, head)) => {
                response.body = bytes[head..].to_vec();
                assert_eq!(response.body.len(), response.length(), "{error:?}");
                response
            }
            None => panic!("no whole head, {error:?}"),
        }
    }

    /// The response that begins here, without its body, and the length of
    /// its head. `None` if that is not whole yet.
    pub fn parse(bytes: &[u8]) -> Option<(Self, usize)> {
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
        let response = Response {
            status: head.code.expect("a status"),
            fields: fields.collect(),
            body: Vec::new(),
            is_cut: false,
        };
        Some((response, length))
    }

    /// Where the response ends that begins here, once its head is there.
    pub fn end(bytes: &[u8], is_head: bool) -> Option<usize> {
        let (response, head) = Response::parse(bytes)?;
        // RFC 9110 section 8.6: these alone need no length.
        let has_none = matches!(response.status, 100 | 204)
            && response.field("content-length").is_none();
        let length = if has_none { 0 } else { response.length() };
        Some(if is_head { head } else { head + length })
    }

    /// The value of the one field of that name, in lower case.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut found = self.fields.iter().filter(|field| field.0 == name);
        let value = found.next().map(|field| field.1.as_str());
        assert!(found.next().is_none(), "{name} twice");
        value
    }

    /// What Content-Length says.
    pub fn length(&self) -> usize {
        let length = self.field("content-length").expect("Content-Length");
        length.parse().expect("a length")
    }

    /// Whether it says that the connection closes.
    pub fn closes(&self) -> bool {
        self.field("connection") == Some("close")
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
