//! Enters in step 24: standard input, as one more thing that can be ready.

use std::io;
use std::os::fd::AsFd;

use crate::kind::Kind;
use crate::text::{Lines, Unfit};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags};
use nix::unistd;
use shared::cli::Failure;

/// What is typed, or comes from a pipe or a file.
pub struct Input {
    lines: Lines,
    state: State,
    /// Somebody can be told what it says.
    is_wanted: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// The kernel looks for it.
    Watched,
    /// It does not.
    Unwatched,
    /// A file: epoll(7) refuses those, because they are always ready.
    AlwaysReady,
    Ended,
}

impl Input {
    /// Standard input, of which an event says `data`. Its descriptor stays as
    /// it is: other programs may use the same terminal, and would be surprised
    /// if it did not wait any more.
    ///
    /// # Errors
    /// Those of epoll_ctl(2), but not that it is a file.
    pub fn new(epoll: &Epoll, data: u64) -> Result<Self, Failure> {
        let state = match add(epoll, data) {
            Ok(()) => State::Watched,
            Err(Errno::EPERM) => State::AlwaysReady,
            Err(errno) => {
                return Err(Failure::new("cannot read standard input", errno));
            }
        };
        let lines = Lines::new(Kind::Line.max_length());
        Ok(Input { lines, state, is_wanted: true })
    }

    /// Whether it can be read whenever that is wanted.
    pub fn is_always_ready(&self) -> bool {
        self.state == State::AlwaysReady && self.is_wanted
    }

    /// Reads once: that does not wait, since there is something. The lines
    /// that have ended.
    pub fn read(&mut self, epoll: &Epoll) -> Vec<Result<String, Unfit>> {
        if self.state == State::Ended {
            return Vec::new();
        }
        let mut buffer = [0; 4096];
        match unistd::read(io::stdin(), &mut buffer) {
            Err(Errno::EINTR | Errno::EAGAIN) => Vec::new(),
            // The end: of a file, by Ctrl-D; or the terminal is another
            // program's now (`EIO`). The node goes on.
            Ok(0) | Err(_) => {
                self.close(epoll);
                self.lines.end().into_iter().collect()
            }
            Ok(count) => self.lines.cut(&buffer[..count]),
        }
    }

    /// Has the kernel look for it, or not.
    pub fn watch(&mut self, is_wanted: bool, epoll: &Epoll, data: u64) {
        self.is_wanted = is_wanted;
        match (self.state, is_wanted) {
            (State::Watched, false) => {
                // It fails only for what is not on the list.
                let _ = epoll.delete(io::stdin());
                self.state = State::Unwatched;
            }
            // Without memory for it, it is tried again in the next round.
            (State::Unwatched, true) if add(epoll, data).is_ok() => {
                self.state = State::Watched;
            }
            _ => {}
        }
    }

    /// Nothing more is read.
    pub fn close(&mut self, epoll: &Epoll) {
        if self.state == State::Watched {
            // As above.
            let _ = epoll.delete(io::stdin());
        }
        self.state = State::Ended;
    }
}

fn add(epoll: &Epoll, data: u64) -> nix::Result<()> {
    let event = EpollEvent::new(EpollFlags::EPOLLIN, data);
    epoll.add(io::stdin().as_fd(), event)
}
