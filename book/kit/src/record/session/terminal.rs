//! A terminal with one program in it.
//!
//! A real one, by `pty(7)`: programs print in lines as they do for a person,
//! standard error comes in its place among the output, Ctrl-C and Ctrl-D are
//! keys. It neither echoes what is typed nor turns line ends into two bytes.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Command, ExitStatus};

use nix::fcntl::{self, FcntlArg, OFlag};
use nix::poll::{self, PollFd, PollFlags, PollTimeout};
use nix::pty::{self, OpenptyResult, Winsize};
use nix::sys::termios::{self, InputFlags, LocalFlags, OutputFlags, SetArg};

use crate::Result;
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
