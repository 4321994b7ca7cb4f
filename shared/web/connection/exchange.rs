//! Enters in step 08: from the bytes of a request to its response.
//!
//! The part of a connection that knows HTTP.

use std::mem;

use super::{Connection, End, State};
use crate::http::body;
use crate::http::framing::Framing;
use crate::http::head::{Head, HeadScanner, HeaderStorage};
use crate::http::method::Method;
use crate::http::persistence::Persistence;
use crate::http::response::{Response, write_continue};
use crate::http::status::{Refusal, Status};
use crate::web::site::{Body, Request, Responder, Site, Takes, Time};

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
            // Enters in step 20.
            State::Upload(_) => self.collect(time),
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
        // Enters in step 21.
        if let Some(records) = &mut self.records {
            records.begin(bytes);
        }
        let head = Head::parse(bytes, &mut storage)?;
        // Enters in step 21.
        if let Some(records) = &mut self.records {
            let client = site.client(&head, records.peer);
            records.head(head.fields, client);
        }
        // Enters in step 22.
        if !site.admits(&head, self.peer, time) {
            let why = "too many requests";
            return Err(Refusal::new(Status::TooManyRequests, why));
        }
        let resource = site.locate(&head, time);
        // Enters in step 23.
        let resource = site.restrict(&head, self.peer, resource);
        let takes = site.takes(head.method, &resource);
        // Enters in step 20.
        let sink = site.sink(head.method, &resource);
        let fields =
            sink.as_ref().and_then(|_| site.fields(head.method, &resource));
        let mut request = Request {
            method: head.method,
            resource,
            number: self.requests + 1,
            persistence: head.persistence,
        };
        let mut framing = head.framing;
        let mut expects_continue = head.expects_continue;
        if expects_continue && takes == Takes::No && sink.is_none() {
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
        // Enters in step 20.
        let limit = sink.as_ref().map_or(limit, |(_, limit)| *limit);
        let body = body::Body::new(framing, limit)?;
        // The last use of the head: from here on the buffer may move.
        self.input.consume(length);
        self.body.clear();
        // Enters in step 20.
        let (method, persistence) = (request.method, request.persistence);
        self.enter(State::Body(request, body, takes), time);
        // Enters in step 20.
        if let Some((sink, _)) = sink {
            let upload = super::upload::Upload {
                method,
                persistence,
                fields,
                body,
                sink,
            };
            self.state = State::Upload(upload);
        }
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
            self.passed += used as u64;
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
        // Enters in step 12.
        let persistence = self.persistence(request.persistence);
        // Enters in step 12.
        let request = Request { persistence, ..request };
        let persistence = request.persistence;
        // Enters in step 19.
        let method = request.method;
        // Enters in step 20.
        let fields = site.fields(method, &request.resource);
        let start = self.output.len();
        let out = Responder {
            out: &mut self.output,
            method: request.method,
            persistence,
            date: &time.date,
        };
        match site.respond(request, &self.body, out) {
            Body::File(file, range) if !range.is_empty() => {
                self.file = Some((file, range));
            }
            // Enters in step 19.
            Body::Later(job) => {
                let late = super::late::Late::new(method, persistence, job);
                return self.wait(late, fields, time);
            }
            // Enters in step 21.
            Body::Awaits(awaited) => {
                let late =
                    super::late::Late::awaiting(method, persistence, awaited);
                return self.wait(late, fields, time);
            }
            // Enters in step 27.
            Body::Stream => {
                self.add_fields(start, fields);
                self.record_response(start);
                return self.enter(State::Stream, time);
            }
            Body::File(..) | Body::Written => {}
        }
        // Enters in step 20.
        self.add_fields(start, fields);
        // Enters in step 21.
        self.record_response(start);
        self.finish(persistence, time);
    }

    /// What happens to the connection after a response, if one asks for this:
    /// the last closes it. Enters in step 12.
    pub(super) fn persistence(&mut self, asked: Persistence) -> Persistence {
        if asked == Persistence::Close || !self.is_last {
            return asked;
        }
        // The client did not know: the next may be on its way.
        self.may_send = true;
        Persistence::Close
    }

    /// A response has been written, after which this happens.
    pub(super) fn finish(&mut self, persistence: Persistence, time: &Time) {
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
            // Enters in step 20.
            State::Upload(upload) => upload.method,
            // Enters in step 19.
            State::Waiting(late) => late.method,
            // RFC 9110 section 9.3.2: no body, whatever else is wrong.
            _ if self.input.bytes().starts_with(b"HEAD ") => Method::Head,
            _ => Method::Get,
        };
        // Enters in step 21.
        let start = self.output.len();
        Response::new(&mut self.output, refusal.status, method)
            .field("Date", time.date.text())
            .refuse(refusal);
        // Enters in step 21.
        self.record_response(start);
        self.input.clear();
        self.end = End::Refused(refusal);
        self.enter(State::Closing, time);
    }
}
