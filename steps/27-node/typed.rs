//! What is typed.

use peer::text::Unfit;
use shared::cli;

use super::event_loop::{EventLoop, INPUT};

/// So many lines wait to be said.
const WAITING: usize = 64;

impl EventLoop {
    /// Takes what has been typed.
    pub fn read_input(&mut self) {
        let lines = self.input.read(self.server.epoll());
        for line in lines {
            match line {
                Ok(line) => self.say(line),
                Err(Unfit::TooLong) => {
                    cli::log("that line has more than 1024 bytes: not said");
                }
                Err(Unfit::NoText) => {
                    cli::log("that line is no UTF-8 text: not said");
                }
            }
        }
    }

    /// Leaves what is typed where it is, as long as enough waits to be said, or
    /// each peer has enough to read; if nothing can be said at all; or if those
    /// that we dial for the first time may be about to open.
    pub fn watch_input(&mut self) {
        let peers = self.peers.iter().map(|(_, peer)| peer);
        let mut used = peers.filter(|peer| peer.is_used()).peekable();
        let are_full =
            used.peek().is_some() && !used.any(|peer| peer.has_room());
        let has_enough = self.ledger.unsaid() >= WAITING;
        let is_busy = are_full || has_enough || self.ledger.is_silent();
        let waits = is_busy || self.book.is_beginning();
        self.input.watch(!waits, self.server.epoll(), INPUT);
        self.board.borrow_mut().is_busy = is_busy;
    }
}
