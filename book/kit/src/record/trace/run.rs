//! Runs a step under strace and plays the other side of its script.

use std::fs;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::fcntl::{self, FcntlArg, OFlag};
use nix::sys::signal::Signal;

use super::peer::Peer;
use crate::record::ports::Ports;
use crate::record::process::{self, Running};
use crate::record::quiet;
use crate::record::session::{Act, Script, What};

/// How long the script waits for anything before it fails.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Strings longer than this many bytes are cut, with `...` behind them.
const STRINGS: &str = "96";

/// What strace wrote about one task: its number and the text.
pub type TaskFile = (u32, String);

/// Traces `program` through the script and returns strace's files.
///
/// The terminal whose command is `nc` is not one: it is a connection of the
/// recorder's own, which a `nc` would make no other. `$` runs a command beside
/// the step; what is left, started by `&`, is the step.
pub fn run(
    script: &Script,
    program: &Path,
    ports: &Ports,
) -> Result<Vec<TaskFile>> {
    let folder = tempfile::tempdir()?;
    let mut scene = Scene::new(script, program, ports, folder.path());
    for (index, (line, act)) in script.acts.iter().enumerate() {
        let next = script.acts.get(index + 1).map(|(_, act)| act);
        let result = scene.act(act).and_then(|()| {
            // A step that waits for the other side's end may have a limit for
            // it, and sees the same end if that comes at once.
            match next {
                Some(next) if scene.closes(next) => Ok(()),
                _ => scene.rest(),
            }
        });
        result.with_context(|| {
            let printed = String::from_utf8_lossy(&scene.printed);
            format!("line {line}; the step printed {printed:?}")
        })?;
    }
    let ended = scene.running.as_mut().is_some_and(|running| {
        running.ended().is_ok_and(|status| status.is_some())
    });
    ensure!(
        ended,
        "the script does not end the step: it wants NAME^C or NAME."
    );
    drop(scene);
    files(folder.path())
}

/// Whether the script ends the step by Ctrl-C.
pub fn is_interrupted(script: &Script) -> bool {
    let step = step_terminal(script);
    script.acts.iter().any(|(_, act)| {
        Some(&*act.terminal) == step && act.what == What::Interrupt
    })
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

/// The step, what it has printed, and the other side.
struct Scene<'a> {
    script: &'a Script,
    program: &'a Path,
    ports: &'a Ports,
    folder: &'a Path,
    running: Option<Running>,
    output: Option<PipeReader>,
    printed: Vec<u8>,
    input: Option<PipeWriter>,
    peer: Peer,
}

