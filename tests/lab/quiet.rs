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
    /// The program's sockets when it began to rest.
    rows: Option<Vec<Row>>,
    unchanged: Duration,
    at: Instant,
    own_delay: Duration,
}

#[derive(PartialEq, Eq)]
struct Snapshot {
    /// Of each thread: how often it has been taken off the processor.
    switches: Vec<u64>,
    own_queues: (i32, i32),
}

impl Quiet {
    /// Begins to look at the program `pid`.
    pub fn new(pid: i32) -> Quiet {
        Quiet {
            pid,
            last: None,
            rows: None,
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
            self.rows = None;
        } else {
            let delayed = delay.saturating_sub(self.own_delay);
            self.unchanged += self.at.elapsed().saturating_sub(delayed * 2);
        }
        self.last = now;
        self.at = Instant::now();
        self.own_delay = delay;
        self.unchanged > Duration::ZERO && self.have_sockets_rested()
    }

    /// The kernel takes some milliseconds to list its sockets: it is asked at
    /// the beginning, and at the end.
    fn have_sockets_rested(&mut self) -> bool {
        let is_over = self.unchanged >= PROOF;
        if self.rows.is_some() && !is_over {
            return false;
        }
        let rows = proc::tree(self.pid).into_iter().flat_map(proc::own_rows);
        let rows = Some(rows.collect());
        let is_same = is_over && rows == self.rows;
        if is_over && !is_same {
            self.unchanged = Duration::ZERO;
        }
        self.rows = rows;
        is_same
    }

    /// `None` if anything is moving, or nothing is left to look at.
    fn snapshot(&self, ours: Option<BorrowedFd<'_>>) -> Option<Snapshot> {
        let mut switches = Vec::new();
        for pid in proc::tree(self.pid) {
            for thread in proc::threads(pid) {
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
        let own_queues = ours.map_or((0, 0), queues);
        Some(Snapshot { switches, own_queues })
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
