//! A program under test: started, watched, ended, never left behind.

use std::fs;
use std::io::Write;
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::ended::Ended;
use super::output::Output;
use super::preload::Preload;
use super::tools::{self, LOOK};
use super::transcript::Transcript;

/// How to start a program.
#[derive(Debug)]
pub struct Program {
    command: Command,
    written: String,
    seen: Option<PathBuf>,
    preload: Option<Preload>,
}

impl Program {
    /// `program` with `arguments`, an empty environment, and nothing on its
    /// standard input.
    pub fn new(program: impl AsRef<Path>, arguments: &[&str]) -> Self {
        let program = program.as_ref();
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        // SAFETY: between fork and exec the closure makes one system call
        // and touches no memory that another thread may have locked.
        unsafe {
            command.pre_exec(|| {
                // Whatever happens to us, nothing outlives the test.
                done(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL))
            });
        }
        let written = format!("{name} {}", arguments.join(" "));
        Program { command, written, seen: None, preload: None }
    }

    /// Lets the test write to its standard input.
    pub fn with_input(mut self) -> Self {
        self.command.stdin(Stdio::piped());
        self
    }

    /// Gives it this standard input.
    pub fn input(mut self, input: impl Into<Stdio>) -> Self {
        self.command.stdin(input);
        self
    }

    /// Gives it this standard output; the test does not see it.
    pub fn stdout(mut self, output: impl Into<Stdio>) -> Self {
        self.command.stdout(output);
        self
    }

    /// Gives it this standard error; the test does not see it.
    pub fn stderr(mut self, output: impl Into<Stdio>) -> Self {
        self.command.stderr(output);
        self
    }

    /// Lets it find programs, and keep files in `home`: for what is not ours.
    pub fn at_home(mut self, home: &Path) -> Self {
        self.command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        self.command.env("HOME", home);
        self
    }

    /// Preloads the exercises' library: `what` is its `SHIM`. `None` if it
    /// has not been built.
    pub fn shim(mut self, what: &str) -> Option<Self> {
        let library = tools::shim()?;
        let seen = tools::scratch("seen");
        self.written = format!(
            "LD_PRELOAD={} SHIM={what} {}",
            library.path().display(),
            self.written
        );
        self.command.env("LD_PRELOAD", library.path());
        self.command.env("SHIM", what);
        self.command.env("SHIM_SEEN", &seen);
        self.seen = Some(seen);
        self.preload = Some(library);
        Some(self)
    }

    /// Does `setup` in the child, before the program.
    ///
    /// # Safety
    /// As for [`CommandExt::pre_exec`].
    pub unsafe fn before(
        mut self,
        setup: impl FnMut() -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        // SAFETY: as promised by our caller.
        unsafe { self.command.pre_exec(setup) };
        self
    }

    /// Starts it.
    pub fn start(self) -> Running {
        self.try_start().expect("the program starts")
    }

    /// Starts it, or says why that is impossible: what [`Program::before`]
    /// failed with, for example.
    pub fn try_start(mut self) -> std::io::Result<Running> {
        let mut child = self.command.spawn()?;
        // The command holds our ends of what was given to it.
        drop(self.command);
        let pid = child.id().cast_signed();
        let transcript = Transcript::new(pid);
        transcript.tell(format!("started, pid {pid}"));
        let stdout = match child.stdout.take() {
            Some(out) => Output::drain(out, "prints", transcript.clone()),
            None => Output::unseen(transcript.clone()),
        };
        let stderr = match child.stderr.take() {
            Some(err) => Output::drain(err, "notes", transcript.clone()),
            None => Output::unseen(transcript.clone()),
        };
        Ok(Running {
            stdin: child.stdin.take(),
            child,
            pidfd: open_pid(pid)?,
            stdout,
            stderr,
            transcript,
            written: self.written,
            url: None,
            seen: self.seen,
            _preload: self.preload,
            reaped: false,
        })
    }
}

/// A program that has been started. It ends with this value.
#[derive(Debug)]
pub struct Running {
    child: Child,
    pidfd: OwnedFd,
    stdin: Option<ChildStdin>,
    pub stdout: Output,
    pub stderr: Output,
    pub transcript: Transcript,
    written: String,
    pub url: Option<String>,
    seen: Option<PathBuf>,
    /// Kept as long as a program may load it.
    _preload: Option<Preload>,
    reaped: bool,
}

