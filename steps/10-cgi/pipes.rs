//! The two pipes of a program, served at once.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use nix::errno::Errno;
use nix::libc;
use nix::poll::{self, PollFd, PollFlags, PollTimeout};
use nix::unistd;
use shared::cli;
use shared::http::status::{Refusal, Status};

use crate::program::Command;

/// More output is refused: it is kept in memory until the program has ended.
const MAX_OUTPUT: usize = 16 * 1024 * 1024;

/// Our ends of the pipes, and what has come out.
pub struct Pipes {
    /// The program's standard input, as long as there is more of it.
    pub stdin: Option<OwnedFd>,
    /// Its standard output, up to the end of it.
    pub stdout: Option<OwnedFd>,
    pub output: Vec<u8>,
}

/// A call has failed that says nothing of the program.
pub fn broken(errno: Errno) -> Refusal {
    cli::log(format_args!("cannot run it: {}", cli::strerror(errno)));
    let why = "the program cannot be run now";
    Refusal::new(Status::ServiceUnavailable, why)
}

/// The program has not done what it should.
pub fn bad(why: &'static str) -> Refusal {
    Refusal::new(Status::BadGateway, why)
}

impl Pipes {
    /// Feeds `content` to the program and returns its output, once `ended` can
    /// be read. The client is looked at, too: without it the output is of no
    /// use.
    ///
    /// # Errors
    /// 502 if the client has gone, or for too much output; 504 when the
    /// deadline has passed; 503 if the kernel fails.
    pub fn exchange(
        mut self,
        mut content: &[u8],
        ended: &OwnedFd,
        command: &Command,
    ) -> Result<Vec<u8>, Refusal> {
        loop {
            if content.is_empty() {
                // The program reads the end of its input.
                self.stdin = None;
            }
            let ready = match self.poll(ended, command) {
                Err(Errno::EINTR) => continue,
                Err(Errno::ETIMEDOUT) => {
                    let why = "the program took too long";
                    return Err(Refusal::new(Status::GatewayTimeout, why));
                }
                result => result.map_err(broken)?,
            };
            let [has_gone, has_ended, can_read, can_write] = ready;
            if has_gone {
                return Err(bad("the client has gone"));
            }
            if can_write {
                content = self.feed(content);
            }
            if can_read {
                self.take()?;
            }
            // What it has written before its end is in the pipe. An end of
            // that we do not wait for: what it has started may have it, too.
            if has_ended && !can_read {
                return Ok(self.output);
            }
        }
    }

    /// Waits until there is something to do, or the deadline has passed. Says
    /// whether the client has gone, the program has ended, and its output and
    /// its input are ready.
    fn poll(
        &self,
        ended: &OwnedFd,
        command: &Command,
    ) -> nix::Result<[bool; 4]> {
        let (read, write) = (PollFlags::POLLIN, PollFlags::POLLOUT);
        // Nothing is wanted of the client. That its connection was reset is
        // told all the same.
        let client = PollFd::new(command.client, PollFlags::empty());
        let mut fds = vec![client, PollFd::new(ended.as_fd(), read)];
        let (stdout, stdin) = (&self.stdout, &self.stdin);
        fds.extend(stdout.iter().map(|fd| PollFd::new(fd.as_fd(), read)));
        fds.extend(stdin.iter().map(|fd| PollFd::new(fd.as_fd(), write)));
        let left = command.deadline.saturating_duration_since(Instant::now());
        let left = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        // Ask to sleep until one of these descriptors is ready. It fails if
        // there is no memory for their list.
        if poll::poll(&mut fds, left)? == 0 {
            return Err(Errno::ETIMEDOUT);
        }
        let mut told = fds.iter().map(|fd| fd.any().unwrap_or(false));
        let all = [true, true, stdout.is_some(), stdin.is_some()];
        Ok(all.map(|is_asked| is_asked && told.next().unwrap_or(false)))
    }

    /// Writes a piece of `content`; returns the rest.
    fn feed<'c>(&mut self, content: &'c [u8]) -> &'c [u8] {
        let Some(stdin) = &self.stdin else { return b"" };
        // poll(2) promises room for so many bytes. A longer write would wait
        // for more, while the program waits for us to read.
        let piece = &content[..content.len().min(libc::PIPE_BUF)];
        match unistd::write(stdin, piece) {
            Ok(count) => &content[count..],
            Err(Errno::EINTR | Errno::EAGAIN) => content,
            // EPIPE: it has closed its input, as it may.
            Err(_) => b"",
        }
    }

    /// Reads a piece of the output, which is there.
    fn take(&mut self) -> Result<(), Refusal> {
        let Some(stdout) = &self.stdout else { return Ok(()) };
        let mut piece = [0; 64 * 1024];
        match unistd::read(stdout, &mut piece) {
            Err(Errno::EINTR) => {}
            Ok(0) | Err(_) => self.stdout = None,
            Ok(count) => self.output.extend_from_slice(&piece[..count]),
        }
        match self.output.len() {
            0..=MAX_OUTPUT => Ok(()),
            _ => Err(bad("the program wrote too much")),
        }
    }
}
