//! Sending far more than a program can hold.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;

use nix::poll::PollFlags;

use super::{Client, End};
use crate::lab::quiet::{BETWEEN_LOOKS, Quiet};
use crate::lab::show;
use crate::lab::trouble::Outcome;

/// More does not fit into the buffers of two sockets.
const MOST_OF_A_FLOOD: usize = 24 << 20;

impl Client {
    /// Sends `bytes` again and again and reads nothing, until the program
    /// and the kernel take no more. Returns how much they took.
    pub fn flood(&mut self, bytes: &[u8]) -> Outcome<usize> {
        self.pour(&bytes.repeat(MOST_OF_A_FLOOD / bytes.len()))
    }

    /// Sends of `bytes` as much as the program and the kernel take, without
    /// reading, until nothing moves any more. Returns how much that is.
    pub fn pour(&mut self, bytes: &[u8]) -> Outcome<usize> {
        let mut taken = 0;
        let now = || (self.program.deadline(), Quiet::new(self.program.pid()));
        let (mut deadline, mut quiet) = now();
        loop {
            let written = match &bytes[taken..] {
                // Even nothing cannot be sent after the end of the stream.
                [] => Ok(0),
                rest => self.stream.write(rest),
            };
            match written {
                Ok(count) if count > 0 => {
                    taken += count;
                    (deadline, quiet) = now();
                    continue;
                }
                // Nothing is left to send.
                Ok(_) => std::thread::sleep(BETWEEN_LOOKS),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if self.await_event(PollFlags::POLLOUT)? {
                        continue;
                    }
                }
                Err(error) => {
                    let got = format!("sending failed: {error}");
                    return Err(self.failed("it goes on reading", got));
                }
            }
            if quiet.look(Some(self.stream.as_fd())) || deadline.is_over() {
                break;
            }
        }
        let all = bytes.len();
        self.event(match all {
            0 => "read nothing, until nothing moved".to_string(),
            _ => format!("sent {taken} of {all} bytes, read nothing"),
        });
        Ok(taken)
    }

    /// Reads nothing, until nothing moves any more.
    pub fn settle(&mut self) -> Outcome {
        self.pour(b"").map(drop)
    }

    /// Sends all of `bytes` and receives at the same time, whichever is
    /// possible. `eat` takes what has come off the buffer's front; true when
    /// there is no more to come.
    pub fn exchange(
        &mut self,
        bytes: &[u8],
        mut eat: impl FnMut(&mut Vec<u8>) -> Outcome<bool>,
    ) -> Outcome {
        let (mut rest, mut received, mut total) = (bytes, Vec::new(), 0);
        let mut chunk = vec![0; 256 * 1024];
        let mut wait = None;
        let end = loop {
            let mut events = PollFlags::POLLIN;
            if !rest.is_empty() {
                events |= PollFlags::POLLOUT;
                match self.stream.write(rest) {
                    Ok(count) => rest = &rest[count..],
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(_) => break End::Reset,
                }
            }
            match self.stream.read(&mut chunk) {
                Ok(0) => break End::Eof,
                Ok(count) => {
                    total += count;
                    received.extend_from_slice(&chunk[..count]);
                    if eat(&mut received)? {
                        break End::Enough;
                    }
                    wait = None;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if self.await_event(events)? {
                        continue;
                    }
                    if let Some(end) = self.await_more(&mut wait)? {
                        break end;
                    }
                }
                Err(_) => break End::Reset,
            }
        };
        let (words, sent) = (end.words(), bytes.len() - rest.len());
        self.event(format!("sent {sent} more bytes, received {total}{words}"));
        if end == End::Enough {
            return Ok(());
        }
        let got = format!("{}{words}", show::count(total));
        Err(self.failed("a response to everything", got))
    }
}
