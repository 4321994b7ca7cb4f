//! What a program says, and what is said to it.

use std::io::{self, Write};
use std::process::ChildStdin;

use super::{Program, lock};
use crate::lab::output::Output;
use crate::lab::show;
use crate::lab::trouble::{Outcome, Trouble};

impl Program {
    /// What it has printed on standard output so far; if it has ended, all,
    /// though the last of it may still have been on its way.
    pub fn stdout(&self) -> Vec<u8> {
        match self.ended() {
            Some(_) => self.inner.stdout.whole(),
            None => self.inner.stdout.bytes(),
        }
    }

    /// Waits until `probe` finds `what` on its standard output.
    pub fn await_stdout<T>(
        &self,
        what: &str,
        probe: impl FnMut(&[u8]) -> Option<T>,
    ) -> Outcome<T> {
        self.find_in("stdout", &self.inner.stdout, what, probe)
    }

    /// Waits until it has complained in these words.
    pub fn expect_note(&self, words: &str) -> Outcome {
        self.expect_behind(words, "").map(drop)
    }

    /// The same; returns what is behind them, to the first of `end`.
    pub fn expect_behind(&self, words: &str, end: &str) -> Outcome<String> {
        let what = format!("the words `{words}`");
        self.find_in("stderr", &self.inner.stderr, &what, |bytes| {
            let text = String::from_utf8_lossy(bytes);
            let (_, behind) = text.split_once(words)?;
            behind.split_once(end).map(|it| it.0.to_string())
        })
    }

    fn find_in<T>(
        &self,
        name: &str,
        output: &Output,
        what: &str,
        probe: impl FnMut(&[u8]) -> Option<T>,
    ) -> Outcome<T> {
        output.find(&self.deadline(), probe).ok_or_else(|| {
            let got = format!("on {name} {}", show::bytes(&output.bytes()));
            self.failed(format!("on {name} {what}"), got)
        })
    }

    /// Waits until it has printed `line` on standard output.
    pub fn expect_line(&self, line: &str) -> Outcome {
        let what = format!("the line `{line}`");
        self.await_stdout(&what, |bytes| {
            let mut lines = bytes.split(|byte| *byte == b'\n');
            lines.any(|one| one == line.as_bytes()).then_some(())
        })?;
        self.log().event(format!("read `{line}` on its stdout"));
        Ok(())
    }

    /// Writes to its standard input.
    pub fn type_in(&self, bytes: &[u8]) -> Outcome {
        self.log().event(format!("type {}", show::bytes(bytes)));
        let result = match lock(&self.inner.stdin).as_mut() {
            Some(stdin) => stdin.write_all(bytes),
            None => Err(io::Error::other("no input is open")),
        };
        result.map_err(|error| {
            self.failed("it takes its input", error.to_string())
        })
    }

    /// Its standard input, to be written to in a thread.
    pub fn take_input(&self) -> Outcome<ChildStdin> {
        let input = lock(&self.inner.stdin).take();
        input.ok_or_else(|| Trouble::blocked("no input is open"))
    }

    /// Ends its standard input, as Ctrl-D does.
    pub fn end_input(&self) {
        self.log().event("end of input");
        *lock(&self.inner.stdin) = None;
    }
}
