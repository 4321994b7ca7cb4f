//! A terminal as the recorder sees it: what has been printed there, and how
//! its programs end.

use std::process::ExitStatus;

use anyhow::Context;

use super::terminal::Program;
use crate::Result;
use crate::record::ports::Ports;
use crate::record::process;

/// A terminal by its name, through all programs that run in it.
#[derive(Default)]
pub struct Screen {
    pub name: String,
    pub program: Option<Box<dyn Program>>,
    /// Printed, but not yet put among the lines.
    pub pending: Vec<u8>,
    /// Printed since the last text that was waited for.
    pub unseen: Vec<u8>,
}

impl Screen {
    /// Reads what its program has printed; says whether there was any.
    pub fn read(&mut self) -> bool {
        let Some(program) = &mut self.program else { return false };
        let from = self.pending.len();
        let any = program.read(&mut self.pending);
        self.unseen.extend_from_slice(&self.pending[from..]);
        any
    }

    /// The program that must run there.
    pub fn program(&mut self) -> Result<&mut Box<dyn Program>> {
        self.program.as_mut().context("no program runs there")
    }

    /// If `text` has been printed, whether its line is not yet at its end: a
    /// prompt is shown as far as it goes, since it was waited for. Else what
    /// has been printed.
    pub fn find(&mut self, text: &str, ports: &Ports) -> Result<bool, String> {
        let seen = ports.hide(&String::from_utf8_lossy(&self.unseen));
        let Some(found) = seen.find(text) else { return Err(seen) };
        self.unseen = seen[found + text.len()..].into();
        Ok(!seen[found..].contains('\n'))
    }

    /// Takes what is to be shown now. A line that is not yet at its end waits,
    /// unless `partial`, while its program runs.
    pub fn take(&mut self, partial: bool) -> Vec<u8> {
        let end = self.pending.iter().rposition(|byte| *byte == b'\n');
        let count = match end {
            _ if partial || self.program.is_none() => self.pending.len(),
            Some(end) => end + 1,
            None => 0,
        };
        self.pending.drain(..count).collect()
    }
}

/// How a program ended, if the reader is to hear of it: that Ctrl-C has
/// ended it goes without saying.
pub fn said(status: ExitStatus, interrupted: bool) -> Option<String> {
    let failure = process::failure(status)?;
    let by_us = interrupted
        && (failure == "killed by SIGINT" || failure == "exit status 130");
    (!by_us).then_some(failure)
}
