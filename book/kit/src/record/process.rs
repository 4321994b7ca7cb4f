//! Programs under record: started alone, and never left behind.
//!
//! Each leads a session of its own (`setsid(2)`). What it starts belongs to
//! that session, can be found in `/proc`, and is ended with it.

use std::fs;
use std::io::{self, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{self, SigHandler, Signal};
use nix::unistd::{self, Pid};

/// A program and everything it has started; dropping it ends them all.
pub struct Running {
    child: Child,
    status: Option<ExitStatus>,
}

impl Running {
    /// Starts the program with nothing but what `command` gives it: neither
    /// our environment nor our descriptors. If its standard input is a
    /// terminal, that is its own.
    pub fn start(command: &mut Command) -> Result<Running> {
        // SAFETY: between fork and exec it makes only bare system calls.
        unsafe { command.pre_exec(leave_everything) };
        let set: Vec<_> = command
            .get_envs()
            .filter_map(|(name, value)| {
                Some((name.to_owned(), value?.to_owned()))
            })
            .collect();
        command.env_clear().envs(set);
        let child = command.spawn().with_context(|| {
            format!("cannot start {}", command.get_program().display())
        })?;
        Ok(Running { child, status: None })
    }

    /// The session's number, which is that of the program.
    pub fn session(&self) -> u32 {
        self.child.id()
    }

    /// Whether and how the program has ended.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        if self.status.is_none() {
            self.status = self.child.try_wait()?;
        }
        Ok(self.status)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let start = Instant::now();
        // Until none is left: one may just have started another.
        while start.elapsed() < Duration::from_secs(10) {
            let mut left = members(&[self.session()]);
            left.retain(|pid| state(*pid).is_some_and(|state| state != "Z"));
            if left.is_empty() {
                break;
            }
            for pid in left {
                kill(pid, Signal::SIGKILL);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        // Its number may only be given back when nobody can take another
        // program for it.
        if self.status.is_none() {
            let _ = self.child.wait();
        }
    }
}

/// Runs in the new process before the program takes it over.
fn leave_everything() -> io::Result<()> {
    unistd::setsid()?;
    // SAFETY: isatty(3) takes a number, and so does TIOCSCTTY below.
    if unsafe { libc::isatty(0) } == 1 {
        // Ask for the terminal that is to send Ctrl-C to this session; it
        // fails if another session has it already.
        // SAFETY: as above.
        Errno::result(unsafe { libc::ioctl(0, libc::TIOCSCTTY, 0) })?;
    }
    // Should the recorder be killed, this program ends too.
    prctl::set_pdeathsig(Signal::SIGTERM)?;
    // What a shell puts in the background ignores Ctrl-C, nohup's children
    // the end of their terminal, and exec keeps that: the program must not.
    for ignored in [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGHUP] {
        // SAFETY: no handler is set, and none is lost that could matter.
        unsafe { signal::signal(ignored, SigHandler::SigDfl) }?;
    }
    let flags = libc::CLOSE_RANGE_CLOEXEC.cast_signed();
    // Ask for every descriptor from 3 up to be closed by exec: the program
    // must find 3 free, whatever the recorder was started with.
    // SAFETY: close_range(2) takes three numbers; with this flag it closes
    // nothing that this process still uses.
    let result = unsafe { libc::close_range(3, libc::c_uint::MAX, flags) };
    Ok(Errno::result(result).map(drop)?)
}

/// Sends a signal; that the process has just ended is no failure.
pub fn kill(pid: u32, signal: Signal) {
    let _ = signal::kill(Pid::from_raw(pid.cast_signed()), signal);
}

/// How a program ended, if not well: `exit status 1`, `killed by SIGPIPE`.
pub fn failure(status: ExitStatus) -> Option<String> {
    match (status.code(), status.signal()) {
        (Some(0), _) => None,
        (Some(code), _) => Some(format!("exit status {code}")),
        (None, number) => {
            let signal = number.and_then(|n| Signal::try_from(n).ok());
            let name = signal.map_or("a signal", Signal::as_str);
            Some(format!("killed by {name}"))
        }
    }
}

/// The processes of these sessions.
pub fn members(sessions: &[u32]) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| {
            let session = stat_field(format!("/proc/{pid}/stat"), 3);
            let session = session.and_then(|field| field.parse().ok());
            session.is_some_and(|session: u32| sessions.contains(&session))
        })
        .collect()
}

fn state(pid: u32) -> Option<String> {
    stat_field(format!("/proc/{pid}/stat"), 0)
}

/// A field of a stat file, counted from the state (proc_pid_stat(5)). The
/// name before it, in brackets, may contain spaces.
pub fn stat_field(path: impl AsRef<Path>, index: usize) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    fields.split(' ').nth(index).map(str::to_string)
}

/// Adds what there is to read, without waiting; says whether there was any.
pub fn read(from: &mut impl Read, printed: &mut Vec<u8>) -> bool {
    let before = printed.len();
    // In the end there is nothing more for now, and that is an error.
    let _ = from.read_to_end(printed);
    printed.len() > before
}

/// Where a tool is installed, by PATH.
pub fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;

    #[test]
    fn it_ends_when_its_recorder_is_killed() {
        // To the kernel the parent is the thread that called fork.
        let recorder = std::thread::spawn(|| {
            let mut sleep = Command::new("sleep");
            let running =
                Running::start(sleep.arg("63").stdin(Stdio::null())).unwrap();
            let session = running.session();
            std::mem::forget(running);
            session
        });
        let session = recorder.join().unwrap();
        let start = Instant::now();
        // Nobody reaps it: it stays a zombie.
        while state(session).is_some_and(|state| state != "Z") {
            assert!(start.elapsed() < Duration::from_secs(20), "still alive");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    #[test]
    fn what_cannot_be_started_is_named() {
        let nothing = Running::start(&mut Command::new("/no/such/program"));
        let error = nothing.err().unwrap();
        assert!(format!("{error:#}").contains("cannot start /no/such/program"));
    }
}
