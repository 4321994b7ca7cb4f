//! From the bytes of a request to its response: the part of a connection
//! that knows HTTP.

use std::mem;

use shared::http::framing::Framing;
use shared::http::head::{Head, HeadScanner, HeaderStorage};
use shared::http::method::Method;
use shared::http::persistence::Persistence;
use shared::http::response::Response;
use shared::http::status::{Refusal, Status};

use super::{Connection, End, State};
use crate::site::{Request, Responder, Site, Time};

/// Larger bodies are refused instead of dropped.
const MAX_DROPPED: u64 = 1024 * 1024;

impl<S: Site> Connection<S> {
    /// One step through the bytes that have arrived. `false` if there must
    /// be more of them first.
    ///
    /// # Errors
    /// When the request is to be refused.
    pub(super) fn step(
        &mut self,
        time: &Time,
        site: &S,
    ) -> Result<bool, Refusal> {
        match &mut self.state {
            State::Idle => Ok(self.begin(time)),
            State::Head(scanner) => {
                let length = scanner.scan(self.input.bytes())?;
                length.map_or(Ok(false), |length| {
                    self.head(length, time, site).map(|()| true)
                })
            }
            State::Body(..) => Ok(self.body(time, site)),
            _ => Ok(false),
        }
    }

    /// Looks for a request's first byte. RFC 9112 section 2.2: empty lines
    /// before it are ignored; old clients send one behind a body.
    fn begin(&mut self, time: &Time) -> bool {
        while self.input.bytes().starts_with(b"\r\n") {
            self.input.consume(2);
        }
        let begun = !matches!(self.input.bytes(), b"" | b"\r");
        if begun {
            self.enter(State::Head(HeadScanner::default()), time);
        }
        begun
    }

    /// Takes a complete head.
    fn head(
        &mut self,
        length: usize,
        time: &Time,
        site: &S,
    ) -> Result<(), Refusal> {
        let mut storage = HeaderStorage::default();
        let bytes = &mut self.input.bytes_mut()[..length];
        let head = Head::parse(bytes, &mut storage)?;
        let left = body_length(&head)?;
        let request = Request {
            method: head.method,
            resource: site.locate(&head),
            number: self.requests + 1,
            persistence: head.persistence,
        };
        // The last use of the head: from here on the buffer may move.
        self.input.consume(length);
        self.enter(State::Body(request, left), time);
        Ok(())
    }

    /// Drops what has arrived of a body; responds when it is complete.
    fn body(&mut self, time: &Time, site: &S) -> bool {
        let State::Body(_, left) = &mut self.state else {
            return false;
        };
        let arrived = self.input.bytes().len();
        let used = usize::try_from(*left).unwrap_or(arrived).min(arrived);
        self.input.consume(used);
        *left -= used as u64;
        if *left > 0 {
            return false;
        }
        if let State::Body(request, ..) =
            mem::replace(&mut self.state, State::Idle)
        {
            self.respond(request, time, site);
        }
        true
    }

    fn respond(
        &mut self,
        request: Request<S::Resource>,
        time: &Time,
        site: &S,
    ) {
        self.requests += 1;
        let persistence = request.persistence;
        let out = Responder {
            out: &mut self.output,
            method: request.method,
            persistence,
        };
        site.respond(request, out);
        if persistence != Persistence::Close {
            return self.enter(State::Idle, time);
        }
        self.end = End::Close;
        let is_last = self.input.bytes().is_empty();
        self.enter(if is_last { State::Last } else { State::Closing }, time);
    }

    /// Writes a refusal as the last response.
    pub(super) fn refuse(&mut self, refusal: Refusal, time: &Time) {
        let method = match &self.state {
            State::Body(request, ..) => request.method,
            // RFC 9110 section 9.3.2: no body, whatever else is wrong.
            _ if self.input.bytes().starts_with(b"HEAD ") => Method::Head,
            _ => Method::Get,
        };
        Response::new(&mut self.output, refusal.status, method).refuse(refusal);
        self.input.clear();
        self.end = End::Refused(refusal);
        self.enter(State::Closing, time);
    }
}

/// How many bytes follow the head.
fn body_length(head: &Head) -> Result<u64, Refusal> {
    let Framing::Length(length) = head.framing else {
        let why = "no Transfer-Encoding is supported";
        return Err(Refusal::new(Status::NotImplemented, why));
    };
    if length > MAX_DROPPED {
        let why = "the body is too large";
        return Err(Refusal::new(Status::ContentTooLarge, why));
    }
    if head.expects_continue {
        let why = "no expectation is supported";
        return Err(Refusal::new(Status::ExpectationFailed, why));
    }
    Ok(length)
}
