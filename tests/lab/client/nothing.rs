//! The proof that a program has read all it was sent, has nothing to say to
//! it, and waits for more.
//!
//! `Quiet` proves that by looking for a while. Where the kernel tells in
//! which call a program sleeps, two looks are enough: if its only thread is
//! in read(2) before and after we see that nothing is on its way, then it
//! will not move before we do.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use super::Client;
use super::wait::Wait;
use crate::lab::trouble::Outcome;
use crate::lab::{diag, proc, quiet, show};

/// The calls in which a program waits for bytes.
const READS: [&str; 4] = ["read()", "recvfrom()", "recvmsg()", "readv()"];

impl Client {
    /// Proves that the program has read everything and waits for more,
    /// without a response, and without closing.
    pub fn expect_nothing(&mut self) -> Outcome {
        let mut wait = Wait::new(&self.program);
        loop {
            let asleep = self.sleeps_in_read();
            if asleep.is_some() || wait.is_quiet(self.stream.as_fd()) {
                // In this order: what came before the proof is here now.
                return self.nothing_came();
            }
            if self.program.ended().is_some() {
                return Err(self.failed(WAITING, "it ended"));
            }
            self.nothing_came()?;
            if wait.is_spinning() {
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
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
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
        self.unsent() == 0 && matches!(self.theirs(), Ok(Some((0, 0))))
    }

    /// Waits until the program has read all that was sent, or has gone.
    pub fn wait_until_read(&self) -> Outcome {
        self.program.eventually("reads all that was sent", || {
            let is_unread = matches!(self.theirs(), Ok(Some((1.., _))));
            (self.unsent() == 0 && !is_unread).then_some(())
        })
    }

    /// How much the program's kernel has not taken yet.
    pub fn unsent(&self) -> i32 {
        quiet::queues(self.stream.as_fd()).1
    }

    /// The bytes waiting in the program's socket, as in [`diag::queues`].
    fn theirs(&self) -> io::Result<Option<(u32, u32)>> {
        diag::queues(self.stream.peer_addr()?, self.stream.local_addr()?)
    }
}

const WAITING: &str = "it waits for the rest, without a response";
