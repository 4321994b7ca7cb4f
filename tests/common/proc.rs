//! What /proc says about a program and its sockets: more of it than the
//! exercises need.

use std::collections::HashSet;
use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

#[path = "../lab/proc.rs"]
mod lab;

pub use lab::{LISTEN, schedstat, threads, tree};
use lab::{Row, TIME_WAIT};

use super::diag;

/// What a server has at a moment; equal before and after its clients.
#[derive(Debug, PartialEq, Eq)]
pub struct Resources {
    /// What each descriptor is, sorted: a socket, a pipe, a path.
    pub descriptors: Vec<String>,
    pub threads: usize,
    /// Living or zombies.
    pub children: usize,
}

impl Resources {
    pub fn of(pid: i32) -> Self {
        let mut descriptors = lab::descriptors(pid);
        descriptors.sort();
        Resources {
            descriptors,
            threads: threads(pid).len(),
            children: lab::children(pid).len(),
        }
    }
}

/// The number that the kernel gives to the next descriptor.
pub fn next_descriptor(pid: i32) -> u64 {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
    let names = entries.map(|entry| entry.file_name());
    let used: HashSet<u64> =
        names.filter_map(|name| name.to_str()?.parse().ok()).collect();
    (0..).find(|number| !used.contains(number)).unwrap_or(0)
}

/// How much memory is in use, in KiB.
pub fn memory(pid: i32) -> u64 {
    lab::memory(pid).unwrap_or(0)
}

/// The processor time that it has wanted until now, whether it got it or not.
pub fn wanted(pid: i32) -> Duration {
    threads(pid).iter().map(|thread| thread.ran + thread.delay).sum()
}

/// Whether some thread sleeps in the system call `number`.
pub fn sleeps_in(pid: i32, number: i64) -> bool {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten();
    tasks.flatten().any(|task| {
        let read = |name: &str| {
            fs::read_to_string(task.path().join(name)).unwrap_or_default()
        };
        // A thread that runs has the word "running" there.
        let call = read("syscall");
        let call = call.split(' ').next().map(str::parse);
        call == Some(Ok(number)) && read("status").contains("State:\tS")
    })
}

/// The kernel's TCP sockets of that port, of either end.
fn sockets(port: u16) -> Vec<Row> {
    let port = format!(":{port:04X} ");
    let texts = ["/proc/net/tcp", "/proc/net/tcp6"].map(fs::read_to_string);
    let texts: String = texts.into_iter().flatten().collect();
    // A table of thousands after many connections: most is not parsed.
    let rows = texts.lines().filter(|row| row.contains(&port));
    rows.filter_map(lab::parse_row).collect()
}

/// How many connections wait to be accepted at a listening socket.
pub fn queue(listener: SocketAddr) -> u64 {
    let rows = sockets(listener.port()).into_iter();
    let mut listening = rows.filter(|row| row.state == LISTEN);
    let row = listening.find(|row| row.local == listener);
    row.expect("a socket that listens").unread
}

/// Where a program listens.
pub fn listens_on(pid: i32) -> Option<SocketAddr> {
    let mut rows = lab::own_rows(pid).into_iter();
    rows.find(|row| row.state == LISTEN).map(|row| row.local)
}

/// Whether all that `ours` has sent was read at the other end.
pub fn nothing_between(ours: SocketAddr, theirs: SocketAddr) -> bool {
    let queues = |own, peer| diag::queues(own, peer).unwrap();
    let unacknowledged = queues(ours, theirs).is_some_and(|(_, n)| n > 0);
    let unread = queues(theirs, ours).is_some_and(|(n, _)| n > 0);
    !unacknowledged && !unread
}

/// Whether the kernel remembers an ended connection of that port.
pub fn in_time_wait(local: SocketAddr) -> bool {
    let rows = sockets(local.port());
    rows.iter().any(|row| row.state == TIME_WAIT && row.local == local)
}
