//! What a program has written, as a response: RFC 3875 section 6.

use shared::http::bytes::{is_target, is_text, is_token};
use shared::http::head::MAX_HEAD;
use shared::http::method::Method;
use shared::http::status::Refusal;
use shared::web::site::Responder;

use crate::pipes::bad;

/// Fields that are not the program's to write: how the response ends, and
/// what becomes of the connection.
const OURS: &str = "Connection Content-Length Date Keep-Alive Status \
                    Trailer Transfer-Encoding Upgrade";

/// A program's output, taken apart.
pub struct Output<'o> {
    code: u16,
    /// The words behind the code, and the blank between.
    words: &'o [u8],
    fields: Vec<(&'o [u8], &'o [u8])>,
    body: &'o [u8],
}

impl<'o> Output<'o> {
    /// Takes `bytes` apart.
    ///
    /// # Errors
    /// 502, and what is wrong with them.
    pub fn parse(bytes: &'o [u8]) -> Result<Self, Refusal> {
        let (mut fields, mut body) = (Vec::new(), bytes);
        loop {
            // All fields together are bounded, as those of a request are.
            let room = MAX_HEAD.saturating_sub(bytes.len() - body.len());
            let head = &body[..body.len().min(room)];
            let end = head.iter().position(|byte| *byte == b'\n');
            let end = end.ok_or(bad("no empty line behind the fields"))?;
            let line = &body[..end];
            body = &body[end + 1..];
            // Section 6.2: a line ends in LF, or in CR and LF.
            match line.strip_suffix(b"\r").unwrap_or(line) {
                b"" => break,
                line => fields.push(field(line)?),
            }
        }
        let location = only(&fields, "Location")?;
        let media_type = only(&fields, "Content-Type")?;
        let status = match (only(&fields, "Status")?, location, media_type) {
            (Some(status), ..) => status,
            // Section 6.2.2 has the server respond for a path of its own. A
            // client that is told does the same, and knows where it is.
            (None, Some(_), _) => b"302 Found",
            (None, None, Some(_)) => b"200 OK",
            (None, None, None) => return Err(bad("no Content-Type")),
        };
        let (code, words) =
            status.split_at_checked(3).ok_or(bad("no Status"))?;
        let code = str::from_utf8(code).ok().and_then(|it| it.parse().ok());
        let code = code.filter(|code| (200..600).contains(code));
        let code = code.ok_or(bad("a Status without a code"))?;
        let is_good = |byte: &u8| is_target(*byte) || *byte == b'#';
        if !words.is_empty() && words[0] != b' ' {
            return Err(bad("a malformed Status"));
        }
        if !location.is_none_or(|uri| uri.iter().all(is_good)) {
            return Err(bad("a malformed Location"));
        }
        if media_type.is_none() && !body.is_empty() {
            return Err(bad("a body without Content-Type"));
        }
        Ok(Output { code, words, fields, body })
    }

    /// Writes the response.
    pub fn write(&self, to: Responder) {
        let Responder { out, method, persistence, date } = to;
        let mut line = |start: &[u8], rest: &[u8]| {
            out.extend_from_slice(&[start, rest, b"\r\n"].concat());
        };
        // The blank stands there even if no words follow.
        let words = if self.words.is_empty() { b" " } else { self.words };
        line(format!("HTTP/1.1 {}", self.code).as_bytes(), words);
        line(b"Date: ", date.text());
        if let Some(value) = persistence.field() {
            line(b"Connection: ", value.as_bytes());
        }
        for (name, value) in &self.fields {
            if !OURS.split(' ').any(|ours| is(name, ours)) {
                line(&[name, &b": "[..]].concat(), value);
            }
        }
        // RFC 9110: these have no body, whatever the program has written. And
        // what it would have written for GET we do not know.
        let has_none = matches!(self.code, 204 | 304);
        let is_head = method == Method::Head;
        if !has_none && (!is_head || !self.body.is_empty()) {
            let length = self.body.len().to_string();
            line(b"Content-Length: ", length.as_bytes());
        }
        line(b"", b"");
        if !has_none && !is_head {
            out.extend_from_slice(self.body);
        }
    }
}

fn is(field: &[u8], name: &str) -> bool {
    field.eq_ignore_ascii_case(name.as_bytes())
}

/// A line's name and value.
fn field(line: &[u8]) -> Result<(&[u8], &[u8]), Refusal> {
    let colon = line.iter().position(|byte| *byte == b':');
    let (name, value) =
        line.split_at(colon.ok_or(bad("a line without a colon"))?);
    let value = value[1..].trim_ascii();
    let is_good = !name.is_empty()
        && name.iter().all(|byte| is_token(*byte))
        && value.iter().all(|byte| is_text(*byte));
    is_good.then_some((name, value)).ok_or(bad("a malformed field"))
}

/// The value of a field that may be there once: section 6.3.
fn only<'o>(
    fields: &[(&'o [u8], &'o [u8])],
    name: &str,
) -> Result<Option<&'o [u8]>, Refusal> {
    let mut found = fields.iter().filter(|field| is(field.0, name));
    match (found.next(), found.next()) {
        (_, Some(_)) => Err(bad("a field twice")),
        (first, None) => Ok(first.map(|field| field.1)),
    }
}
