//! The proof that a program has read all it was sent, has nothing to say to
//! it, and waits for more.
//!
//! `Quiet` proves that by looking for a while. Where the kernel tells in
//! which call a program sleeps, two looks are enough: if its only thread is
//! in read(2) before and after we see that nothing is on its way, then it
//! will not move before we do.

use std::os::fd::AsFd;
use std::time::Duration;

use super::Client;
use super::wait::Wait;
use crate::lab::quiet;
use crate::lab::time::PATIENCE;
use crate::lab::trouble::Outcome;
use crate::lab::{proc, show};

/// The calls in which a program waits for bytes.
const READS: [&str; 4] = ["read()", "recvfrom()", "recvmsg()", "readv()"];

impl Client {
    /// Proves that the program has read everything and waits for more,
    /// without a response, and without closing.
    pub fn expect_nothing(&mut self) -> Outcome {
        let mut wait = Wait::new(&self.program, PATIENCE);
        loop {
            let asleep = self.sleeps_in_read();
            if asleep.is_some() || wait.quiet.look(Some(self.stream.as_fd())) {
                // In this order: what came before the proof is here now.
                return self.nothing_came();
            }
            if self.program.ended().is_some() {
                return Err(self.failed(WAITING, "it ended"));
            }
            self.nothing_came()?;
            if wait.spin.is_proven() {
                return Err(self.failed(WAITING, "it computes without end"));
            }
            if wait.deadline.is_over() {
                return Err(self.failed(WAITING, "it is busy with something"));
            }
            std::thread::sleep(Duration::from_micros(200));
        }
    }

    fn nothing_came(&mut self) -> Outcome {
        let mut peeked = [0; 256];
        let got = match self.stream.peek(&mut peeked) {
            Ok(0) => "end of file".to_string(),
            Ok(count) => show::bytes(&peeked[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                return Ok(());
            }
            Err(error) => error.to_string(),
        };
        self.event(format!("received {got}"));
        Err(self.failed(WAITING, got))
    }

    /// If the program has read all and sleeps in a read: how often its only
    /// thread has been taken off the processor. `None` proves nothing.
    pub(super) fn sleeps_in_read(&self) -> Option<u64> {
        let asleep = self.sleep()?;
        let proven = self.is_all_read() && self.sleep() == Some(asleep);
        proven.then_some(asleep)
    }

    /// How often the program's only thread has been taken off the processor,
    /// if it sleeps in a read.
    fn sleep(&self) -> Option<u64> {
        let pid = self.program.pid();
        let [thread] = &proc::threads(pid)[..] else { return None };
        let call = proc::sleeps_in(pid)?;
        let sleeps = thread.state == 'S' && READS.contains(&call.as_str());
        (sleeps && proc::children(pid).is_empty()).then_some(thread.switches)
    }

    /// Nothing is on its way, neither to the program nor to us.
    fn is_all_read(&self) -> bool {
        let (_, unsent) = quiet::queues(self.stream.as_fd());
        let rows = proc::own_rows(self.program.pid());
        let ours = self.stream.local_addr().ok();
        let mut rows = rows.iter().filter(|row| Some(row.remote) == ours);
        let is_empty = |row: &proc::Row| row.unread == 0 && row.unsent == 0;
        unsent == 0 && rows.next().is_some_and(is_empty)
    }
}

const WAITING: &str = "it waits for the rest, without a response";
