use std::env;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

// From the C library, as in step 01: std has no poll.
unsafe extern "C" {
    fn poll(list: *mut PollFd, count: usize, timeout: i32) -> i32;
}

#[repr(C)]
struct PollFd {
    fd: i32,
    events: i16,
    revents: i16,
}

fn main() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let events = match env::args().nth(1).as_deref() {
        Some("POLLOUT") => 4,
        _ => 1, // POLLIN
    };
    if env::args().nth(2).as_deref() == Some("unread") {
        theirs.write_all(b"hello\n").unwrap();
    }
    let mut list = [PollFd { fd: ours.as_raw_fd(), events, revents: 0 }];
    let (start, mut calls) = (Instant::now(), 0);
    while start.elapsed() < Duration::from_secs(1) {
        // SAFETY: the list lives, and has one entry.
        unsafe { poll(list.as_mut_ptr(), 1, 1000) };
        calls += 1;
    }
    println!("{calls} calls of poll");
}
