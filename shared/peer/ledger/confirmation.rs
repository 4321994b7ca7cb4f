//! Enters in step 26: whether our log is all that we have said.
//!
//! If the directory is an old copy, or the disk has lost something, the next
//! block would have a number that another block of ours has. Peers know.

use std::time::{Duration, Instant};

use shared::cli;

use super::Ledger;

/// How long to wait for a peer who knows our log, before the first block.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is known of our log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmation {
    /// A peer has to say that there is no more of it; if there is a time, it
    /// is not waited for after that.
    Wanted(Option<Instant>),
    /// Blocks may follow.
    Given,
}

impl Confirmation {
    /// A peer is waited for: something is not on our disk.
    pub fn needed() -> Self {
        cli::log(
            "blocks of ours may be lost: nothing is said before a peer who \
             knows our log is there (or with --first)",
        );
        Confirmation::Wanted(None)
    }

    /// A peer is waited for, but not for ever.
    pub fn wanted(now: Instant) -> Self {
        Confirmation::Wanted(Some(now + PATIENCE))
    }
}

impl Ledger {
    /// Whether nothing may be said yet.
    pub fn awaits_confirmation(&self) -> bool {
        self.confirmation != Confirmation::Given
    }

    /// When a peer is waited for no more.
    pub fn confirmation_due(&self) -> Option<Instant> {
        match self.confirmation {
            Confirmation::Wanted(until) => until,
            Confirmation::Given => None,
        }
    }

    /// A block of ours has come: there may be more.
    pub fn has_come_back(&mut self, now: Instant) {
        if let Confirmation::Wanted(Some(_)) = self.confirmation {
            self.confirmation = Confirmation::wanted(now);
        }
    }

    /// Does not wait any more, if it is time.
    pub fn expire_confirmation(&mut self, now: Instant) {
        if self.confirmation_due().is_some_and(|until| until <= now) {
            cli::log("nobody knows our log: what is said now is unconfirmed");
            self.confirm();
        }
    }

    /// It is known now that our log is whole.
    pub fn confirm(&mut self) {
        self.confirmation = Confirmation::Given;
        self.begin();
    }
}
