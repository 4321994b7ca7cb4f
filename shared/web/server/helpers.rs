//! Enters in step 19: what other threads do for a loop.

use std::sync::Arc;

use nix::sys::epoll::{EpollEvent, EpollFlags};

use super::{RESULTS, Server};
use crate::cli::Failure;
use crate::collections::slab::Key;
use crate::http::status::Status;
use crate::web::late::{Results, Submit, failed};
use crate::web::site::{Done, Site};

/// How a loop gives jobs away, and where it finds what has come of them.
pub struct Helpers {
    submit: Submit,
    results: Arc<Results>,
}

impl<S: Site> Server<S> {
    /// Gives its jobs to others from now on: by `submit`.
    ///
    /// # Errors
    /// Those of eventfd2(2) and epoll_ctl(2).
    pub fn helped_by(&mut self, submit: Submit) -> nix::Result<()> {
        let results = Arc::new(Results::new()?);
        let event = EpollEvent::new(EpollFlags::EPOLLIN, RESULTS);
        self.epoll.add(&*results, event)?;
        self.helpers = Some(Helpers { submit, results });
        Ok(())
    }

    /// Gives away the job of a client who has one.
    pub(super) fn give_away(&mut self, key: Key) {
        let Some(Helpers { submit, results }) = &self.helpers else { return };
        let Some(client) = self.clients.get_mut(key) else { return };
        // Enters in step 21.
        if let Some(register) = client.register() {
            let results = Arc::clone(results);
            register(Box::new(move || results.put(key, Done::Ready)));
        }
        let Some(job) = client.job() else { return };
        if submit(results.task(key, job)).is_err() {
            // Not at once: the next request may be such a one as well, and
            // the others are to have their turn.
            results.put(key, failed(Status::ServiceUnavailable));
        }
    }

    /// Takes what others have done, and goes on with those who waited for it.
    pub(super) fn complete(&mut self) -> Result<(), Failure> {
        let Some(helpers) = &self.helpers else { return Ok(()) };
        let all = helpers
            .results
            .take()
            .map_err(|errno| Failure::new("cannot read an eventfd", errno))?;
        for (key, done) in all {
            // Who has gone meanwhile is not found any more.
            self.turn(key, |client, worker| client.complete(worker, done));
        }
        Ok(())
    }
}
