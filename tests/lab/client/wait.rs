//! What a client observes of the program while it waits for it.

use std::os::fd::{AsFd, BorrowedFd};

use nix::poll::PollFlags;

use super::{Client, End};
use crate::lab::busy::Spin;
use crate::lab::program::Program;
use crate::lab::quiet::Quiet;
use crate::lab::time::Deadline;
use crate::lab::trouble::Outcome;

/// One wait.
pub(super) struct Wait {
    pub(super) deadline: Deadline,
    /// Neither silence nor computing proves anything: the program is trusted.
    trusts: bool,
    quiet: Quiet,
    spin: Spin,
    /// `Client::sleeps_in_read` at the look before.
    asleep: Option<u64>,
}

impl Wait {
    pub(super) fn new(program: &Program) -> Wait {
        Wait {
            deadline: program.deadline(),
            trusts: program.lab().trusts,
            quiet: Quiet::new(program.pid()),
            spin: Spin::new(program),
            asleep: None,
        }
    }

    /// Something has come: the program does more than compute.
    pub(super) fn goes_on(&mut self, program: &Program) {
        self.spin = Spin::new(program);
    }

    /// Looks once more; whether it is proven that both sides wait.
    pub(super) fn is_quiet(&mut self, ours: BorrowedFd<'_>) -> bool {
        !self.trusts && self.quiet.look(Some(ours))
    }

    /// Whether it is proven that the program does nothing but compute.
    pub(super) fn is_spinning(&self) -> bool {
        !self.trusts && self.spin.is_proven()
    }
}

impl Client {
    /// Waits a little for more to receive; why there will be no more, once
    /// that is known.
    pub(super) fn await_more(
        &self,
        wait: &mut Option<Wait>,
    ) -> Outcome<Option<End>> {
        if self.await_event(PollFlags::POLLIN)? {
            return Ok(None);
        }
        // Looking at a program takes longer than many a response.
        let wait = wait.get_or_insert_with(|| Wait::new(&self.program));
        let before = wait.asleep;
        wait.asleep = match wait.trusts {
            true => None,
            false => self.sleeps_in_read(),
        };
        let waits = wait.asleep.is_some() && wait.asleep == before;
        Ok(if waits || wait.is_quiet(self.stream.as_fd()) {
            Some(End::Silence)
        } else if wait.is_spinning() {
            Some(End::Spinning)
        } else if wait.deadline.is_over() {
            Some(End::Late)
        } else {
            None
        })
    }
}
