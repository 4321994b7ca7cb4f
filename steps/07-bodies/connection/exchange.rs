//! From the bytes of a request to its response: the part of a connection
//! that knows HTTP.

use std::mem;

use shared::http::body::Body;
use shared::http::framing::Framing;
use shared::http::head::{Head, HeadScanner, HeaderStorage};
use shared::http::method::Method;
use shared::http::persistence::Persistence;
use shared::http::response::{Response, write_continue};
use shared::http::status::Refusal;

use super::{Connection, End, State};
use crate::site::{Request, Responder, Site, Takes, Time};

/// Larger bodies that the site does not take are refused instead of dropped.
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
            State::Body(..) => self.body(time, site),
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
        let resource = site.locate(&head, time);
        let takes = site.takes(head.method, &resource);
        let mut request = Request {
            method: head.method,
            resource,
            number: self.requests + 1,
            persistence: head.persistence,
        };
        let mut framing = head.framing;
        let mut expects_continue = head.expects_continue;
        if expects_continue && takes == Takes::No {
            // Do not ask for it, do not wait for it. Whether it comes all
            // the same cannot be known, hence the close.
            framing = Framing::Length(0);
            expects_continue = false;
            request.persistence = Persistence::Close;
            self.may_send = true;
        }
        let limit = match takes {
            Takes::No => MAX_DROPPED,
            Takes::Memory(limit) => limit,
        };
        let body = Body::new(framing, limit)?;
        // The last use of the head: from here on the buffer may move.
        self.input.consume(length);
        self.body.clear();
        self.enter(State::Body(request, body, takes), time);
        if expects_continue {
            write_continue(&mut self.output);
        }
        Ok(())
    }

    /// Takes what has arrived of a body; responds when it is complete.
    fn body(&mut self, time: &Time, site: &S) -> Result<bool, Refusal> {
        let State::Body(_, body, takes) = &mut self.state else {
            return Ok(false);
        };
        while !body.is_done() {
            let (used, data) = body.next(self.input.bytes())?;
            if used == 0 {
                return Ok(false);
            }
            if *takes != Takes::No {
                self.body.extend_from_slice(data);
            }
            self.input.consume(used);
        }
        if let State::Body(request, ..) =
            mem::replace(&mut self.state, State::Idle)
        {
            self.respond(request, time, site);
        }
        Ok(true)
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
        site.respond(request, &self.body, out);
        self.finish(persistence, time);
    }

    /// A response has been written, after which this happens.
    fn finish(&mut self, persistence: Persistence, time: &Time) {
        if persistence != Persistence::Close {
            return self.enter(State::Idle, time);
        }
        self.end = End::Close;
        let is_last = !self.may_send && self.input.bytes().is_empty();
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
