//! Sending far more than a program can hold.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;

use super::wait::Wait;
use super::{Client, End};
use crate::lab::quiet::BETWEEN_LOOKS;
use crate::lab::show;
use crate::lab::trouble::Outcome;

impl Client {
    /// Sends of `bytes` as much as the program and the kernel take, without
    /// reading, until nothing moves any more. Returns how much that is.
    pub fn pour(&mut self, bytes: &[u8]) -> Outcome<usize> {
        let mut taken = 0;
        let mut wait = Wait::new(&self.program);
        loop {
            match self.stream.write(&bytes[taken..]) {
                Ok(count) if count > 0 => {
                    taken += count;
                    wait = Wait::new(&self.program);
                    continue;
                }
                // Nothing is left to send.
                Ok(_) => std::thread::sleep(BETWEEN_LOOKS),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if self.await_event(libc::POLLOUT)? {
                        continue;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    let got = format!("sending failed: {error}");
                    return Err(self.failed("it goes on", got));
                }
            }
            if wait.is_quiet(self.stream.as_fd()) || wait.deadline.is_over() {
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
            let mut events = libc::POLLIN;
            if !rest.is_empty() {
                events |= libc::POLLOUT;
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
