//! Requests, and what is to become of them: the truth about HTTP/1.1 that
//! every step with a claim to it must tell, in this course and after it.
//!
//! A case is bytes, the responses in their order, and what the connection
//! does then. It says nothing of how the bytes arrive: whole, in pieces, one
//! by one, the outcome must be the same.

use std::fmt::{self, Display};

mod chunked;
mod expect;
mod fields;
mod framing;
mod host;
mod limits;
mod line;
mod persistence;
mod target;

/// What a server must be able to do before a case can be put to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// To parse request lines and fields, and to refuse others.
    Head,
    /// To understand the four forms of a target.
    Target,
    /// To check the Host field.
    Host,
    /// To read bodies: there is `POST /api/echo`.
    Body,
    /// To keep connections, and to respond to what is pipelined.
    Persist,
    /// To ask for bodies whose client waits.
    Expect,
}

/// A response that is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// The request is understood: one of these, by what there is to ask for.
    Accepted { statuses: Vec<u16>, body: Option<Vec<u8>> },
    /// It is refused with one of these, and the connection closes.
    Refused(Vec<u16>),
    /// The body is asked for; another response follows.
    Continue,
}

/// What becomes of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It waits for more: of this request, or for the next.
    Waits,
    /// It ends. Whatever else has been sent gets no response.
    Closes,
}

/// A case.
#[derive(Debug, Clone)]
pub struct Case {
    pub name: String,
    /// Where it is written.
    pub rfc: &'static str,
    pub needs: Feature,
    pub bytes: Vec<u8>,
    /// The client ends its direction after the bytes.
    pub finish: bool,
    pub responses: Vec<Expected>,
    pub then: Then,
    /// The outcome depends on what there is to ask for, and not only on how
    /// it is asked: nothing for the core alone.
    pub about_the_site: bool,
}

impl Case {
    /// One more response, with one of `statuses`, to a request that is
    /// understood.
    fn accepted(&mut self, statuses: &[u16]) -> &mut Self {
        let statuses = statuses.to_vec();
        self.responses.push(Expected::Accepted { statuses, body: None });
        self
    }

    /// One more response with exactly this body.
    fn echoes(&mut self, body: impl AsRef<[u8]>) -> &mut Self {
        let body = Some(body.as_ref().to_vec());
        self.responses.push(Expected::Accepted { statuses: vec![200], body });
        self
    }

    /// The last response is a refusal, with one of `statuses`.
    fn refused(&mut self, statuses: &[u16]) -> &mut Self {
        self.responses.push(Expected::Refused(statuses.to_vec()));
        self.closes()
    }

    /// The client is told to go on.
    fn continues(&mut self) -> &mut Self {
        self.responses.push(Expected::Continue);
        self
    }

    /// Another request follows, and is accepted as well.
    fn next(&mut self) -> &mut Self {
        self.bytes.extend(line("GET / HTTP/1.1"));
        self.accepted(&[200])
    }

    /// The connection ends, though nothing is wrong.
    fn closes(&mut self) -> &mut Self {
        self.then = Then::Closes;
        self
    }

    /// The client ends its direction after the bytes.
    fn finished(&mut self) -> &mut Self {
        self.finish = true;
        self
    }

    fn about_the_site(&mut self) -> &mut Self {
        self.about_the_site = true;
        self
    }
}

impl Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.bytes[..self.bytes.len().min(300)];
        let rest = if self.bytes.len() > 300 { "…" } else { "" };
        writeln!(f, "\"{}\" ({})", self.name, self.rfc)?;
        write!(f, "  request: {}{rest}", shown.escape_ascii())
    }
}

/// The cases so far, and what those that are added next have in common: what
/// they need, and where they are written.
struct Table {
    cases: Vec<Case>,
    needs: Feature,
    rfc: &'static str,
}

impl Table {
    /// A case whose responses are still to be said. Without any, the server
    /// waits for more.
    fn case(
        &mut self,
        name: impl Display,
        bytes: impl AsRef<[u8]>,
    ) -> &mut Case {
        self.cases.push(Case {
            name: name.to_string(),
            rfc: self.rfc,
            needs: self.needs,
            bytes: bytes.as_ref().to_vec(),
            finish: false,
            responses: Vec::new(),
            then: Then::Waits,
            about_the_site: false,
        });
        self.cases.last_mut().expect("the one just added")
    }

    /// Accepted with 200; the connection waits for the next request.
    fn ok(&mut self, name: impl Display, bytes: impl AsRef<[u8]>) -> &mut Case {
        self.case(name, bytes).accepted(&[200])
    }

    /// Refused with 400.
    fn bad(
        &mut self,
        name: impl Display,
        bytes: impl AsRef<[u8]>,
    ) -> &mut Case {
        self.no(400, name, bytes)
    }

    /// Refused with this status.
    fn no(
        &mut self,
        status: u16,
        name: impl Display,
        bytes: impl AsRef<[u8]>,
    ) -> &mut Case {
        self.case(name, bytes).refused(&[status])
    }
}

/// Pieces, one after the other.
fn join(pieces: &[&[u8]]) -> Vec<u8> {
    pieces.concat()
}

/// A head that begins like this, with more lines of fields, if any.
fn head(start: impl AsRef<[u8]>, fields: impl AsRef<[u8]>) -> Vec<u8> {
    let fields = fields.as_ref();
    let end: &[u8] = if fields.is_empty() { b"\r\n" } else { b"\r\n\r\n" };
    join(&[start.as_ref(), b"\r\n", fields, end])
}

/// A head with this request line and a Host.
fn line(line: impl AsRef<[u8]>) -> Vec<u8> {
    head(line, "Host: a")
}

/// `GET /` with a Host and these lines of fields.
fn get(fields: impl AsRef<[u8]>) -> Vec<u8> {
    head("GET / HTTP/1.1\r\nHost: a", fields)
}

/// `GET /` in HTTP/1.0 with these lines of fields.
fn old_get(fields: impl AsRef<[u8]>) -> Vec<u8> {
    head("GET / HTTP/1.0", fields)
}

/// `POST /api/echo` with a Host, these lines of fields, and a body.
fn post(fields: impl AsRef<[u8]>, body: impl AsRef<[u8]>) -> Vec<u8> {
    let head = head("POST /api/echo HTTP/1.1\r\nHost: a", fields);
    join(&[&head, body.as_ref()])
}

/// `POST /api/echo` in HTTP/1.0 with these lines of fields, and a body.
fn old_post(fields: &str, body: &str) -> Vec<u8> {
    join(&[&head("POST /api/echo HTTP/1.0", fields), body.as_bytes()])
}

/// All cases.
pub fn all() -> Vec<Case> {
    let mut t = Table { cases: Vec::new(), needs: Feature::Head, rfc: "" };
    line::cases(&mut t);
    fields::cases(&mut t);
    limits::cases(&mut t);
    t.needs = Feature::Target;
    target::cases(&mut t);
    t.needs = Feature::Host;
    host::cases(&mut t);
    t.needs = Feature::Body;
    framing::cases(&mut t);
    chunked::cases(&mut t);
    persistence::with_bodies(&mut t);
    t.needs = Feature::Persist;
    persistence::cases(&mut t);
    t.needs = Feature::Expect;
    expect::cases(&mut t);
    t.cases
}
