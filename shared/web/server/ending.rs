//! Enters in step 16: how a loop ends: not before it has sent what it owes.

use std::mem;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signalfd::SignalFd;

use super::Server;
use crate::cli::Failure;
use crate::collections::slab::Key;
use crate::events::latch::Latch;
use crate::web::client::Client;
use crate::web::site::Site;

/// More clients do not wait in the kernel's queue. Enters in step 18.
const QUEUE: usize = 4096;

/// How long responses may take that are under way when the end begins.
const GRACE: Duration = Duration::from_secs(30);

/// From where a loop hears that the end begins.
pub enum Ending {
    /// Signals that it reads.
    Signals(SignalFd),
    /// A latch, for which several loops wait. Enters in step 18.
    Latch(Arc<Latch>),
}

impl AsFd for Ending {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Ending::Signals(signals) => signals.as_fd(),
            Ending::Latch(latch) => latch.as_fd(),
        }
    }
}

impl<S: Site> Server<S> {
    /// The end begins: no one is accepted, and each response is its
    /// connection's last. If it begins once more, that is the end.
    pub(super) fn end(&mut self) -> Result<(), Failure> {
        if let Ending::Signals(signals) = &self.ending {
            signals
                .read_signal()
                .map_err(|errno| Failure::new("cannot read a signal", errno))?;
        }
        let now = self.worker.time.now;
        if self.end.replace(now + GRACE).is_some() {
            self.end = Some(now);
        }
        self.worker.drains = true;
        // Whoever waits in the kernel's queue is connected, for all that they
        // know: closing the listener would reset them. Enters in step 18.
        (0..self.listeners.len()).for_each(|it| self.listens(it as u64));
        self.accept(QUEUE)?;
        self.listeners.clear();
        let clients = self.clients.iter();
        let keys: Vec<Key> = clients.map(|(key, _)| key).collect();
        for key in keys {
            self.turn(key, Client::go_on);
        }
        Ok(())
    }

    /// A client is gone, or let go: closing the socket takes it off the
    /// kernel's list, since there is no other descriptor of it.
    pub(super) fn remove(&mut self, key: Key) {
        self.deadlines.cancel(key.index());
        // Enters in step 21.
        if let Some(client) = self.clients.remove(key) {
            // Enters in step 22.
            if let Some(admission) = &self.admission {
                admission.leave(client.counted());
            }
            // Enters in step 23.
            if mem::take(&mut self.worker.is_other) {
                return self.hand_over(client.into_socket());
            }
            client.abandon(&mut self.worker);
        }
    }

    /// Hands over all that is still to be logged, also of those for whom no
    /// time was left. Enters in step 21.
    pub fn end_log(&mut self) {
        let clients = self.clients.iter();
        let keys: Vec<Key> = clients.map(|(key, _)| key).collect();
        for key in keys {
            self.remove(key);
        }
        if let Some(log) = &mut self.worker.log {
            log.hand_over();
        }
    }

    /// Whether the end has come: there is no client left, or no time.
    pub fn is_done(&self) -> bool {
        let is_empty = || self.clients.iter().next().is_none();
        self.end.is_some_and(|end| end <= self.worker.time.now || is_empty())
    }
}
