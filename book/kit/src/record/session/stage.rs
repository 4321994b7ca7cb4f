//! Where a session plays: a folder of its own, with programs at hand.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::Context;

use super::script::{Act, What};
use super::terminal::{Program, Terminal};
use crate::Result;
use crate::record::cargo::Built;
use crate::record::ports::Ports;
use crate::record::process;
use crate::record::trace::{Peer, Tracer};

/// The library that `cargo ex shim` preloads, among the programs.
const LIBRARY: &str = "shim.so";

/// Where commands are looked for, after the steps.
const SYSTEM_PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";

/// What the reader types as `cargo run --bin step01 -- …`, without cargo's own
/// words: the step is built. One that is given no address takes the port that
/// stands for its default. `cargo ex shim SETTINGS -- COMMAND` preloads the
/// library into the step alone.
///
/// A file of the source and not one that is written for each stage: a program
/// that another thread starts would hold the new file open for a moment, and
/// exec of a file that is open for writing fails with ETXTBSY.
const CARGO: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/src/record/session/cargo");

/// Files that a step serves where the reader stands: in the repository.
const STEPS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../steps");

/// The folder in which a session plays, and how long it may.
pub struct Stage {
    folder: tempfile::TempDir,
    /// How long a text may let itself be waited for.
    pub patience: Duration,
    /// How long a program may take to its end.
    pub longest: Duration,
    /// What starts the step, if it is traced.
    pub tracer: Option<Tracer>,
}

impl Stage {
    /// Sets up the folder: programs in the search path, files at hand.
    pub fn new(built: &Built) -> Result<Stage> {
        let folder = tempfile::tempdir()?;
        let (bin, work) =
            (folder.path().join("bin"), folder.path().join("work"));
        fs::create_dir(&bin)?;
        fs::create_dir(&work)?;
        // Where a reader finds a step to trace.
        let target = work.join("target/debug");
        for (name, file) in built {
            let name = match file.extension().and_then(OsStr::to_str) {
                Some("rs") => {
                    symlink(file, work.join(name))?;
                    continue;
                }
                Some("so") => LIBRARY,
                _ => name,
            };
            if name.starts_with("release/") {
                fs::create_dir_all(work.join("target/release"))?;
                symlink(file, work.join("target").join(name))?;
                continue;
            }
            fs::create_dir_all(&target)?;
            symlink(file, bin.join(name))?;
            symlink(file, target.join(name))?;
        }
        if target.exists() {
            symlink(STEPS, work.join("steps"))?;
        }
        symlink(CARGO, bin.join("cargo"))?;
        let patience = Duration::from_secs(10);
        let longest = Duration::from_secs(60);
        Ok(Stage { folder, patience, longest, tracer: None })
    }

    /// Starts a command in the terminal of that name. Where a step is traced
    /// a `nc` is the recorder's own connection.
    pub fn start(
        &self,
        terminal: &str,
        command: &str,
        ports: &Ports,
    ) -> Result<Box<dyn Program>> {
        let (port, revealed) = (ports.real(8080), ports.reveal(command));
        Ok(match &self.tracer {
            Some(tracer) if tracer.terminal == terminal => {
                Box::new(tracer.start(&revealed)?)
            }
            Some(_) if command.starts_with("nc ") => {
                Box::new(Peer::start(command, port)?)
            }
            _ => Box::new(Terminal::start(self.shell(&revealed, port)?)?),
        })
    }

    /// Whether this act comes at once after the one before it. A traced step
    /// that waits for the other side's end may have a limit for it, and sees
    /// the same end if that comes at once.
    pub fn hurries(&self, act: &Act) -> bool {
        let closes = matches!(act.what, What::Finish | What::Interrupt);
        let tracer = self.tracer.as_ref().filter(|_| closes);
        tracer.is_some_and(|tracer| tracer.terminal != act.terminal)
    }

    /// A shell that runs `command` there; `port` stands for 8080.
    fn shell(&self, command: &str, port: u16) -> Result<Command> {
        let bash = process::tool("bash").context("bash is missing")?;
        let folder = self.folder.path();
        let mut shell = Command::new(bash);
        shell.args(["-c", command]).current_dir(folder.join("work"));
        let path = format!("{}:{SYSTEM_PATH}", folder.join("bin").display());
        shell.env("PATH", path).env("LC_ALL", "C");
        shell.env("HOME", folder.join("work")).env("PORT", port.to_string());
        shell.env("LIBRARY", folder.join("bin").join(LIBRARY));
        Ok(shell)
    }

    /// The folder, in which the commands run.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("work")
    }
}
