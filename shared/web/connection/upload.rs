//! Enters in step 20: a body that is too large for memory.
//!
//! It goes to the site piece by piece. Another thread takes each piece, and
//! nothing is read from the client meanwhile.

use std::fmt::{self, Debug};
use std::mem;
use std::rc::Rc;
use std::time::Instant;

use super::late::Late;
use super::{Connection, HIGH_WATER, State};
use crate::http::body::Body;
use crate::http::method::Method;
use crate::http::persistence::Persistence;
use crate::http::status::Refusal;
use crate::web::site::{Done, Job, Sink, Site, Time, Write};

/// A request whose body arrives.
pub(super) struct Upload {
    pub(super) method: Method,
    pub(super) persistence: Persistence,
    /// What the site says in every response.
    pub(super) fields: Option<Rc<[u8]>>,
    pub(super) body: Body,
    pub(super) sink: Box<dyn Sink>,
}

/// What is to come when a piece has been taken: the rest of the body. The
/// client's time goes on from where it stood.
pub(super) struct Rest {
    body: Body,
    since: Instant,
    passed: u64,
}

impl Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Upload")
    }
}

impl<S: Site> Connection<S> {
    /// Takes what has arrived of the body, until that is a piece, or the
    /// last.
    pub(super) fn collect(&mut self, time: &Time) -> Result<bool, Refusal> {
        let State::Upload(Upload { body, .. }) = &mut self.state else {
            return Ok(false);
        };
        while !body.is_done() && self.body.len() < HIGH_WATER {
            let (used, data) = body.next(self.input.bytes())?;
            if used == 0 {
                return Ok(false);
            }
            self.body.extend_from_slice(data);
            self.passed += used as u64;
            self.input.consume(used);
        }
        if let State::Upload(upload) =
            mem::replace(&mut self.state, State::Idle)
        {
            self.hand_over(upload, time);
        }
        Ok(true)
    }

    /// Gives a piece away, and the sink with it.
    fn hand_over(&mut self, upload: Upload, time: &Time) {
        let Upload { method, persistence, fields, body, mut sink } = upload;
        let piece = mem::take(&mut self.body);
        let is_last = body.is_done();
        let job: Job = Box::new(move |_| match sink.write(&piece) {
            Err(done) => done,
            Ok(()) if is_last => sink.finish(),
            Ok(()) => Done::More(sink),
        });
        self.requests += u64::from(is_last);
        let Connection { since, passed, .. } = *self;
        let mut late = Late::new(method, persistence, job);
        late.fields = fields;
        late.rest = Some(Rest { body, since, passed });
        self.enter(State::Waiting(late), time);
    }

    /// What happens to the connection after a response that should end like
    /// this: if the body has not come to its end, its rest is not read.
    pub(super) fn cut_off(&mut self, asked: Persistence) -> Persistence {
        match &self.state {
            State::Waiting(Late { rest: Some(rest), .. })
                if !rest.body.is_done() =>
            {
                self.may_send = true;
                Persistence::Close
            }
            _ => asked,
        }
    }

    /// What writes the response, if that is next, and not more of the body.
    pub(super) fn take_back(
        &mut self,
        done: Done,
        time: &Time,
    ) -> Option<Write> {
        match done {
            Done::Response(write) => return Some(write),
            Done::More(sink) => self.go_on(sink, time),
            // Enters in step 21.
            Done::Ready => self.ready(time),
        }
        None
    }

    /// The sink is there again: goes on with the body.
    fn go_on(&mut self, sink: Box<dyn Sink>, time: &Time) {
        let waited = time.now.saturating_duration_since(self.since);
        let State::Waiting(late) = mem::replace(&mut self.state, State::Idle)
        else {
            return;
        };
        let Late { method, persistence, fields, rest: Some(rest), .. } = late
        else {
            return;
        };
        let Rest { body, since, passed } = rest;
        (self.since, self.passed) = (since + waited, passed);
        let upload = Upload { method, persistence, fields, body, sink };
        self.state = State::Upload(upload);
    }
}
