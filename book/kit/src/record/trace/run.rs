//! Runs a step under strace and plays the other side of its script.

use std::fs;
use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::fcntl::{self, FcntlArg, OFlag};
use nix::sys::signal::Signal;

use super::script::{Act, End, Script};
use crate::record::ports::Ports;
use crate::record::process::{self, Running};
use crate::record::quiet;

/// How long the script waits for anything before it fails.
const PATIENCE: Duration = Duration::from_secs(10);

/// Strings longer than this many bytes are cut, with `...` behind them.
const STRINGS: &str = "96";

/// What strace wrote about one task: its number and the text.
pub type TaskFile = (u32, String);

/// Traces `program` through the script and returns strace's files.
pub fn run(
    script: &Script,
    program: &Path,
    ports: &Ports,
) -> Result<Vec<TaskFile>> {
    let folder = tempfile::tempdir()?;
    let mut scene = Scene::set(script, program, ports, folder.path())?;
    scene.rest()?;
    for (index, act) in script.acts.iter().enumerate() {
        let result = scene.act(act).and_then(|()| {
            // A step that waits for the other side's end may have a limit for
            // it, and sees the same end if that comes at once.
            match script.acts.get(index + 1) {
                Some(Act::Close) => Ok(()),
                _ => scene.rest(),
            }
        });
        result.with_context(|| {
            let printed = String::from_utf8_lossy(&scene.printed);
            format!("act {} ({act:?}); the step printed {printed:?}", index + 1)
        })?;
    }
    scene.end(script.end)?;
    drop(scene);
    files(folder.path())
}

/// The step, what it has printed, and the other side.
struct Scene<'a> {
    running: Running,
    program: &'a Path,
    ports: &'a Ports,
    output: PipeReader,
    printed: Vec<u8>,
    input: Option<PipeWriter>,
    listener: Option<TcpListener>,
    connection: Option<TcpStream>,
}

impl<'a> Scene<'a> {
    fn set(
        script: &Script,
        program: &'a Path,
        ports: &'a Ports,
        folder: &Path,
    ) -> Result<Scene<'a>> {
        let address = ("127.0.0.1", ports.real(8080));
        let listener = match script.listens() {
            true => Some(TcpListener::bind(address)?),
            false => None,
        };
        let strace = process::tool("strace").context("strace is missing")?;
        let mut command = Command::new(strace);
        // -I 2: let it end, and the step with it, should the recorder die.
        command.args(["-I", "2", "-ff", "-yy", "-k", "-s", STRINGS, "-o"]);
        command.arg(folder.join("task")).arg(program);
        command.args(script.arguments.iter().map(|text| ports.reveal(text)));

        let (output, theirs) = io::pipe()?;
        command.stdout(theirs.try_clone()?).stderr(theirs);
        let input = if script.types() {
            let (theirs, input) = io::pipe()?;
            command.stdin(theirs);
            Some(input)
        } else {
            command.stdin(Stdio::null());
            None
        };
        let running = Running::start(&mut command)?;
        // Its ends of the pipes are the step's alone from here on.
        drop(command);
        fcntl::fcntl(&output, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        Ok(Scene {
            running,
            program,
            ports,
            output,
            printed: Vec::new(),
            input,
            listener,
            connection: None,
        })
    }

    fn act(&mut self, act: &Act) -> Result<()> {
        match act {
            Act::Printed(text) => self.await_output(text),
            Act::Type(text) => {
                let input = self.input.as_mut().context("input has ended")?;
                Ok(input.write_all(text.as_bytes())?)
            }
            Act::EndInput => {
                self.input = None;
                Ok(())
            }
            Act::Connect => {
                let address = ("127.0.0.1", self.ports.real(8080));
                self.connected(TcpStream::connect(address)?)
            }
            Act::Accept => {
                let listener = self.listener.as_ref();
                let listener = listener.context("nobody listens")?;
                listener.set_nonblocking(true)?;
                let stream = patiently(|| match listener.accept() {
                    Ok((stream, _)) => Ok(Some(stream)),
                    Err(e) if e.kind() == ErrorKind::WouldBlock => Ok(None),
                    Err(error) => Err(error.into()),
                })?;
                stream.set_nonblocking(false)?;
                self.connected(stream)
            }
            Act::Send(text) => Ok(self.other()?.write_all(text.as_bytes())?),
            Act::Expect(text) => {
                let mut got = vec![0; text.len()];
                self.other()?.read_exact(&mut got)?;
                let got = String::from_utf8_lossy(&got);
                ensure!(got == *text, "came instead: {got:?}");
                Ok(())
            }
            Act::ExpectStart(text) => {
                let mut got = Vec::new();
                self.other()?.read_to_end(&mut got)?;
                let got = String::from_utf8_lossy(&got);
                ensure!(got.starts_with(text), "came instead: {got:?}");
                Ok(())
            }
            Act::HalfClose => Ok(self.other()?.shutdown(Shutdown::Write)?),
            Act::Eof => {
                let mut more = Vec::new();
                self.other()?.read_to_end(&mut more)?;
                let more = String::from_utf8_lossy(&more);
                ensure!(more.is_empty(), "came before the end: {more:?}");
                Ok(())
            }
            Act::Close => {
                self.connection = None;
                Ok(())
            }
        }
    }

    fn other(&mut self) -> Result<&mut TcpStream> {
        self.connection.as_mut().context("there is no connection")
    }

    fn connected(&mut self, stream: TcpStream) -> Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        self.connection = Some(stream);
        Ok(())
    }

    /// Reads what the step has printed; says whether there was anything.
    fn listen(&mut self) -> bool {
        let mut buffer = [0; 4096];
        let mut any = false;
        while let Ok(count @ 1..) = self.output.read(&mut buffer) {
            self.printed.extend_from_slice(&buffer[..count]);
            any = true;
        }
        any
    }

    fn await_output(&mut self, text: &str) -> Result<()> {
        patiently(|| {
            let ended = self.running.ended()?;
            self.listen();
            let printed = String::from_utf8_lossy(&self.printed);
            let found = self.ports.hide(&printed).contains(text);
            ensure!(found || ended.is_none(), "the step has ended");
            Ok(found.then_some(()))
        })
    }

    /// Waits until the step sleeps in a call and nothing is on its way.
    fn rest(&mut self) -> Result<()> {
        let session = [self.running.session()];
        let rests = quiet::wait(&session, PATIENCE, || self.listen());
        ensure!(rests, "the step does not come to rest");
        Ok(())
    }

    fn end(&mut self, end: End) -> Result<()> {
        if end == End::Interrupt {
            let pid = self.traced().context("the step has already ended")?;
            process::kill(pid, Signal::SIGINT);
        }
        let status = patiently(|| {
            self.listen();
            self.running.ended()
        })
        .context("the end of the step")?;
        if let Some(failure) = process::failure(status) {
            let printed = String::from_utf8_lossy(&self.printed);
            bail!("the step ended with {failure} and printed {printed:?}");
        }
        Ok(())
    }

    /// The step itself: strace is the leader of the session, not it.
    fn traced(&self) -> Option<u32> {
        let program = self.program.canonicalize().ok()?;
        let mut members = process::members(&[self.running.session()]);
        members.sort_unstable();
        members.into_iter().find(|pid| {
            fs::read_link(format!("/proc/{pid}/exe"))
                .is_ok_and(|exe| exe == program)
        })
    }
}

/// Asks again and again until there is an answer, or patience ends.
fn patiently<T>(mut ask: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        ensure!(start.elapsed() < PATIENCE, "waited {PATIENCE:?} in vain");
        thread::sleep(Duration::from_millis(1));
    }
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
