//! Enters in step 27: a response that goes on: server-sent events. WHATWG HTML
//! section 9.2.

use nix::errno::Errno;

use super::{Connection, End, State};
use crate::web::site::{Site, Time};

/// A comment: it shows whether the client is still there.
const COMMENT: &[u8] = b":\n\n";

/// More bytes do not wait for a client that reads too slowly.
pub const MAX_UNSENT: usize = 256 * 1024;

impl<S: Site> Connection<S> {
    /// Whether more of the response may come.
    pub fn is_stream(&self) -> bool {
        matches!(self.state, State::Stream)
    }

    /// Adds to the response. If too much of it waits to be sent already, the
    /// connection is closed: the client will come again, and miss nothing.
    pub fn extend_response(&mut self, bytes: &[u8], time: &Time) {
        if !self.is_stream() {
            return;
        }
        if self.output.len() - self.sent + bytes.len() > MAX_UNSENT {
            return self.close(End::Failed(Errno::ETIMEDOUT));
        }
        if !self.has_output() {
            self.restart(time);
        }
        self.output.extend_from_slice(bytes);
    }

    /// Nothing has been sent for a while.
    pub(super) fn keep_stream(&mut self, time: &Time) {
        self.extend_response(COMMENT, time);
    }

    /// The response ends.
    pub(super) fn end_stream(&mut self) {
        if self.is_stream() {
            self.state = State::Closing;
        }
    }
}
