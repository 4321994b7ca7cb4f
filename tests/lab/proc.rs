//! What /proc says about a process: see proc(5).

mod calls;
mod tcp;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use calls::*;
pub use tcp::*;

/// One thread of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// R running, S asleep, D asleep in the kernel, Z zombie.
    pub state: char,
    /// How often it has been taken off the processor.
    pub switches: u64,
    /// How long it has run.
    pub ran: Duration,
    /// How long it was ready to run and had to wait.
    pub delay: Duration,
}

/// What is in this directory of `pid`; nothing if there is no such process.
pub fn list(pid: i32, directory: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(format!("/proc/{pid}/{directory}"));
    let entries = entries.into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// The threads of `pid`; none if there is no such process.
pub fn threads(pid: i32) -> Vec<Thread> {
    let tasks = list(pid, "task").into_iter();
    tasks
        .filter_map(|path| {
            let status = fs::read_to_string(path.join("status")).ok()?;
            let times = fs::read_to_string(path.join("schedstat"));
            let (ran, delay) = schedstat(&times.unwrap_or_default());
            let number = |key| field(&status, key)?.parse::<u64>().ok();
            Some(Thread {
                state: field(&status, "State:")?.chars().next()?,
                switches: number("voluntary_ctxt_switches:")?
                    + number("nonvoluntary_ctxt_switches:")?,
                ran,
                delay,
            })
        })
        .collect()
}

fn field<'a>(status: &'a str, key: &str) -> Option<&'a str> {
    let mut lines = status.lines();
    lines.find_map(|line| line.strip_prefix(key)).map(str::trim)
}

/// The first two fields of a schedstat file: time on the processor, and time
/// spent waiting for one. Zero where the kernel does not count it.
pub fn schedstat(text: &str) -> (Duration, Duration) {
    let mut numbers = text.split(' ').map(|word| word.parse().unwrap_or(0));
    let mut next = || Duration::from_nanos(numbers.next().unwrap_or(0));
    (next(), next())
}

/// Sends a signal to a process that nobody has waited for yet.
pub fn kill(pid: i32, signal: libc::c_int) {
    // SAFETY: kill(2) takes two numbers.
    unsafe { libc::kill(pid, signal) };
}

/// The children of `pid`, zombies included.
pub fn children(pid: i32) -> Vec<i32> {
    let lists = list(pid, "task").into_iter().map(|path| {
        fs::read_to_string(path.join("children")).unwrap_or_default()
    });
    let lists = lists.collect::<Vec<_>>().join(" ");
    lists.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

/// `pid`, its children, their children…
pub fn tree(pid: i32) -> Vec<i32> {
    let mut found = vec![pid];
    let mut next = 0;
    while let Some(parent) = found.get(next) {
        let children = children(*parent);
        found.extend(children);
        next += 1;
    }
    found
}

/// The newest child of `pid`, which serves the newest client; or `pid` itself,
/// if it has none.
pub fn newest(pid: i32) -> i32 {
    children(pid).last().copied().unwrap_or(pid)
}

/// What each open descriptor of `pid` is, such as `socket:[4711]`.
pub fn descriptors(pid: i32) -> Vec<String> {
    list(pid, "fd").iter().filter_map(|path| target(path)).collect()
}

fn target(descriptor: &Path) -> Option<String> {
    Some(fs::read_link(descriptor).ok()?.to_string_lossy().into_owned())
}

/// How many sockets `pid` has open.
pub fn socket_count(pid: i32) -> usize {
    let all = descriptors(pid);
    all.iter().filter(|target| target.starts_with("socket:")).count()
}

/// The flags, as fcntl(2) has them, of each socket that `pid` has open.
pub fn socket_flags(pid: i32) -> Vec<i32> {
    let sockets = list(pid, "fd").into_iter().filter(|path| {
        target(path).is_some_and(|target| target.starts_with("socket:"))
    });
    let infos = sockets.filter_map(|path| {
        let name = path.file_name()?.to_str()?;
        let info = format!("/proc/{pid}/fdinfo/{name}");
        let text = fs::read_to_string(info).ok()?;
        i32::from_str_radix(field(&text, "flags:")?, 8).ok()
    });
    infos.collect()
}

/// What a program has at a moment; equal before and after its clients.
#[derive(Debug, PartialEq, Eq)]
pub struct Resources {
    /// What each descriptor is, sorted.
    pub descriptors: Vec<String>,
    pub threads: usize,
    /// Living or zombies.
    pub children: usize,
}

impl Resources {
    /// Those of `pid`.
    pub fn of(pid: i32) -> Resources {
        let mut descriptors = descriptors(pid);
        descriptors.sort();
        let (threads, children) = (threads(pid).len(), children(pid).len());
        Resources { descriptors, threads, children }
    }
}

/// How many kilobytes of `pid` are in memory.
pub fn memory(pid: i32) -> Option<u64> {
    kilobytes(pid, "VmRSS:")
}

/// How many kilobytes of address space `pid` has for data and stacks, whether
/// or not there is memory behind them.
pub fn data(pid: i32) -> Option<u64> {
    kilobytes(pid, "VmData:")
}

/// The most memory that `pid` ever had at a time, in kilobytes.
pub fn peak_memory(pid: i32) -> Option<u64> {
    kilobytes(pid, "VmHWM:")
}

/// How many kilobytes of memory `pid` has written that no other process
/// shares.
pub fn private_memory(pid: i32) -> usize {
    let path = format!("/proc/{pid}/smaps_rollup");
    let text = fs::read_to_string(path).unwrap_or_default();
    // Not the clean pages, which are those of the program itself: they are
    // private as soon as nobody else runs it.
    let lines = text.lines().filter(|l| l.starts_with("Private_Dirty:"));
    lines
        .filter_map(|l| l.split_whitespace().nth(1)?.parse::<usize>().ok())
        .sum()
}

fn kilobytes(pid: i32, key: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    field(&status, key)?.split(' ').next()?.parse().ok()
}
