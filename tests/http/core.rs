//! The protocol core, without a socket: bytes in, events out.

use shared::http::body::Body;
use shared::http::head::{FieldSpace, Finder, Head};
use shared::http::persistence::Persistence;
use shared::http::status::Refusal;

use crate::outcome::{Event, Outcome};

/// The largest body, as in step 06.
const MAX_BODY: u64 = 1024 * 1024;

/// A connection in the hands of the core: what has arrived, and what is
/// expected next.
#[derive(Debug, Default)]
pub struct Connection {
    unused: Vec<u8>,
    finder: Finder,
    request: Option<(Request, Body)>,
    events: Vec<Event>,
    closed: bool,
}

#[derive(Debug)]
struct Request {
    method: String,
    target: String,
    fields: Vec<(String, Vec<u8>)>,
    closes: bool,
    body: Vec<u8>,
}

/// What has become of `pieces`, after which the client ends its direction,
/// or does not.
pub fn outcome(pieces: &[&[u8]], finish: bool) -> Outcome {
    let mut connection = Connection::default();
    for piece in pieces {
        connection.receive(piece);
    }
    if finish {
        connection.finish();
    }
    Outcome { waits: !connection.closed, events: connection.events }
}

impl Connection {
    /// Goes on with what has arrived now.
    pub fn receive(&mut self, piece: &[u8]) {
        self.unused.extend_from_slice(piece);
        while !self.closed {
            match self.step() {
                Ok(true) => {}
                Ok(false) => return,
                Err(refusal) => {
                    self.closed = true;
                    let status = refusal.status.code();
                    self.events.push(Event::Refused(status));
                }
            }
        }
    }

    fn finish(&mut self) {
        if self.closed {
            return;
        }
        self.closed = true;
        if self.request.is_some() || !self.unused.is_empty() {
            self.events.push(Event::Refused(400));
        }
    }

    /// One step; `false` if there must be more bytes first.
    fn step(&mut self) -> Result<bool, Refusal> {
        match self.request.take() {
            None => self.head(),
            Some((request, body)) => self.body(request, body),
        }
    }

    fn head(&mut self) -> Result<bool, Refusal> {
        let Some(length) = self.finder.find(&self.unused)? else {
            return Ok(false);
        };
        self.finder = Finder::default();
        let mut space = FieldSpace::new();
        let head = Head::parse(&self.unused[..length], &mut space)?;
        let request = Request {
            method: format!("{:?}", head.method).to_uppercase(),
            target: match head.target.query {
                Some(query) => format!("{}?{query}", head.target.path),
                None => head.target.path.to_string(),
            },
            fields: head
                .fields
                .iter()
                .map(|field| (field.name.to_string(), field.value.to_vec()))
                .collect(),
            closes: head.persistence == Persistence::Closes,
            body: Vec::new(),
        };
        let body = Body::new(head.framing, MAX_BODY)?;
        if head.expects_continue {
            self.events.push(Event::Continue);
        }
        self.unused.drain(..length);
        self.request = Some((request, body));
        Ok(true)
    }

    fn body(
        &mut self,
        mut request: Request,
        mut body: Body,
    ) -> Result<bool, Refusal> {
        if body.is_done() {
            let Request { method, target, fields, closes, body } = request;
            let event = Event::Request { method, target, fields, body };
            self.events.push(event);
            self.closed = closes;
            return Ok(true);
        }
        let (used, data) = body.next(&self.unused)?;
        request.body.extend_from_slice(data);
        self.unused.drain(..used);
        self.request = Some((request, body));
        Ok(used > 0)
    }
}
