//! Enters in step 19: a response that comes later.
//!
//! Until it is there, no further request is looked at: so responses leave in
//! the order of the requests.

use std::fmt::{self, Debug};
use std::sync::Arc;

use super::{Connection, State};
use crate::http::method::Method;
use crate::http::persistence::Persistence;
use crate::web::site::{Job, Site, Ticket};

/// A request that has been read, and has no response yet.
pub struct Late {
    pub(super) method: Method,
    pub(super) persistence: Persistence,
    /// Until it has been given away.
    job: Option<Job>,
    /// Of an upload, of which this was a piece. Enters in step 20.
    pub(super) rest: Option<super::upload::Rest>,
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
        // Enters in step 20.
        let rest = None;
        Late { method, persistence, job: Some(job), rest, owner: Arc::new(()) }
    }
}

impl<S: Site> Connection<S> {
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
}
