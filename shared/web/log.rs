//! Enters in step 21: the access log, up to the thread that writes it.
//!
//! A line is one write(2) too many for a request, and the disk may take its
//! time. So a loop gathers lines in memory, and hands them over by the buffer.
//! If nobody takes them in time, they are lost and counted: a server that
//! waits for its log serves nobody.

use std::io::Write;
use std::mem;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::connection::escape::MAX_FIELD;
use super::connection::record::Record;
use super::site::{Site, Time};
use crate::http::response::decimal;
use crate::net::address::Compact;
use crate::sync::queue::Queue;

/// So many bytes are handed over at once.
const FULL: usize = 16 * 1024;

/// Lines do not wait longer than this.
const FLUSH: Duration = Duration::from_secs(1);

/// The longest line: three fields, and all the rest.
const MAX_LINE: usize = 3 * MAX_FIELD + 256;

/// So many buffers wait to be written: about 8 MiB.
const QUEUE: usize = 512;

/// So many are kept for later.
const SPARES: usize = 16;

/// Buffers on their way between loops and the thread that writes.
#[derive(Debug)]
pub struct Buffers {
    full: Queue<Vec<u8>>,
    spares: Queue<Vec<u8>>,
    /// Lines for which there was no room.
    lost: AtomicU64,
}

/// None yet.
impl Default for Buffers {
    fn default() -> Self {
        let (full, spares) = (Queue::new(QUEUE), Queue::new(SPARES));
        Buffers { full, spares, lost: AtomicU64::new(0) }
    }
}

impl Buffers {
    /// Hands over whole lines, or nothing, which wakes up who takes them.
    pub fn put(&self, lines: Vec<u8>) {
        if let Err(lines) = self.full.try_push(lines) {
            self.lost.fetch_add(count(&lines), Relaxed);
            self.recycle(lines);
        }
    }

    /// Takes the oldest, and waits until there is one. If a time is given, it
    /// waits no longer than that, and takes nothing. `None` if there will be
    /// no more.
    pub fn take(&self, time: Option<Duration>) -> Option<Vec<u8>> {
        match time {
            Some(time) => self.full.pop_within(time, Vec::new()),
            None => self.full.pop(),
        }
    }

    /// Gives back a buffer that has been written.
    pub fn recycle(&self, mut buffer: Vec<u8>) {
        buffer.clear();
        if buffer.capacity() > 0 {
            // More of them are not needed: the memory is given back.
            let _ = self.spares.try_push(buffer);
        }
    }

    /// An empty buffer with room for all that is put into one.
    fn empty(&self) -> Vec<u8> {
        let spare = self.spares.try_pop();
        spare.unwrap_or_else(|| Vec::with_capacity(FULL + MAX_LINE))
    }

    /// How many lines there was no room for, since this was last asked.
    pub fn lost(&self) -> u64 {
        self.lost.swap(0, Relaxed)
    }

    /// There will be no more. What has been put in is still given out.
    pub fn close(&self) {
        self.full.close();
    }
}

/// How many lines these are.
pub fn count(lines: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', lines).count() as u64
}

/// What one loop has to log.
#[derive(Debug)]
pub struct Log {
    lines: Vec<u8>,
    /// When the first of them is to be handed over; `None` if there is none.
    deadline: Option<Instant>,
    buffers: Arc<Buffers>,
}

impl Log {
    /// An empty one, which hands its lines over like this.
    pub fn new(buffers: Arc<Buffers>) -> Self {
        Log { lines: buffers.empty(), deadline: None, buffers }
    }

    fn line(&mut self, record: &Record, time: &Time) {
        write_line(&mut self.lines, record, &time.date.common_log());
        self.deadline.get_or_insert(time.now + FLUSH);
        if self.lines.len() >= FULL {
            self.hand_over();
        }
    }

    /// What comes next: what is `next` otherwise, or that it is to be handed
    /// over, even if little is in it.
    pub fn or_next(&self, next: Option<Instant>) -> Option<Instant> {
        self.deadline.into_iter().chain(next).min()
    }

    /// Hands over what has waited long enough.
    pub fn expire(&mut self, now: Instant) {
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.hand_over();
        }
    }

    /// Hands over what there is.
    pub fn hand_over(&mut self) {
        if self.deadline.take().is_some() {
            let lines = mem::replace(&mut self.lines, self.buffers.empty());
            self.buffers.put(lines);
        }
    }
}

/// The connection keeps what is to be logged, if anything is: it has been lent
/// to the client with this address.
pub fn lend<S: Site>(
    log: &Option<Log>,
    connection: &mut Connection<S>,
    peer: Compact,
) {
    if log.is_some() {
        connection.keep_records(peer.ip_address());
    }
}

/// Logs those requests of the connection whose responses have left.
pub fn take<S: Site>(
    log: &mut Option<Log>,
    connection: &mut Connection<S>,
    time: &Time,
) {
    if let Some(log) = log {
        connection.take_records(|record| log.line(&record, time));
    }
}

/// The combined log format, which Apache and nginx write and every tool reads.
fn write_line(out: &mut Vec<u8>, record: &Record, date: &[u8]) {
    write_address(out, record.client);
    out.extend_from_slice(b" - - [");
    out.extend_from_slice(date);
    out.extend_from_slice(b"] \"");
    out.extend_from_slice(record.request_line);
    out.extend_from_slice(b"\" ");
    out.extend_from_slice(&record.status);
    out.push(b' ');
    decimal(out, record.body_bytes_sent);
    out.push(b' ');
    out.extend_from_slice(record.fields);
    out.push(b'\n');
}

fn write_address(out: &mut Vec<u8>, address: Option<IpAddr>) {
    match address {
        // As nginx has it.
        None => out.extend_from_slice(b"unix:"),
        Some(IpAddr::V4(ip)) => {
            let [first, rest @ ..] = ip.octets();
            decimal(out, first.into());
            for byte in rest {
                out.push(b'.');
                decimal(out, byte.into());
            }
        }
        Some(IpAddr::V6(ip)) => {
            // A vector takes whatever is written into it.
            let _ = write!(out, "{ip}");
        }
    }
}
