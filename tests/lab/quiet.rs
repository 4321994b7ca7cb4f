//! The proof that nothing will happen any more unless somebody else acts.
//!
//! If every thread of the program sleeps, has not moved for six looks fifty
//! milliseconds apart, and no queue of its sockets or of ours changed, then
//! both sides wait for each other. On a busy machine more looks are needed:
//! time in which we had to wait for a processor proves nothing, because a
//! packet may have waited with us. Nor is it a proof for a program that
//! sleeps by the clock: such checks wait for the whole time instead.

use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::{Duration, Instant};

use super::proc::{self, Row};
use super::time;

/// How far apart two looks are.
pub const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
const PROOF: Duration = BETWEEN_LOOKS.saturating_mul(6);

/// The looks at one program during one wait.
pub struct Quiet {
    pid: i32,
    last: Option<Snapshot>,
    unchanged: Duration,
    at: Instant,
    own_delay: Duration,
}

#[derive(PartialEq, Eq)]
struct Snapshot {
    /// Of each thread: how often it has been taken off the processor.
    switches: Vec<u64>,
    rows: Vec<Row>,
    own_queues: (i32, i32),
}

impl Quiet {
    /// Begins to look at the program `pid`.
    pub fn new(pid: i32) -> Quiet {
        Quiet {
            pid,
            last: None,
            unchanged: Duration::ZERO,
            at: Instant::now(),
            own_delay: time::own_delay(),
        }
    }

    /// Looks, unless it is too early for another look; true once the proof
    /// is complete. `ours` is the socket on which we wait.
    pub fn look(&mut self, ours: Option<BorrowedFd<'_>>) -> bool {
        if self.last.is_some() && self.at.elapsed() < BETWEEN_LOOKS {
            return false;
        }
        let delay = time::own_delay();
        let now = self.snapshot(ours);
        if now.is_none() || now != self.last {
            self.unchanged = Duration::ZERO;
        } else {
            let delayed = delay.saturating_sub(self.own_delay);
            self.unchanged += self.at.elapsed().saturating_sub(delayed * 2);
        }
        self.last = now;
        self.at = Instant::now();
        self.own_delay = delay;
        self.unchanged >= PROOF
    }

    /// `None` if anything is moving, or nothing is left to look at.
    fn snapshot(&self, ours: Option<BorrowedFd<'_>>) -> Option<Snapshot> {
        let mut switches = Vec::new();
        let pids = proc::tree(self.pid);
        for pid in &pids {
            for thread in proc::threads(*pid) {
                // It runs, or waits for a disk.
                if matches!(thread.state, 'R' | 'D') {
                    return None;
                }
                switches.push(thread.switches);
            }
        }
        if switches.is_empty() {
            return None;
        }
        // The kernel takes some milliseconds to list its sockets: who has
        // moved is not asked for them.
        let last = self.last.as_ref().map(|last| &last.switches);
        let rests = last == Some(&switches);
        let rows = pids.into_iter().filter(|_| rests).flat_map(proc::own_rows);
        let rows = rows.collect();
        Some(Snapshot {
            switches,
            rows,
            own_queues: ours.map_or((0, 0), queues),
        })
    }
}

/// The bytes waiting in a socket of ours: to be read, to be acknowledged.
pub fn queues(socket: BorrowedFd<'_>) -> (i32, i32) {
    let ask = |what| {
        let mut bytes: libc::c_int = 0;
        // SAFETY: both questions of ioctl(2) write one int.
        unsafe { libc::ioctl(socket.as_raw_fd(), what, &raw mut bytes) };
        bytes
    };
    (ask(libc::FIONREAD), ask(libc::TIOCOUTQ))
}
