//! Starting a program under test, with its own directory, process group,
//! limits and environment.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::preload::Preload;
use super::program::Program;
use super::scratch::Scratch;
use super::time;
use super::transcript::Transcript;
use super::trouble::{Outcome, Trouble};

/// What a check works with: one program, one empty directory.
pub struct Lab {
    program: PathBuf,
    shim: Preload,
    scratch: Scratch,
    lenient: bool,
    log: Transcript,
}

impl Lab {
    /// For the executable `program`; `shim` is the library to preload. A
    /// `lenient` lab is for the steps, which announce themselves with a
    /// scheme and a hint.
    ///
    /// # Errors
    /// When no directory can be made.
    pub fn new(program: &Path, shim: &Path, lenient: bool) -> io::Result<Lab> {
        Ok(Lab {
            program: program.to_path_buf(),
            shim: Preload::new(shim)?,
            scratch: Scratch::new()?,
            lenient,
            log: Transcript::default(),
        })
    }

    /// What has been done so far.
    pub fn log(&self) -> &Transcript {
        &self.log
    }

    /// The directory in which the program is started, and which goes with
    /// the lab.
    pub fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// A start of the program with these arguments, to be described further.
    pub fn launch(&self, args: &[&str]) -> Launch<'_> {
        Launch {
            lab: self,
            args: args.iter().map(ToString::to_string).collect(),
            shim: None,
            descriptors: 256,
            addresses: 1,
        }
    }

    /// The program on a free port of 127.0.0.1, ready.
    pub fn server(&self) -> Outcome<Program> {
        self.server_with(&[])
    }

    /// The same with further arguments.
    pub fn server_with(&self, args: &[&str]) -> Outcome<Program> {
        self.launch(&[&["127.0.0.1:0"], args].concat()).start()
    }
}

/// How the program is to be started.
pub struct Launch<'a> {
    lab: &'a Lab,
    args: Vec<String>,
    shim: Option<String>,
    descriptors: u64,
    addresses: usize,
}

impl Launch<'_> {
    /// Under the preloaded library, with these settings of it.
    pub fn shim(mut self, settings: &str) -> Self {
        self.shim = Some(settings.to_string());
        self
    }

    /// With at most this many descriptors.
    pub fn descriptors(mut self, most: u64) -> Self {
        self.descriptors = most;
        self
    }

    /// Ready when this many addresses are announced.
    pub fn addresses(mut self, count: usize) -> Self {
        self.addresses = count;
        self
    }

    /// Starts it and waits until it has announced its addresses.
    pub fn start(self) -> Outcome<Program> {
        let (count, lenient) = (self.addresses, self.lab.lenient);
        let program = self.spawn()?;
        program.await_announcement(count, lenient)?;
        Ok(program)
    }

    /// Starts it.
    pub fn spawn(self) -> Outcome<Program> {
        let lab = self.lab;
        let mut command = Command::new(&lab.program);
        command
            .args(&self.args)
            .env_clear()
            .envs(self.preload())
            .current_dir(lab.scratch())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let descriptors = self.descriptors;
        // SAFETY: between fork and exec the closure makes only system calls.
        unsafe { command.pre_exec(move || restrain(descriptors)) };
        let settings = match &self.shim {
            Some(settings) => format!(" under SHIM={settings}"),
            None => String::new(),
        };
        lab.log.head(format!("start {}{settings}", self.args.join(" ")));
        let child = command.spawn().map_err(|error| {
            Trouble::blocked(format!("the program does not start: {error}"))
        })?;
        let program = Program::new(child, lab.log.clone());
        if self.shim.is_some() {
            self.await_preload(&program)?;
        }
        Ok(program)
    }

    fn preload(&self) -> Vec<(&'static str, OsString)> {
        let Some(settings) = &self.shim else { return Vec::new() };
        vec![
            ("LD_PRELOAD", self.lab.shim.path().into()),
            ("SHIM", settings.into()),
            ("SHIM_SEEN", self.seen().into()),
        ]
    }

    /// The library announces itself before `main` begins.
    fn await_preload(&self, program: &Program) -> Outcome {
        let seen = self.seen();
        let found = time::eventually(time::PATIENCE, program.pid(), || {
            (seen.exists() || program.ended().is_some()).then_some(())
        });
        if found.is_none() || !seen.exists() {
            return Err(Trouble::blocked(
                "preload not active: the program must be linked with libc \
                 dynamically",
            ));
        }
        Ok(())
    }

    fn seen(&self) -> PathBuf {
        self.lab.scratch().join("shim-seen")
    }
}

/// In the new process, before the program begins: it dies with us, leaves no
/// core file, and may use only so much.
fn restrain(descriptors: u64) -> io::Result<()> {
    let limits = [
        (libc::RLIMIT_CORE, 0),
        (libc::RLIMIT_CPU, 60),
        (libc::RLIMIT_FSIZE, 64 << 20),
        (libc::RLIMIT_NOFILE, descriptors),
    ];
    // SAFETY: prctl(2) takes a number here; the others read or write one
    // struct.
    unsafe {
        if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) == -1 {
            return Err(io::Error::last_os_error());
        }
        for (what, most) in limits {
            let mut limit = libc::rlimit { rlim_cur: most, rlim_max: most };
            // Where less is allowed, less will do.
            if libc::getrlimit(what, &raw mut limit) == -1 {
                return Err(io::Error::last_os_error());
            }
            limit.rlim_max = limit.rlim_max.min(most);
            limit.rlim_cur = limit.rlim_max;
            if libc::setrlimit(what, &raw const limit) == -1 {
                return Err(io::Error::last_os_error());
            }
        }
    }
    Ok(())
}
