//! What /proc says about a program and its sockets.

use std::collections::HashSet;
use std::fs;
use std::net::SocketAddr;

use procfs::net::{TcpNetEntries, TcpNetEntry, TcpState};
use procfs::process::{FDTarget, Process};
use procfs::{FromBufReadSI, current_system_info};

fn process(pid: i32) -> Process {
    Process::new(pid).unwrap()
}

/// What a server has at a moment; equal before and after its visitors.
#[derive(Debug, PartialEq, Eq)]
pub struct Belongings {
    /// What each descriptor is, sorted: `socket`, `pipe`, a path.
    pub descriptors: Vec<String>,
    pub threads: usize,
    /// Living or zombies.
    pub children: usize,
}

impl Belongings {
    pub fn of(pid: i32) -> Self {
        let process = process(pid);
        let mut descriptors: Vec<String> = process
            .fd()
            .unwrap()
            .flatten()
            .map(|fd| format!("{:?}", fd.target))
            .collect();
        descriptors.sort();
        let tasks: Vec<_> = process.tasks().unwrap().flatten().collect();
        let children = tasks.iter().flat_map(|task| task.children());
        Belongings {
            descriptors,
            threads: tasks.len(),
            children: children.flatten().count(),
        }
    }
}

/// The number that the kernel gives to the next descriptor.
pub fn next_descriptor(pid: i32) -> u64 {
    let descriptors = process(pid).fd().unwrap().flatten();
    let used: HashSet<i32> = descriptors.map(|fd| fd.fd).collect();
    let free = (0..).find(|number| !used.contains(number)).unwrap_or(0);
    u64::try_from(free).expect("not negative")
}

/// How much memory is in use, in KiB.
pub fn memory(pid: i32) -> u64 {
    process(pid).status().unwrap().vmrss.unwrap_or(0)
}

/// The processor time used until now, in clock ticks (usually 10 ms).
pub fn ticks(pid: i32) -> u64 {
    let stat = process(pid).stat().unwrap();
    stat.utime + stat.stime
}

/// Whether some thread sleeps in the system call `number`.
pub fn sleeps_in(pid: i32, number: i64) -> bool {
    let Ok(tasks) = process(pid).tasks() else { return false };
    tasks.flatten().any(|task| {
        let path = format!("/proc/{pid}/task/{}/syscall", task.tid);
        let text = fs::read_to_string(path).unwrap_or_default();
        // A thread that runs has the word "running" there.
        let first = text.split(' ').next().map(str::parse);
        let asleep = task.stat().is_ok_and(|stat| stat.state == 'S');
        first == Some(Ok(number)) && asleep
    })
}

/// The kernel's TCP sockets of that port, of either end.
fn sockets(port: u16) -> Vec<TcpNetEntry> {
    let port = format!(":{port:04X} ");
    let mut found = Vec::new();
    for file in ["/proc/net/tcp", "/proc/net/tcp6"] {
        // A table of thousands after many visits: most of it is not parsed.
        let text = fs::read_to_string(file).unwrap_or_default();
        let mut rows = text.lines();
        let head = rows.next().unwrap_or_default();
        let rows = rows.filter(|row| row.contains(&port));
        let rows: Vec<_> = std::iter::once(head).chain(rows).collect();
        let (table, system) = (rows.join("\n"), current_system_info());
        let table = TcpNetEntries::from_buf_read(table.as_bytes(), system);
        found.extend(table.unwrap().0);
    }
    found
}

/// How many connections wait to be accepted at a listening socket.
pub fn queue(listener: SocketAddr) -> u32 {
    let entries = sockets(listener.port());
    let mut listening = entries.iter().filter(|entry| {
        entry.state == TcpState::Listen && entry.local_address == listener
    });
    listening.next().expect("a socket that listens").rx_queue
}

/// Where a program listens.
pub fn listens_on(pid: i32) -> Option<SocketAddr> {
    let descriptors = process(pid).fd().ok()?.flatten();
    let inodes: HashSet<u64> = descriptors
        .filter_map(|fd| match fd.target {
            FDTarget::Socket(inode) => Some(inode),
            _ => None,
        })
        .collect();
    let entries = procfs::net::tcp().ok()?.into_iter();
    let found = entries.filter(|entry| entry.state == TcpState::Listen);
    let mut ours = found.filter(|entry| inodes.contains(&entry.inode));
    ours.next().map(|entry| entry.local_address)
}

/// Whether all that `ours` has sent was read at the other end.
pub fn nothing_between(ours: SocketAddr, theirs: SocketAddr) -> bool {
    sockets(ours.port()).iter().all(|entry| {
        let ends = (entry.local_address, entry.remote_address);
        let unacknowledged = ends == (ours, theirs) && entry.tx_queue > 0;
        let unread = ends == (theirs, ours) && entry.rx_queue > 0;
        !unacknowledged && !unread
    })
}

/// Whether the kernel remembers an ended connection of that port.
pub fn in_time_wait(local: SocketAddr) -> bool {
    sockets(local.port()).iter().any(|entry| {
        entry.state == TcpState::TimeWait && entry.local_address == local
    })
}
