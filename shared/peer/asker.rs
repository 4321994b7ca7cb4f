//! Enters in step 24: somebody who asks in lines of text, such as
//! `/known_hosts`.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::text::Lines;

use crate::board::Shared;

/// How long to wait for a request, and for its response to be taken.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A request is not longer.
const MAX_REQUEST: usize = 64;

/// Who does not read what they have asked for is not read from.
const MAX_OUTPUT: usize = 64 * 1024;

/// What is asked, and what is answered.
pub struct Asker {
    board: Shared,
    /// How we have been reached.
    host: IpAddr,
    /// They may know what this node knows.
    is_trusted: bool,
    input: Box<[u8]>,
    lines: Lines,
    output: Vec<u8>,
    has_ended: bool,
    since: Instant,
}

impl Asker {
    /// Somebody who has reached us as `host`. If they are not trusted, they
    /// get no answer.
    pub fn new(
        board: Shared,
        host: IpAddr,
        is_trusted: bool,
        now: Instant,
    ) -> Self {
        Asker {
            board,
            host,
            is_trusted,
            input: vec![0; 512].into(),
            lines: Lines::new(MAX_REQUEST),
            output: Vec::new(),
            has_ended: false,
            since: now,
        }
    }

    /// Whether more may come.
    pub fn reads(&self) -> bool {
        !self.has_ended && self.output.len() < MAX_OUTPUT
    }

    /// Where that is to be written.
    pub fn space(&mut self) -> &mut [u8] {
        &mut self.input
    }

    /// So many bytes have arrived; 0: the end of the stream.
    pub fn received(&mut self, count: usize, now: Instant) {
        let mut requests = self.lines.cut(&self.input[..count]);
        if count == 0 {
            self.has_ended = true;
            requests.extend(self.lines.end());
        }
        for request in requests {
            self.since = now;
            let response = match request.as_deref() {
                _ if !self.is_trusted => "only for this machine\n".into(),
                Ok("/known_hosts") => {
                    self.board.borrow().known_hosts(self.host)
                }
                Ok("/peers") => self.board.borrow().peers(),
                _ => "there are: /known_hosts /peers\n".into(),
            };
            self.output.extend(response.as_bytes());
        }
    }

    /// What is to be sent.
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// So many bytes of it have been sent.
    pub fn sent(&mut self, count: usize) {
        self.output.drain(..count);
    }

    /// Whether there is nothing more to do.
    pub fn is_done(&self) -> bool {
        self.has_ended && self.output.is_empty()
    }

    /// When their time is up.
    pub fn deadline(&self) -> Instant {
        self.since + TIMEOUT
    }
}
