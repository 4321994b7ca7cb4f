//! Enters in step 27: clients whose response goes on, and what all of them are
//! told.

use super::Server;
use crate::collections::slab::Key;
use crate::web::client::Client;
use crate::web::site::Site;

/// More clients are not told: each may have some memory. Who is let go comes
/// again.
pub const MAX_STREAMS: usize = 64;

impl<S: Site> Server<S> {
    /// A client has had its turn: its response may be one that goes on.
    pub(super) fn note_stream(&mut self, key: Key) {
        let client = self.clients.get_mut(key);
        if !client.is_some_and(|it| it.is_stream())
            || self.streams.contains(&key)
        {
            return;
        }
        self.forget_streams();
        match self.streams.len() < MAX_STREAMS {
            true => self.streams.push(key),
            false => self.remove(key),
        }
    }

    /// Forgets those that are gone.
    fn forget_streams(&mut self) {
        let clients = &mut self.clients;
        self.streams.retain(|key| clients.get_mut(*key).is_some());
    }

    /// Adds this to all responses that go on, and sends as much as can be sent
    /// now.
    pub fn publish(&mut self, bytes: &[u8]) {
        for key in self.streams.clone() {
            self.turn(key, |client: &mut Client<S>, worker| {
                client.extend_response(worker, bytes)
            });
        }
        self.forget_streams();
    }

    /// To how many clients.
    pub fn streams(&self) -> usize {
        self.streams.len()
    }
}
