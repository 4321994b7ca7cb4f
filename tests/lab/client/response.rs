//! Responses of HTTP, taken apart by a client that forgives nothing: RFC 9112
//! sections 4 to 6.

use super::{Client, End};
use crate::lab::show;
use crate::lab::trouble::Outcome;

/// Nobody needs a longer head for a response.
const MAX_HEAD: usize = 16 * 1024;

/// One response.
#[derive(Debug)]
pub struct Response {
    /// Such as 200.
    pub status: u16,
    /// Names as they were written, values without the blanks around them.
    pub fields: Vec<(String, String)>,
    /// As long as Content-Length says; empty if it responds to HEAD.
    pub body: Vec<u8>,
}

impl Response {
    /// The whole response that `bytes` begin with, and how long it is; `None`
    /// if more must come. An error says why this is no response.
    pub fn first(
        bytes: &[u8],
    ) -> Result<Option<(Response, usize)>, &'static str> {
        let Some(head) = behind(bytes, b"\r\n\r\n") else { return Ok(None) };
        let mut response = parse(&bytes[..head])?;
        let end = head + response.length().ok_or("no Content-Length")?;
        let body = bytes.get(head..end);
        Ok(body.map(|body| {
            response.body = body.to_vec();
            (response, end)
        }))
    }

    /// The value of the only field of that name.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut values = self.values(name);
        values.next().filter(|_| values.next().is_none())
    }

    /// The values of all fields of that name.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let same =
            |field: &&(String, String)| field.0.eq_ignore_ascii_case(name);
        self.fields.iter().filter(same).map(|(_, value)| value.as_str())
    }

    /// Status and fields in one line.
    pub fn head(&self) -> String {
        let fields = self.fields.iter().map(|(name, value)| {
            let shown: String = value.chars().take(40).collect();
            format!(", {name}: {shown}")
        });
        fields.fold(self.status.to_string(), |head, field| head + &field)
    }

    /// What Content-Length says, if there is one such field and it is a
    /// number.
    pub fn length(&self) -> Option<usize> {
        let value = self.field("Content-Length")?;
        let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
        value.parse().ok().filter(|_| is_number)
    }

    /// Whether `option` is among those of Connection.
    pub fn says(&self, option: &str) -> bool {
        let mut options =
            self.values("Connection").flat_map(|value| value.split(','));
        options.any(|one| one.trim().eq_ignore_ascii_case(option))
    }
}

impl Client {
    /// Receives one whole response, and not a byte more.
    pub fn response(&mut self) -> Outcome<Response> {
        let mut response = self.response_head()?;
        // RFC 9110 section 8.6: these alone need no length, and 304 has that
        // of a body which is not there.
        let has_none = matches!(response.status, 100 | 204)
            && response.values("Content-Length").next().is_none();
        let has_none = has_none || response.status == 304;
        let length = has_none.then_some(0).or(response.length());
        let Some(length) = length else {
            return Err(self.failed(
                "one Content-Length field: else nobody can know where the \
                 response ends",
                response.head(),
            ));
        };
        let (body, end) = self.gather(length)?;
        let shown = show::bytes(&body);
        self.event(format!("received {} with {shown}", response.status));
        if end != End::Enough {
            let got = format!("{}{}", show::count(body.len()), end.words());
            let expected = format!("a body of {}", show::count(length));
            return Err(self.failed(expected, got));
        }
        response.body = body;
        Ok(response)
    }

    /// Receives the response to a request with this method.
    pub fn response_to(&mut self, method: &str) -> Outcome<Response> {
        match method {
            "HEAD" => self.response_head(),
            _ => self.response(),
        }
    }

    /// Receives the head of a response, and not a byte more: a whole response,
    /// if the request was HEAD.
    pub fn response_head(&mut self) -> Outcome<Response> {
        let (head, end) = self.gather_until(|bytes| {
            let is_long = bytes.len() > MAX_HEAD;
            behind(bytes, b"\r\n\r\n").or(is_long.then_some(bytes.len()))
        })?;
        if end != End::Enough {
            let got = end.after(&head);
            self.event(format!("received {got}"));
            return Err(self.failed("a response of HTTP/1.1", got));
        }
        let response = parse(&head).map_err(|fault| {
            let shown = show::bytes(&head);
            self.event(format!("received {shown}"));
            self.failed("a response of HTTP/1.1", format!("{fault}: {shown}"))
        })?;
        if response.length().is_none_or(|length| length == 0) {
            self.event(format!("received the head of a {}", response.status));
        }
        Ok(response)
    }

    /// Receives one line, with its end.
    pub fn line(&mut self) -> Outcome<Vec<u8>> {
        let (line, end) = self.gather_until(|bytes| behind(bytes, b"\n"))?;
        let got = end.after(&line);
        self.event(format!("received {got}"));
        match end {
            End::Enough => Ok(line),
            _ => Err(self.failed("a line", got)),
        }
    }
}

/// Where the first `mark` ends.
fn behind(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    let at = bytes.windows(mark.len()).position(|some| some == mark);
    at.map(|at| at + mark.len())
}

/// The response whose head this is.
fn parse(head: &[u8]) -> Result<Response, &'static str> {
    let text = str::from_utf8(head).map_err(|_| "not ASCII")?;
    let text = text.strip_suffix("\r\n\r\n").ok_or("no blank line")?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(status).ok_or("no status line")?;
    let mut fields = Vec::new();
    for line in lines {
        if line.contains(['\r', '\n', '\0']) {
            return Err("a control character in a field");
        }
        let (name, value) = line.split_once(':').ok_or("no colon")?;
        if name.is_empty() || name.contains([' ', '\t']) {
            return Err("no field name");
        }
        fields.push((name.to_string(), value.trim().to_string()));
    }
    Ok(Response { status, fields, body: Vec::new() })
}

/// The number in `HTTP/1.1 200 OK`; the words may be missing, the blank
/// before them may not.
fn status(line: &str) -> Option<u16> {
    let rest = line.strip_prefix("HTTP/1.1 ")?;
    let (number, words) = rest.split_at_checked(3)?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    let is_clean = words.starts_with(' ') && !words.contains(['\r', '\n']);
    number.parse().ok().filter(|_| is_number && is_clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_answer_is_refused() {
        for head in [
            "HTTP/1.0 200 OK\r\n\r\n",
            "HTTP/1.1 200\r\n\r\n",
            "HTTP/1.1 2000 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length 12\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length : 12\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n",
            "HTTP/1.1 200 OK\nA: b\r\n\r\n",
        ] {
            assert!(parse(head.as_bytes()).is_err(), "{head}");
        }
    }

    #[test]
    fn a_length_is_a_number_and_stands_alone() {
        for fields in [
            "Content-Length: +2",
            "Content-Length: 2\r\nContent-Length: 2",
            "Content-Length:",
        ] {
            let head = format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n");
            let Ok(response) = parse(head.as_bytes()) else { panic!("{head}") };
            assert_eq!(response.length(), None, "{fields}");
        }
    }
}
