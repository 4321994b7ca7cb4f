//! What a client observes of the program while it waits for it.

use std::os::fd::AsFd;
use std::time::Duration;

use super::{Client, End};
use crate::lab::busy::Spin;
use crate::lab::program::Program;
use crate::lab::quiet::Quiet;
use crate::lab::time::Deadline;
use crate::lab::trouble::Outcome;

/// One wait.
pub(super) struct Wait {
    pub(super) deadline: Deadline,
    pub(super) quiet: Quiet,
    pub(super) spin: Spin,
    /// `Client::sleeps_in_read` at the look before.
    asleep: Option<u64>,
}

impl Wait {
    pub(super) fn new(program: &Program, limit: Duration) -> Wait {
        let pid = program.pid();
        Wait {
            deadline: Deadline::new(limit, pid),
            quiet: Quiet::new(pid),
            spin: Spin::new(program),
            asleep: None,
        }
    }

    /// Something has come: the program does more than compute.
    pub(super) fn goes_on(&mut self, program: &Program) {
        self.spin = Spin::new(program);
    }
}

impl Client {
    /// Waits a little for more to receive; why there will be no more, once
    /// that is known.
    pub(super) fn await_more(&self, wait: &mut Wait) -> Outcome<Option<End>> {
        if self.await_event(libc::POLLIN)? {
            return Ok(None);
        }
        let before = wait.asleep;
        wait.asleep = self.sleeps_in_read();
        let waits = wait.asleep.is_some() && wait.asleep == before;
        Ok(if waits || wait.quiet.look(Some(self.stream.as_fd())) {
            Some(End::Silence)
        } else if wait.spin.is_proven() {
            Some(End::Spinning)
        } else if wait.deadline.is_over() {
            Some(End::Late)
        } else {
            None
        })
    }
}