impl Running {
    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a pid is an int")
    }

    /// Waits until a line on standard output begins with `start`. Returns
    /// the rest of the line.
    pub fn wait_for_line(&self, start: &str) -> String {
        let found = self.stdout.wait_for(|bytes| after(bytes, start));
        found.unwrap_or_else(|| panic!("no line beginning with '{start}'"))
    }

    /// Waits until standard error holds `text`.
    pub fn wait_for_note(&self, text: &str) {
        let found = self.stderr.wait_for(|bytes| {
            String::from_utf8_lossy(bytes).contains(text).then_some(())
        });
        assert!(found.is_some(), "no note with '{text}'");
    }

    /// Writes to its standard input. In a thread, if it may not read.
    pub fn type_in(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().expect("an input that is open");
        self.transcript
            .tell(format!("typed {}", super::transcript::preview(bytes)));
        stdin.write_all(bytes).unwrap();
    }

    /// Its standard input, to be written to in a thread.
    pub fn take_input(&mut self) -> ChildStdin {
        self.stdin.take().expect("an input that is open")
    }

    /// Ends its standard input, as Ctrl-D does.
    pub fn end_input(&mut self) {
        self.transcript.tell("end of input".to_string());
        self.stdin = None;
    }

    /// Sends it a signal: `libc::SIGTERM`, for example.
    pub fn signal(&self, signal: i32) {
        self.transcript.tell(format!("got signal {signal}"));
        // SAFETY: kill(2) takes numbers. The child has not been waited for:
        // the pid is its own.
        done(unsafe { libc::kill(self.pid(), signal) }).unwrap();
    }

    /// How many descriptors it may have from now on, those it has included.
    pub fn limit_descriptors(&self, count: u64) {
        self.transcript.tell(format!("may have {count} descriptors"));
        let limit = libc::rlimit { rlim_cur: count, rlim_max: 4096 };
        let none = std::ptr::null_mut();
        // SAFETY: the new limit is read, and the old one not asked for.
        done(unsafe {
            libc::prlimit(self.pid(), libc::RLIMIT_NOFILE, &limit, none)
        })
        .unwrap();
    }

    /// Whether it ends within `limit`.
    pub fn ends_within(&self, limit: Duration) -> bool {
        let limit = PollTimeout::try_from(limit).expect("a short time");
        let mut ends = [PollFd::new(self.pidfd.as_fd(), PollFlags::POLLIN)];
        poll(&mut ends, limit).unwrap() == 1
    }

    /// Whether it is still there.
    pub fn is_alive(&self) -> bool {
        !self.ends_within(Duration::ZERO)
    }

    /// Waits for its end, which must come by itself.
    pub fn wait(mut self) -> Ended {
        let deadline = self.transcript.deadline();
        while !self.ends_within(LOOK) {
            assert!(!deadline.is_over(), "the program does not end");
        }
        let status = self.child.wait().unwrap();
        self.reaped = true;
        self.transcript.tell(format!("ended: {status}"));
        let stdout = self.stdout.whole();
        let stderr = self.stderr.whole();
        Ended { status, stdout, stderr }
    }

    /// Ctrl-C, which ends every step.
    pub fn interrupt(self) -> Ended {
        self.signal(libc::SIGINT);
        let ended = self.wait();
        ended.expect_signal(libc::SIGINT);
        ended
    }

    /// Panics unless the preloaded library, if one was asked for, is there:
    /// nobody may take a run without it for a run with it.
    pub fn expect_shim(&self) {
        if let Some(seen) = &self.seen {
            assert!(seen.exists(), "the preloaded library is not active");
        }
    }
}

impl AsFd for Running {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.reaped {
            // The group holds the program's own children as well. It is
            // there as long as its leader has not been waited for.
            // SAFETY: kill(2) takes numbers.
            unsafe { libc::kill(-self.pid(), libc::SIGKILL) };
            let _ = self.child.wait();
        }
        if let Some(seen) = &self.seen {
            let _ = fs::remove_file(seen);
        }
        if std::thread::panicking() {
            let url = self.url.as_deref();
            eprintln!("{}", self.transcript.print(&self.written, url));
        }
    }
}

/// The result of a system call.
pub fn done(result: i32) -> std::io::Result<()> {
    Ok(Errno::result(result).map(drop)?)
}

/// pidfd_open(2): readable once the program has ended.
fn open_pid(pid: i32) -> std::io::Result<OwnedFd> {
    // SAFETY: the call takes numbers.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let fd = Errno::result(fd)?.try_into().expect("a descriptor is an int");
    // SAFETY: the kernel has just made it for us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// What follows `start` in the first whole line that begins with it.
fn after(bytes: &[u8], start: &str) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.split_inclusive('\n').filter(|l| l.ends_with('\n'));
    lines
        .filter_map(|line| line.trim_end().strip_prefix(start))
        .map(str::to_string)
        .next()
}
