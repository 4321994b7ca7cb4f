//! Enters in step 15: the limits by name, for those who keep them in order.

use std::time::{Duration, Instant};

use super::{Connection, State};
use crate::web::site::{Limits, Site};

/// The limits by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timeout {
    /// [`Limits::keepalive`]
    Keepalive,
    /// [`Limits::header`]
    Header,
    /// [`Limits::body`]
    Body,
    /// [`Limits::send`]
    Send,
    /// [`Limits::lingering`]
    Lingering,
}

impl Limits {
    /// The limit of this name.
    pub fn of(&self, timeout: Timeout) -> Duration {
        match timeout {
            Timeout::Keepalive => self.keepalive,
            Timeout::Header => self.header,
            Timeout::Body => self.body,
            Timeout::Send => self.send,
            Timeout::Lingering => self.lingering,
        }
    }
}

impl<S: Site> Connection<S> {
    /// Which limit holds, and since when; bytes earn time besides.
    pub fn waits(&self) -> (Timeout, Instant) {
        let timeout = match self.state {
            _ if self.has_output() => Timeout::Send,
            State::Idle => Timeout::Keepalive,
            State::Head(_) => Timeout::Header,
            State::Body(..) => Timeout::Body,
            // Enters in step 20.
            State::Upload(_) => Timeout::Body,
            // Enters in step 19.
            State::Waiting(_) => Timeout::Send,
            // Enters in step 27.
            State::Stream => Timeout::Keepalive,
            // In the last three it waits for nothing.
            State::Lingering | State::Last | State::Closing | State::Closed => {
                Timeout::Lingering
            }
        };
        (timeout, self.since)
    }
}
