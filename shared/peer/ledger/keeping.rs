//! Enters in step 26: how what was said gets to the disk, and what happens if
//! it does not.

use std::io;
use std::time::{Duration, Instant};

use shared::cli::{self, Failure};

use super::Ledger;
use crate::block::Block;
use crate::proof::Proof;

/// How long others' blocks wait for a sync together, and how many bytes.
const PATIENCE: (Duration, usize) = (Duration::from_millis(250), 256 * 1024);

impl Ledger {
    /// Appends a block; it may be lost.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn keep(&mut self, block: &Block) -> io::Result<()> {
        match &mut self.store {
            Some(store) => store.append(block),
            None => Ok(()),
        }
    }

    /// Keeps a block that may be lost: somebody else has it.
    pub fn keep_soon(&mut self, block: &Block, now: Instant) {
        if self.failure.is_some() {
            return;
        }
        let kept = self.keep(block);
        self.kept_soon(kept, block.bytes().len(), now);
    }

    /// Keeps a proof, in the same way.
    pub fn keep_proof(&mut self, proof: &Proof, now: Instant) {
        if let Some(store) = self.store.as_mut()
            && self.failure.is_none()
        {
            let kept = store.append_proof(proof);
            self.kept_soon(kept, proof.bytes().len(), now);
        }
    }

    fn kept_soon(&mut self, kept: io::Result<()>, size: usize, now: Instant) {
        if let Err(error) = kept {
            return self.fail(error);
        }
        self.unsynced.0 += size;
        self.unsynced.1.get_or_insert(now);
        if self.unsynced.0 >= PATIENCE.1 {
            self.commit();
        }
    }

    /// Has the thread sync what was appended.
    pub fn commit(&mut self) {
        self.unsynced = (0, None);
        self.ticket += 1;
        let ticket = self.ticket;
        let Some(store) = &mut self.store else {
            return self.committer.pass(ticket);
        };
        match store.file() {
            Ok(file) => self.committer.request(ticket, file),
            Err(error) => self.fail(error),
        }
    }

    /// When something is to be done without an event.
    pub fn due(&self) -> Option<Instant> {
        let sync = self.unsynced.1.map(|since| since + PATIENCE.0);
        sync.into_iter().chain(self.confirmation_due()).min()
    }

    /// Does it, if it is time.
    pub fn expire(&mut self, now: Instant) {
        if self.unsynced.1.is_some_and(|since| since + PATIENCE.0 <= now) {
            self.commit();
        }
        self.expire_confirmation(now);
    }

    /// The disk has failed: from now on nothing is said or kept. To sync once
    /// more would be of no use: the kernel has dropped what it could not write,
    /// and would say that all is well.
    pub fn fail(&mut self, error: io::Error) {
        if self.failure.is_none() {
            let failure = Failure::new("the disk has failed", error);
            cli::log(format_args!("{failure}: nothing is said or kept now"));
            self.failure = Some(failure);
        }
    }

    /// The end: what others have said gets to the disk as well, unless the
    /// disk `is_waited_for` no more.
    ///
    /// # Errors
    /// When the disk fails, or has failed before.
    pub fn close(&mut self, is_waited_for: bool) -> Result<(), Failure> {
        let unsaid = self.unsaid();
        if unsaid > 0 {
            cli::log(format_args!("lines that were not said: {unsaid}"));
        }
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        match self.store.as_mut().filter(|_| is_waited_for) {
            Some(store) => store.sync().map_err(|error| {
                Failure::new("cannot write what was said", error)
            }),
            None => Ok(()),
        }
    }
}