impl<'a> Scene<'a> {
    fn new(
        script: &'a Script,
        program: &'a Path,
        ports: &'a Ports,
        folder: &'a Path,
    ) -> Scene<'a> {
        Scene {
            script,
            program,
            ports,
            folder,
            running: None,
            output: None,
            printed: Vec::new(),
            input: None,
            peer: Peer::default(),
        }
    }

    fn is_step(&self, act: &Act) -> bool {
        step_terminal(self.script) == Some(&*act.terminal)
    }

    /// Whether the act is the end of the connection.
    fn closes(&self, act: &Act) -> bool {
        !self.is_step(act) && matches!(act.what, What::Finish | What::Interrupt)
    }

    fn act(&mut self, act: &Act) -> Result<()> {
        match &act.what {
            What::Run(command) => run_beside(&self.ports.reveal(command)),
            _ if self.is_step(act) => self.act_of_step(&act.what),
            what => self.peer.act(what, self.ports.real(8080)),
        }
    }

    fn act_of_step(&mut self, what: &What) -> Result<()> {
        match what {
            What::Start(command) => self.start(command),
            What::Wait(text) => self.await_output(text),
            What::Type(text) => self.type_text(&format!("{text}\n")),
            What::Send(text) => self.type_text(text),
            What::EndInput => {
                self.input = None;
                Ok(())
            }
            What::Interrupt => {
                let pid = self.traced().context("the step has ended")?;
                process::kill(pid, Signal::SIGINT);
                self.end(true)
            }
            What::Finish => self.end(false),
            What::Run(_) => bail!("the step is started by `&`"),
        }
    }

    /// Starts the step: the command's first word, or cargo's with its `--`,
    /// stands for it.
    fn start(&mut self, command: &str) -> Result<()> {
        let mut words: Vec<&str> = command.split_whitespace().collect();
        let is_cargo = words.first() == Some(&"cargo");
        let own = match words.iter().position(|word| *word == "--") {
            Some(at) if is_cargo => at + 1,
            None if is_cargo => words.len(),
            _ => 1,
        };
        words.drain(..own);
        let strace = process::tool("strace").context("strace is missing")?;
        let mut command = Command::new(strace);
        // -I 2: let it end, and the step with it, should the recorder die.
        command.args(["-I", "2", "-ff", "-yy", "-k", "-s", STRINGS, "-o"]);
        command.arg(self.folder.join("task")).arg(self.program);
        command.args(words.iter().map(|text| self.ports.reveal(text)));

        let (output, theirs) = io::pipe()?;
        command.stdout(theirs.try_clone()?).stderr(theirs);
        command.stdin(Stdio::null());
        let typed = self.script.acts.iter().any(|(_, act)| {
            let types = matches!(
                act.what,
                What::Type(_) | What::Send(_) | What::EndInput
            );
            types && self.is_step(act)
        });
        if typed {
            let (theirs, input) = io::pipe()?;
            command.stdin(theirs);
            self.input = Some(input);
        }
        fcntl::fcntl(&output, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        self.output = Some(output);
        // Its ends of the pipes are the step's alone when `command` is gone.
        self.running = Some(Running::start(&mut command)?);
        Ok(())
    }

    fn running(&mut self) -> Result<&mut Running> {
        self.running.as_mut().context("the step has not been started")
    }

    fn type_text(&mut self, text: &str) -> Result<()> {
        let input = self.input.as_mut().context("input has ended")?;
        Ok(input.write_all(text.as_bytes())?)
    }

    /// Reads what the step has printed; says whether there was anything.
    fn listen(&mut self) -> bool {
        let mut buffer = [0; 4096];
        let mut any = false;
        let Some(output) = &mut self.output else { return false };
        while let Ok(count @ 1..) = output.read(&mut buffer) {
            self.printed.extend_from_slice(&buffer[..count]);
            any = true;
        }
        any
    }

    fn await_output(&mut self, text: &str) -> Result<()> {
        patiently(|| {
            let ended = self.running()?.ended()?;
            self.listen();
            let printed = String::from_utf8_lossy(&self.printed);
            let found = self.ports.hide(&printed).contains(text);
            ensure!(found || ended.is_none(), "the step has ended");
            Ok(found.then_some(()))
        })
    }

    /// Waits until the step sleeps in a call and nothing is on its way.
    fn rest(&mut self) -> Result<()> {
        let Some(running) = &self.running else { return Ok(()) };
        let session = [running.session()];
        let rests = quiet::wait(&session, PATIENCE, || self.listen());
        ensure!(rests, "the step does not come to rest");
        Ok(())
    }

    fn end(&mut self, interrupted: bool) -> Result<()> {
        let status = patiently(|| {
            self.listen();
            self.running()?.ended()
        })
        .context("the end of the step")?;
        let failure = process::failure(status);
        if let Some(failure) = failure
            && !(interrupted && failure == "killed by SIGINT")
        {
            bail!("the step ended with {failure}");
        }
        Ok(())
    }

    /// The step itself: strace is the leader of the session, not it.
    fn traced(&self) -> Option<u32> {
        let program = self.program.canonicalize().ok()?;
        let mut members = process::members(&[self.running.as_ref()?.session()]);
        members.sort_unstable();
        members.into_iter().find(|pid| {
            fs::read_link(format!("/proc/{pid}/exe"))
                .is_ok_and(|exe| exe == program)
        })
    }
}

/// Asks again and again until there is an answer, or patience ends.
pub fn patiently<T>(mut ask: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        ensure!(start.elapsed() < PATIENCE, "waited {PATIENCE:?} in vain");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Runs a command beside the step, to its end.
fn run_beside(command: &str) -> Result<()> {
    let mut bash = Command::new("timeout");
    bash.arg(PATIENCE.as_secs().to_string()).args(["bash", "-c", command]);
    let output = bash.stdin(Stdio::null()).output()?;
    let words = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command}: {}: {words}", output.status);
    Ok(())
}

fn files(folder: &Path) -> Result<Vec<TaskFile>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let number = path.extension().and_then(|e| e.to_str()?.parse().ok());
        let text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
        files.push((number.context("no file of a task")?, text));
    }
    Ok(files)
}
