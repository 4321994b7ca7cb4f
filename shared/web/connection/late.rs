//! Enters in step 19: a response that comes later.
//!
//! Until it is there, no further request is looked at: so responses leave in
//! the order of the requests.

use std::fmt::{self, Debug};
use std::rc::Rc;
use std::sync::Arc;

use super::{Connection, State};
use crate::http::method::Method;
use crate::http::persistence::Persistence;
use crate::http::response::insert_fields;
use crate::web::site::{
    Awaited, Body, Done, Job, Register, Respond, Responder, Site, Ticket, Time,
};

/// A request that has been read, and has no response yet.
pub struct Late {
    pub(super) method: Method,
    pub(super) persistence: Persistence,
    /// What the site says in every response. Enters in step 20.
    pub(super) fields: Option<Rc<[u8]>>,
    /// Until it has been given away.
    job: Option<Job>,
    /// Of an upload, of which this was a piece. Enters in step 20.
    pub(super) rest: Option<super::upload::Rest>,
    /// Instead of a job: until the loop has seen to it. Enters in step 21.
    register: Option<Register>,
    /// Enters in step 21.
    respond: Option<Respond>,
    /// Dropped with the connection: then nobody waits for the job any more.
    owner: Arc<()>,
}

impl Debug for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Late")
    }
}

impl Late {
    /// For a request with this method, after which this happens.
    pub(super) fn new(
        method: Method,
        persistence: Persistence,
        job: Job,
    ) -> Self {
        Late { job: Some(job), ..Late::without_job(method, persistence) }
    }

    /// For a request whose response awaits something. Enters in step 21.
    pub(super) fn awaiting(
        method: Method,
        persistence: Persistence,
        Awaited { register, respond }: Awaited,
    ) -> Self {
        Late {
            register: Some(register),
            respond: Some(respond),
            ..Late::without_job(method, persistence)
        }
    }

    /// Enters in step 21.
    fn without_job(method: Method, persistence: Persistence) -> Self {
        Late {
            method,
            persistence,
            // Enters in step 20.
            fields: None,
            job: None,
            // Enters in step 20.
            rest: None,
            // Enters in step 21.
            register: None,
            // Enters in step 21.
            respond: None,
            owner: Arc::new(()),
        }
    }
}

impl<S: Site> Connection<S> {
    /// Adds what the site says in every response to the one that starts
    /// there. Enters in step 20.
    pub(super) fn add_fields(
        &mut self,
        start: usize,
        fields: Option<Rc<[u8]>>,
    ) {
        if let Some(fields) = fields {
            insert_fields(&mut self.output, start, &fields);
        }
    }

    /// Waits for this response from now on, which will have these fields.
    /// Enters in step 20.
    pub(super) fn wait(
        &mut self,
        mut late: Late,
        fields: Option<Rc<[u8]>>,
        time: &Time,
    ) {
        // Enters in step 20.
        late.fields = fields;
        self.enter(State::Waiting(late), time);
    }

    /// Whether it waits for another thread.
    pub fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting(_))
    }

    /// The job that is to be given away, once, and what tells whether the
    /// connection still waits for it.
    pub fn job(&mut self) -> Option<(Job, Ticket)> {
        let State::Waiting(late) = &mut self.state else { return None };
        Some((late.job.take()?, Ticket::of(&late.owner)))
    }

    /// The job of a late response has been done.
    pub fn complete(&mut self, done: Done, time: &Time) {
        let Some(done) = self.take_back(done, time) else { return };
        let State::Waiting(late) = &mut self.state else { return };
        let (method, asked) = (late.method, late.persistence);
        // Enters in step 20.
        let (start, fields) = (self.output.len(), late.fields.take());
        let asked = self.cut_off(asked);
        let persistence = self.persistence(asked);
        let (out, date) = (&mut self.output, &time.date);
        done(Responder { out, method, persistence, date });
        // Enters in step 20.
        self.add_fields(start, fields);
        // Enters in step 21.
        self.record_response(start);
        self.finish(persistence, time);
    }

    /// What takes a call for the time when the response can be written: once.
    /// Enters in step 21.
    pub fn register(&mut self) -> Option<Register> {
        let State::Waiting(late) = &mut self.state else { return None };
        late.register.take()
    }

    /// What the response awaited has been made. Enters in step 21.
    pub(super) fn ready(&mut self, time: &Time) {
        let State::Waiting(late) = &mut self.state else { return };
        let Some(respond) = late.respond.take() else { return };
        let (method, asked) = (late.method, late.persistence);
        let (start, fields) = (self.output.len(), late.fields.take());
        let persistence = self.persistence(asked);
        let (out, date) = (&mut self.output, &time.date);
        match respond(Responder { out, method, persistence, date }) {
            Body::File(file, range) if !range.is_empty() => {
                self.file = Some((file, range));
            }
            _ => {}
        }
        self.add_fields(start, fields);
        self.record_response(start);
        self.finish(persistence, time);
    }
}
