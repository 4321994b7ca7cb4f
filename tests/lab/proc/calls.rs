//! The system calls in which a process sleeps.

use std::fs;
use std::path::Path;

use super::list;

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
        libc::SYS_sendfile => "sendfile",
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
