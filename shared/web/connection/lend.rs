//! Enters in step 14: one connection that serves many clients in turn.
//!
//! The buffers of a connection are needed while it works. Between its turns
//! there is little to remember, and mostly nothing: a loop owns one whole
//! connection and lends it to the client whose turn it is.

use std::mem;
use std::time::Instant;

use super::timeout::Timeout;
use super::{Connection, End, State};
use crate::web::site::{Limits, Site};

/// All that there is to remember of a connection that waits for the first
/// byte of a request.
#[derive(Debug, Clone, Copy)]
pub struct Idle {
    since: Instant,
    requests: u64,
}

impl Idle {
    /// Of a client that has just been accepted.
    pub fn new(now: Instant) -> Self {
        Idle { since: now, requests: 0 }
    }

    /// Whether no request has come yet. Enters in step 23.
    pub fn is_first(&self) -> bool {
        self.requests == 0
    }

    /// What it waits for, and since when. Enters in step 15.
    pub fn waits(&self) -> (Timeout, Instant) {
        (Timeout::Keepalive, self.since)
    }

    /// When to give up waiting for a request.
    pub fn deadline(&self, limits: &Limits) -> Instant {
        self.since + limits.keepalive
    }
}

impl<S: Site> Connection<S> {
    /// What to remember, if that is all.
    pub fn idle(&self) -> Option<Idle> {
        let is_empty = self.input.bytes().is_empty() && !self.has_output();
        let Connection { since, requests, .. } = *self;
        (self.is_idle() && is_empty).then_some(Idle { since, requests })
    }

    /// Becomes the connection of an idle client. Only the buffers' memory
    /// is left of the one before.
    pub fn resume(&mut self, idle: Idle) {
        // All of them, so that none is forgotten.
        let Connection {
            state,
            since,
            passed,
            input,
            body,
            output,
            sent,
            file,
            may_send,
            requests,
            is_last,
            end,
            limits: _,
            // It is said at each loan.
            peer: _,
            records,
        } = self;
        (*state, *since, *passed) = (State::Idle, idle.since, 0);
        input.clear();
        body.clear();
        output.clear();
        (*sent, *file, *may_send) = (0, None, false);
        (*requests, *is_last, *end) = (idle.requests, false, End::Idle);
        // Enters in step 21.
        if let Some(records) = records {
            records.clear();
        }
    }

    /// Takes out what there is to remember of a connection that is not idle:
    /// a connection whose buffers have no room for more. It is adopted before
    /// it goes on.
    pub fn split_off(&mut self) -> Self {
        // What has been sent is not kept, except for one byte: the rest must
        // leave before anything is added.
        let start = self.sent.saturating_sub(1);
        Connection {
            state: mem::replace(&mut self.state, State::Closed),
            input: self.input.split_off(),
            body: mem::take(&mut self.body),
            output: self.output[start..].to_vec(),
            sent: self.sent - start,
            file: self.file.take(),
            // Enters in step 21.
            records: self.records.as_mut().and_then(|it| it.split_off()),
            ..*self
        }
    }

    /// Becomes the connection that was split off, with its own buffers.
    pub fn adopt(&mut self, own: Self) {
        let Connection { mut input, mut output, mut records, .. } =
            mem::replace(self, own);
        input.clear();
        input.append(self.input.bytes());
        self.input = input;
        output.clear();
        output.append(&mut self.output);
        self.output = output;
        // Enters in step 21.
        if let Some(records) = &mut records {
            records.clear();
            if let Some(own) = &mut self.records {
                records.append(own);
            }
        }
        self.records = records;
    }
}
