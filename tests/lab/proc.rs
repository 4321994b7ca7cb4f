//! What /proc says about a process: see proc(5).

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

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

/// A row of /proc/net/tcp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Our end.
    pub local: SocketAddr,
    /// The other end.
    pub remote: SocketAddr,
    /// As in the kernel's include/net/tcp_states.h.
    pub state: u8,
    /// Bytes not yet acknowledged.
    pub unsent: u64,
    /// Bytes not yet read, or connections not yet accepted.
    pub unread: u64,
    /// The socket's number; 0 once nobody has it open.
    pub inode: u64,
}

/// `Row::state` of a socket that waits for connections.
pub const LISTEN: u8 = 0x0A;
/// `Row::state` of a connection that has not been accepted yet.
pub const SYN_SENT: u8 = 0x02;
/// `Row::state` of a connection that was closed here first.
pub const TIME_WAIT: u8 = 0x06;

/// The TCP sockets in the network that `pid` lives in.
pub fn tcp_rows(pid: i32) -> Vec<Row> {
    rows(pid, |_| true)
}

/// Those of them whose lines are wanted: there may be ten thousand others.
fn rows(pid: i32, is_wanted: impl Fn(&str) -> bool) -> Vec<Row> {
    let files = ["tcp", "tcp6"].map(|name| format!("/proc/{pid}/net/{name}"));
    let texts = files.iter().filter_map(|path| fs::read_to_string(path).ok());
    texts
        .flat_map(|text| {
            let lines = text.lines().skip(1).filter(|line| is_wanted(line));
            lines.filter_map(parse_row).collect::<Vec<_>>()
        })
        .collect()
}

/// The TCP sockets that `pid` has open.
pub fn own_rows(pid: i32) -> Vec<Row> {
    let open = descriptors(pid);
    let inode = |name: &String| {
        let inner = name.strip_prefix("socket:[")?.strip_suffix(']')?;
        Some(inner.to_string())
    };
    let open: BTreeSet<String> = open.iter().filter_map(inode).collect();
    if open.is_empty() {
        return Vec::new();
    }
    rows(pid, |line| {
        let inode = line.split_ascii_whitespace().nth(9);
        inode.is_some_and(|inode| open.contains(inode))
    })
}

/// A row as the kernel prints it.
fn parse_row(line: &str) -> Option<Row> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (unsent, unread) = fields.get(4)?.split_once(':')?;
    Some(Row {
        local: parse_address(fields.get(1)?)?,
        remote: parse_address(fields.get(2)?)?,
        state: u8::from_str_radix(fields.get(3)?, 16).ok()?,
        unsent: u64::from_str_radix(unsent, 16).ok()?,
        unread: u64::from_str_radix(unread, 16).ok()?,
        inode: fields.get(9)?.parse().ok()?,
    })
}

/// The kernel prints addresses as 32-bit numbers of this machine's byte
/// order, and ports as the numbers they are.
fn parse_address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |at: usize| -> Option<[u8; 4]> {
        let digits = ip.get(at * 8..at * 8 + 8)?;
        Some(u32::from_str_radix(digits, 16).ok()?.to_ne_bytes())
    };
    let ip: IpAddr = if ip.len() == 8 {
        Ipv4Addr::from(word(0)?).into()
    } else {
        let words = [word(0)?, word(1)?, word(2)?, word(3)?];
        let octets: [u8; 16] = words.concat().try_into().ok()?;
        Ipv6Addr::from(octets).into()
    };
    Some(SocketAddr::new(ip, port))
}

/// The name of the system call in which `pid` sleeps; `None` if it runs, is
/// about to end, or if we may not know.
pub fn sleeps_in(pid: i32) -> Option<String> {
    call_in(Path::new(&format!("/proc/{pid}")))
}

/// Whether a thread of `pid` sleeps in `call`, such as `read()`.
pub fn waits_in(pid: i32, call: &str) -> bool {
    waiting_in(pid, call) > 0
}

/// How many threads of `pid` sleep in `call`.
pub fn waiting_in(pid: i32, call: &str) -> usize {
    let tasks = list(pid, "task").into_iter();
    tasks.filter(|task| call_in(task).as_deref() == Some(call)).count()
}

fn call_in(task: &Path) -> Option<String> {
    // A thread that runs has the word "running" there.
    let text = fs::read_to_string(task.join("syscall")).ok()?;
    let number = text.split(' ').next()?.parse().ok()?;
    let name = match number {
        -1 | libc::SYS_exit | libc::SYS_exit_group => return None,
        libc::SYS_read => "read",
        libc::SYS_write => "write",
        libc::SYS_recvfrom => "recvfrom",
        libc::SYS_sendto => "sendto",
        libc::SYS_recvmsg => "recvmsg",
        libc::SYS_sendmsg => "sendmsg",
        libc::SYS_readv => "readv",
        libc::SYS_writev => "writev",
        libc::SYS_accept => "accept",
        libc::SYS_accept4 => "accept4",
        #[cfg(target_arch = "x86_64")]
        libc::SYS_open => "open",
        libc::SYS_openat => "openat",
        libc::SYS_openat2 => "openat2",
        libc::SYS_connect => "connect",
        #[cfg(target_arch = "x86_64")]
        libc::SYS_poll => "poll",
        // Where the kernel has no poll, the C library makes one of it.
        libc::SYS_ppoll => "poll",
        #[cfg(target_arch = "x86_64")]
        libc::SYS_select => "select",
        #[cfg(target_arch = "x86_64")]
        libc::SYS_epoll_wait => "epoll_wait",
        libc::SYS_epoll_pwait => "epoll_wait",
        libc::SYS_futex => "futex",
        libc::SYS_wait4 => "wait4",
        libc::SYS_nanosleep => "nanosleep",
        libc::SYS_clock_nanosleep => "clock_nanosleep",
        _ => return Some(format!("system call {number}")),
    };
    Some(format!("{name}()"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_words_of_this_machine() {
        let word = u32::from_ne_bytes([127, 0, 0, 9]);
        let address = parse_address(&format!("{word:08X}:1F90"));
        assert_eq!(address, "127.0.0.9:8080".parse().ok());
        let last = u32::from_ne_bytes([0, 0, 0, 1]);
        let text = format!("{:024}{last:08X}:0050", 0);
        assert_eq!(parse_address(&text), "[::1]:80".parse().ok());
    }

    #[test]
    fn our_own_thread_is_found_running() {
        let pid = i32::try_from(std::process::id()).unwrap_or_default();
        assert!(threads(pid).iter().any(|thread| thread.state == 'R'));
        assert!(tree(pid).contains(&pid));
    }
}
