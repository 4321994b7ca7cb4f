//! A program under test: its output, its state, its end.

use std::mem;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::client::Client;
use super::output::Output;
use super::time::{self, PATIENCE};
use super::transcript::Transcript;
use super::trouble::{Advice, Failure, Outcome, SPINS, Trouble};
use super::{proc, show};

/// A running program; the last clone that goes ends it and all it started.
#[derive(Clone)]
pub struct Program {
    inner: Arc<Inner>,
}

struct Inner {
    child: Mutex<Child>,
    pid: i32,
    stdout: Output,
    stderr: Output,
    log: Transcript,
    addresses: Mutex<Vec<SocketAddr>>,
}

/// The guess about a program that spins.
const SPINNING: &str = "a loop goes round without waiting for anything";

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
    /// Takes care of a process that has just been started.
    pub fn new(mut child: Child, log: Transcript) -> Program {
        let stdout = Output::drain(child.stdout.take());
        let stderr = Output::drain(child.stderr.take());
        let inner = Inner {
            pid: i32::try_from(child.id()).unwrap_or(i32::MAX),
            child: Mutex::new(child),
            stdout,
            stderr,
            log,
            addresses: Mutex::default(),
        };
        Program { inner: Arc::new(inner) }
    }

    /// The process's number.
    pub fn pid(&self) -> i32 {
        self.inner.pid
    }

    /// The addresses it has announced.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let addresses = self.inner.addresses.lock();
        addresses.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The first address it has announced.
    pub fn address(&self) -> Outcome<SocketAddr> {
        let addresses = self.addresses();
        addresses.first().copied().ok_or_else(|| {
            Trouble::blocked("no address was announced or awaited")
        })
    }

    /// Waits until it has printed `line` on standard output.
    pub fn expect_line(&self, line: &str) -> Outcome {
        let printed = || {
            let bytes = self.inner.stdout.bytes();
            let mut lines = bytes.split(|byte| *byte == b'\n');
            lines.any(|one| one == line.as_bytes()).then_some(())
        };
        let found = time::eventually(PATIENCE, self.pid(), || {
            let ended = self.ended().is_some();
            printed().map(|()| true).or(ended.then_some(false))
        });
        // What it printed last may still have been on its way.
        if found == Some(true) || self.whole_if_ended(printed) {
            self.inner.log.event(format!("read `{line}` on its stdout"));
            return Ok(());
        }
        let bytes = self.inner.stdout.bytes();
        let got = format!("on stdout {}", show::bytes(&bytes));
        Err(self.failed(format!("on stdout the line `{line}`"), got))
    }

    fn whole_if_ended(&self, printed: impl Fn() -> Option<()>) -> bool {
        if self.ended().is_some() {
            self.inner.stdout.whole();
        }
        printed().is_some()
    }

    /// Waits for its end, which must have this exit status.
    pub fn expect_exit(&self, code: i32) -> Outcome<Ended> {
        let expected = format!("it ends with exit status {code}");
        let ended = self.wait(PATIENCE).expecting(&expected)?;
        if ended.status.code() == Some(code) {
            return Ok(ended);
        }
        Err(self.failed(expected, describe(ended.status)))
    }

    /// Connects a client to the first address.
    pub fn connect(&self) -> Outcome<Client> {
        Client::connect(self, self.address()?, &self.inner.log)
    }

    /// Connects a client to `address`.
    pub fn connect_to(&self, address: SocketAddr) -> Outcome<Client> {
        Client::connect(self, address, &self.inner.log)
    }

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

    /// Sends a signal to it alone.
    pub fn signal(&self, signal: libc::c_int) {
        if self.ended().is_none() {
            // SAFETY: kill(2) takes two numbers; the number is our child's.
            unsafe { libc::kill(self.pid(), signal) };
        }
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

    /// A failure with the program's present state.
    pub fn failed(
        &self,
        expected: impl Into<String>,
        got: impl Into<String>,
    ) -> Trouble {
        let got = got.into();
        // What was observed comes before what a check suspects.
        let spins = got.contains(SPINS);
        let likely = spins.then(|| SPINNING.to_string());
        Trouble::Failed(Box::new(Failure {
            expected: expected.into(),
            got,
            likely,
            server: Some(self.state()),
        }))
    }

    /// What it is doing now, in words.
    pub fn state(&self) -> String {
        let pid = self.pid();
        let call = proc::sleeps_in(pid);
        // A program that is just ending is better seen when it has ended.
        let patience = match call {
            Some(_) => Duration::ZERO,
            None => Duration::from_millis(500),
        };
        let status = time::eventually(patience, pid, || self.ended());
        if let Some(status) = status {
            let stderr = said(&self.inner.stderr.whole());
            return format!("has ended: {}{stderr}", describe(status));
        }
        let threads = proc::threads(pid);
        let sleeping = threads.iter().all(|thread| thread.state != 'R');
        let doing = match call {
            Some(call) if sleeping => format!("is waiting in {call}"),
            _ => "is running".to_string(),
        };
        let sockets = proc::socket_count(pid);
        let children = proc::children(pid).len();
        let plural = if sockets == 1 { "" } else { "s" };
        let mut text = format!(
            "{doing} ({sockets} socket{plural} open, {children} children)"
        );
        if threads.len() > 1 {
            text.push_str(&format!(", {} threads", threads.len()));
        }
        text + &said(&self.inner.stderr.bytes())
    }

    /// What it has printed on standard output so far.
    pub fn stdout(&self) -> Vec<u8> {
        self.inner.stdout.bytes()
    }

    /// Remembers what it has announced.
    pub fn set_addresses(&self, announced: Vec<SocketAddr>) {
        let addresses = self.inner.addresses.lock();
        *addresses.unwrap_or_else(PoisonError::into_inner) = announced;
    }
}

/// What the program complained about last, if it did.
fn said(stderr: &[u8]) -> String {
    match show::tail(stderr) {
        words if words.is_empty() => words,
        words => format!("; on stderr: {words}"),
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

impl Drop for Inner {
    fn drop(&mut self) {
        let child = self.child.get_mut();
        let child = child.unwrap_or_else(PoisonError::into_inner);
        // The group, not only the process: whatever it has started.
        // SAFETY: kill(2) takes two numbers. The group's number is that of
        // our child, which has not been waited for, so it is nobody else's.
        unsafe { libc::kill(-self.pid, libc::SIGKILL) };
        let _ = child.wait();
    }
}
