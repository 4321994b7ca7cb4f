//! Enters in step 15: the deadlines of many, each in constant time.
//!
//! Who waits under the same limit has the same time, so whoever began first
//! is due first. There is a list for each limit, in the order in which the
//! waits began, and only its front needs to be looked at.
//!
//! What has earned time beyond its limit fits into no such order. Those have
//! a list of their own, which is looked through once a second.

use std::time::{Duration, Instant};

use crate::collections::list::Lists;

/// How often the deadlines beyond the limits are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Numbered items that wait.
#[derive(Debug)]
pub struct Deadlines {
    /// One for each limit, and one for what is beyond its limit.
    lists: Lists,
    limits: u32,
    /// When to look at those beyond.
    look: Instant,
}

impl Deadlines {
    /// For this many limits.
    pub fn new(limits: u32, now: Instant) -> Self {
        Deadlines { lists: Lists::new(limits + 1), limits, look: now }
    }

    /// The wait of an item under a limit begins now.
    pub fn begin(&mut self, limit: u32, item: u32) {
        self.lists.push_back(limit, item);
    }

    /// An item that was due has time beyond its limit.
    pub fn prolong(&mut self, item: u32, now: Instant) {
        if self.lists.front(self.limits).is_none() {
            self.look = now + LOOK;
        }
        self.lists.push_back(self.limits, item);
    }

    /// An item waits no longer.
    pub fn cancel(&mut self, item: u32) {
        self.lists.remove(item);
    }

    /// Which item has waited longest under a limit. Enters in step 22.
    pub fn first(&self, limit: u32) -> Option<u32> {
        self.lists.front(limit)
    }

    /// When the next item will be due, if there is one. `end` says when the
    /// limit of an item ends.
    pub fn next(
        &self,
        end: impl Fn(u32) -> Option<Instant>,
    ) -> Option<Instant> {
        let limits = 0..self.limits;
        let fronts = limits.filter_map(|limit| self.lists.front(limit));
        let beyond = self.lists.front(self.limits).map(|_| self.look);
        fronts.filter_map(end).chain(beyond).min()
    }

    /// Takes out the items that are due: their limits have ended, or they are
    /// to be looked at again.
    pub fn due(
        &mut self,
        now: Instant,
        end: impl Fn(u32) -> Option<Instant>,
    ) -> Vec<u32> {
        let mut due = Vec::new();
        let looks = self.look <= now;
        for list in 0..=self.limits {
            while let Some(item) = self.lists.front(list)
                && match list == self.limits {
                    true => looks,
                    false => end(item).is_none_or(|end| end <= now),
                }
            {
                self.lists.remove(item);
                due.push(item);
            }
        }
        due
    }
}
