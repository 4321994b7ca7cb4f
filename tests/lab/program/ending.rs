//! How a program ends.

use std::mem;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use super::Program;
use crate::lab::trouble::{Advice, Outcome};
use crate::lab::{proc, time};

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
    /// What waitpid(2) said.
    pub status: ExitStatus,
    /// All of its standard output.
    pub stdout: Vec<u8>,
    /// All of its standard error.
    pub stderr: Vec<u8>,
}

impl Program {
    /// Its exit status, if it has ended. It is not waited for before this
    /// handle goes: until then its number is nobody else's.
    pub fn ended(&self) -> Option<ExitStatus> {
        let mut info: libc::siginfo_t = {
            // SAFETY: every field of a siginfo_t may be zero.
            unsafe { mem::zeroed() }
        };
        let pid = self.pid().cast_unsigned();
        let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        // SAFETY: waitid(2) writes one siginfo_t.
        let result =
            unsafe { libc::waitid(libc::P_PID, pid, &raw mut info, flags) };
        // SAFETY: both are filled in for a child, or zero if none ended.
        let (ended, status) = unsafe { (info.si_pid(), info.si_status()) };
        if result == -1 || ended == 0 {
            return None;
        }
        // As waitpid(2) would have said it.
        Some(ExitStatus::from_raw(match info.si_code {
            libc::CLD_EXITED => status << 8,
            _ => status,
        }))
    }

    /// Sends a signal to it alone. SIGSTOP's effect is awaited: a program that
    /// it wakes looks at its sockets once more before it stops.
    pub fn signal(&self, signal: libc::c_int) {
        if self.ended().is_some() {
            return;
        }
        proc::kill(self.pid(), signal);
        if signal == libc::SIGSTOP {
            let is_done = || self.is_stopped() || self.ended().is_some();
            let done = || is_done().then_some(());
            let seen = time::eventually(time::PATIENCE, self.pid(), done);
            assert!(seen.is_some(), "a program cannot refuse to stop");
        }
    }

    /// Whether a signal has stopped it.
    pub fn is_stopped(&self) -> bool {
        let threads = proc::threads(self.pid());
        threads.iter().all(|thread| matches!(thread.state, 'T' | 't'))
    }

    /// Waits for its end.
    pub fn wait(&self, limit: Duration) -> Outcome<Ended> {
        let status = time::eventually(limit, self.pid(), || self.ended());
        let Some(status) = status else {
            return Err(self.failed("the program ends", "it goes on"));
        };
        Ok(Ended {
            status,
            stdout: self.inner.stdout.whole(),
            stderr: self.inner.stderr.whole(),
        })
    }

    /// Waits for its end, which must have this exit status.
    pub fn expect_exit(&self, code: i32) -> Outcome<Ended> {
        let expected = format!("it ends with exit status {code}");
        self.expect_end(&expected, |status| status.code() == Some(code))
    }

    /// Sends a signal, which must end it.
    pub fn end_by(&self, signal: libc::c_int) -> Outcome<Ended> {
        self.log().event(format!("send it signal {signal}"));
        self.signal(signal);
        if self.lab().handles_signals {
            return self.expect_exit(0);
        }
        let expected = format!("it is ended by signal {signal}");
        self.expect_end(&expected, |status| status.signal() == Some(signal))
    }

    /// Ctrl-C, which must end it: up to now it has not ended.
    pub fn interrupt(&self) -> Outcome {
        self.end_by(libc::SIGINT).map(drop)
    }

    /// The same; returns all that it has said on standard error.
    pub fn expect_notes(&self, code: i32) -> Outcome<String> {
        let stderr = self.expect_exit(code)?.stderr;
        String::from_utf8(stderr)
            .map_err(|error| self.failed("UTF-8 on stderr", error.to_string()))
    }

    /// Waits for its end with this exit status and nothing but one line, on
    /// standard error, which is returned.
    pub fn expect_complaint(&self, code: i32) -> Outcome<String> {
        let text = self.expect_notes(code)?;
        match text.strip_suffix('\n').filter(|line| !line.contains('\n')) {
            Some(line) if self.stdout().is_empty() => Ok(line.to_string()),
            _ => Err(self.failed("one line, on stderr", text)),
        }
    }

    /// The same for a line that is known.
    pub fn expect_failure(&self, code: i32, line: &str) -> Outcome {
        match self.expect_complaint(code)? {
            got if got == line => Ok(()),
            got => Err(self.failed(format!("on stderr `{line}`"), got)),
        }
    }

    fn expect_end(
        &self,
        expected: &str,
        is_right: impl Fn(ExitStatus) -> bool,
    ) -> Outcome<Ended> {
        let ended = self.wait(self.patience()).expecting(expected)?;
        if is_right(ended.status) {
            return Ok(ended);
        }
        Err(self.failed(expected, describe(ended.status)))
    }
}

/// "exit status 1", "killed by signal 11 (SIGSEGV)".
pub fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(101), _) => "exit status 101 (it panicked)".to_string(),
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(libc::SIGPIPE)) => {
            "killed by SIGPIPE (it wrote to a closed connection)".to_string()
        }
        (None, Some(libc::SIGXCPU)) => {
            "killed by SIGXCPU (it computed without end)".to_string()
        }
        (None, Some(signal)) => format!("killed by signal {signal}"),
        (None, None) => "ended".to_string(),
    }
}
