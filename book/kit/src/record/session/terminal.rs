//! A terminal with one program in it, and what the recorder sees of it.
//!
//! A real one, by `pty(7)`: programs print in lines as they do for a person,
//! standard error comes in its place among the output, Ctrl-C and Ctrl-D are
//! keys. It neither echoes what is typed nor turns line ends into two bytes.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Command, ExitStatus};

use anyhow::Context;
use nix::fcntl::{self, FcntlArg, OFlag};
use nix::poll::{self, PollFd, PollFlags, PollTimeout};
use nix::pty::{self, OpenptyResult, Winsize};
use nix::sys::termios::{self, InputFlags, LocalFlags, OutputFlags, SetArg};

use crate::Result;
use crate::record::ports::Ports;
use crate::record::process::{self, Running};

/// What a terminal sends for a key.
#[derive(Debug, Clone, Copy)]
pub enum Key {
    /// Ctrl-C.
    Interrupt = 3,
    /// Ctrl-D.
    EndInput = 4,
}

/// What a script starts; dropping it ends it.
pub trait Program {
    /// Its processes, if it has any.
    fn running(&mut self) -> Option<&mut Running>;

    /// Whether and how it has ended.
    fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.running().map_or(Ok(None), Running::ended)
    }

    /// Adds what it has printed; says whether there was anything.
    fn read(&mut self, printed: &mut Vec<u8>) -> bool;

    /// Types a text.
    fn type_text(&mut self, text: &str) -> Result<()>;

    /// Presses a key.
    fn press(&mut self, key: Key) -> Result<()>;
}

/// A program in a terminal.
pub struct Terminal {
    running: Running,
    /// Our side: the keyboard and the screen.
    screen: File,
    /// The program's side, kept open so that nothing printed gets lost when
    /// the program ends.
    line: OwnedFd,
}

impl Terminal {
    /// Opens a terminal of 80 columns and starts the program in it.
    pub fn start(mut command: Command) -> Result<Terminal> {
        let size =
            Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        let OpenptyResult { master, slave } = pty::openpty(&size, None)?;
        let mut settings = termios::tcgetattr(&slave)?;
        settings.local_flags.remove(LocalFlags::ECHO);
        // What is typed arrives as it is, `\r` too.
        settings.input_flags.remove(InputFlags::ICRNL);
        settings.output_flags.remove(OutputFlags::OPOST);
        termios::tcsetattr(&slave, SetArg::TCSANOW, &settings)?;
        fcntl::fcntl(&master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;

        command
            .stdin(slave.try_clone()?)
            .stdout(slave.try_clone()?)
            .stderr(slave.try_clone()?);
        let running = Running::start(&mut command)?;
        Ok(Terminal { running, screen: File::from(master), line: slave })
    }

    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.screen.write_all(bytes)?;
        // The kernel passes keys on when it finds the time. Asking at the
        // program's end makes it do so now, so that rest is rest.
        let mut ends = [PollFd::new(self.line.as_fd(), PollFlags::POLLIN)];
        poll::poll(&mut ends, PollTimeout::ZERO)?;
        Ok(())
    }
}

impl Program for Terminal {
    fn running(&mut self) -> Option<&mut Running> {
        Some(&mut self.running)
    }

    fn read(&mut self, printed: &mut Vec<u8>) -> bool {
        process::read(&mut self.screen, printed)
    }

    /// Ctrl-D behind the beginning of a line passes that on.
    fn type_text(&mut self, text: &str) -> Result<()> {
        self.send(text.as_bytes())?;
        match text.ends_with('\n') {
            true => Ok(()),
            false => self.press(Key::EndInput),
        }
    }

    fn press(&mut self, key: Key) -> Result<()> {
        self.send(&[key as u8])
    }
}

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

/// The lines that a terminal shows of these bytes: a tab goes to the next
/// column of eight, other control characters and what is no UTF-8 are escaped.
pub fn printable(bytes: &[u8]) -> Vec<String> {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        let invalid = chunk.invalid().iter();
        text.extend(invalid.map(|byte| format!("\\x{byte:02x}")));
    }
    // HTTP ends its lines with `\r`, too, which lines() knows.
    let lines = text.lines().map(|line| {
        let mut shown = String::new();
        for letter in line.chars() {
            match letter {
                '\t' => {
                    let width = 8 - shown.chars().count() % 8;
                    shown.extend(std::iter::repeat_n(' ', width));
                }
                letter if letter.is_control() => {
                    shown.extend(letter.escape_default());
                }
                letter => shown.push(letter),
            }
        }
        shown
    });
    lines.collect()
}
