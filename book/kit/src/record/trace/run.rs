//! Runs a step under strace, in a session that plays the other side.

use std::fs;
use std::io::{self, PipeReader, PipeWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use nix::fcntl::{self, FcntlArg, OFlag};
use nix::sys::signal::Signal;

use crate::project;
use crate::record::cargo::Built;
use crate::record::ports::Ports;
use crate::record::process::{self, Running};
use crate::record::session::{self, Key, Kind, Program, Script, Stage, What};

/// Strings longer than this many bytes are cut, with `...` behind them.
const STRINGS: &str = "96";

/// What strace wrote about one task: its number and the text.
pub type TaskFile = (u32, String);

/// Traces `program` through the script and returns strace's files.
///
/// The step is what is started by `&` and is no `nc`.
pub fn run(
    script: &Script,
    program: &Path,
    ports: &Ports,
) -> Result<Vec<TaskFile>> {
    let terminal = step_terminal(script).context("no step is started")?;
    ensure!(
        of_step(script)
            .any(|what| matches!(what, What::Finish | What::Interrupt)),
        "the script does not end the step: it wants NAME^C or NAME."
    );
    let folder = tempfile::tempdir()?;
    let mut stage = Stage::new(&Built::new())?;
    stage.tracer = Some(Tracer {
        terminal: terminal.to_string(),
        program: program.canonicalize()?,
        typed: of_step(script)
            .any(|it| matches!(it, What::Type { .. } | What::EndInput)),
        files: folder.path().join("task"),
    });
    for line in session::record(script, &stage, ports)? {
        if line.kind == Kind::Status {
            bail!("{} ended with {}", line.terminal, line.text);
        }
    }
    task_files(folder.path())
}

/// Whether the script ends the step by Ctrl-C.
pub fn is_interrupted(script: &Script) -> bool {
    of_step(script).any(|what| *what == What::Interrupt)
}

/// What happens in the terminal of the step.
fn of_step(script: &Script) -> impl Iterator<Item = &What> {
    let step = step_terminal(script);
    let own = script.acts.iter().map(|(_, act)| act);
    let own = own.filter(move |act| Some(&*act.terminal) == step);
    own.map(|act| &act.what)
}

/// The name of the terminal in which the step runs.
fn step_terminal(script: &Script) -> Option<&str> {
    script.acts.iter().find_map(|(_, act)| match &act.what {
        What::Start(command) if !command.starts_with("nc ") => {
            Some(&*act.terminal)
        }
        _ => None,
    })
}

/// How the step of a script is started.
pub struct Tracer {
    /// The terminal in which the script starts it.
    pub terminal: String,
    program: PathBuf,
    /// Whether something is typed for it.
    typed: bool,
    /// What the names of strace's files begin with.
    files: PathBuf,
}

impl Tracer {
    /// Starts the step: the command's first word, or cargo's with its `--`,
    /// stands for it.
    pub fn start(&self, command: &str) -> Result<Traced> {
        let end = if command.starts_with("cargo ") { " -- " } else { " " };
        let own = command.split_once(end).map_or("", |(_, own)| own);
        let strace = process::tool("strace").context("strace is missing")?;
        let mut command = Command::new(strace);
        // -I 2: let it end, and the step with it, should the recorder die.
        command.args(["-I", "2", "-ff", "-yy", "-k", "-s", STRINGS, "-o"]);
        command
            .arg(&self.files)
            .arg(&self.program)
            .args(own.split_whitespace());
        let (output, theirs) = io::pipe()?;
        command.stdout(theirs.try_clone()?).stderr(theirs);
        command.stdin(Stdio::null());
        let mut input = None;
        if self.typed {
            let (theirs, ours) = io::pipe()?;
            command.stdin(theirs);
            input = Some(ours);
        }
        fcntl::fcntl(&output, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        // Its ends of the pipes are the step's alone when `command` is gone.
        let running = Running::start(&mut command)?;
        let program = self.program.clone();
        Ok(Traced { running, program, output, input })
    }
}

/// A step under strace, between pipes.
pub struct Traced {
    running: Running,
    program: PathBuf,
    output: PipeReader,
    input: Option<PipeWriter>,
}

impl Program for Traced {
    fn running(&mut self) -> Option<&mut Running> {
        Some(&mut self.running)
    }

    fn read(&mut self, printed: &mut Vec<u8>) -> bool {
        process::read(&mut self.output, printed)
    }

    fn type_text(&mut self, text: &str) -> Result<()> {
        let input = self.input.as_mut().context("input has ended")?;
        Ok(input.write_all(text.as_bytes())?)
    }

    /// Ctrl-C is for the step itself: strace is the leader of the session.
    fn press(&mut self, key: Key) -> Result<()> {
        match key {
            Key::EndInput => self.input = None,
            Key::Interrupt => {
                let mut members = process::members(&[self.running.session()]);
                members.sort_unstable();
                let mut members = members.into_iter();
                let step = members.find(|pid| {
                    fs::read_link(format!("/proc/{pid}/exe"))
                        .is_ok_and(|exe| exe == self.program)
                });
                let step = step.context("the step has ended")?;
                process::kill(step, Signal::SIGINT);
            }
        }
        Ok(())
    }
}

fn task_files(folder: &Path) -> Result<Vec<TaskFile>> {
    let read = |file: PathBuf| {
        let number = file.extension().and_then(|it| it.to_str()?.parse().ok());
        let text = fs::read(folder.join(&file))?;
        let text = String::from_utf8_lossy(&text).into_owned();
        Ok((number.context("no file of a task")?, text))
    };
    project::files(folder, "")?.into_iter().map(read).collect()
}
