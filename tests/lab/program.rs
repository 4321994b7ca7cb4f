//! A program under test: its output, its state, its end.

use std::io::{self, Write};
use std::mem;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::client::Client;
use super::launch::Lab;
use super::output::Output;
use super::time::{self, Deadline, PATIENCE};
use super::transcript::Transcript;
use super::trouble::{Advice, Failure, Outcome, SPINS, Trouble};
use super::{diag, proc, show};

/// A running program; the last clone that goes ends it and all it started.
#[derive(Clone)]
pub struct Program {
    inner: Arc<Inner>,
}

struct Inner {
    child: Mutex<Child>,
    pid: i32,
    stdin: Mutex<Option<ChildStdin>>,
    stdout: Output,
    stderr: Output,
    lab: Lab,
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
    pub fn new(mut child: Child, lab: &Lab) -> Program {
        let tell = |name: &'static str| {
            // A report about a student's program has no room for it.
            let log = lab.trusts().then(|| lab.log().clone());
            move |bytes: &[u8]| {
                if let Some(log) = &log {
                    log.event(format!("{name}: {}", show::bytes(bytes)));
                }
            }
        };
        let inner = Inner {
            pid: i32::try_from(child.id()).unwrap_or(i32::MAX),
            stdin: Mutex::new(child.stdin.take()),
            stdout: Output::drain(child.stdout.take(), tell("stdout")),
            stderr: Output::drain(child.stderr.take(), tell("stderr")),
            child: Mutex::new(child),
            lab: lab.clone(),
            addresses: Mutex::default(),
        };
        Program { inner: Arc::new(inner) }
    }

    /// The process's number.
    pub fn pid(&self) -> i32 {
        self.inner.pid
    }

    /// The lab that it was started in.
    pub fn lab(&self) -> &Lab {
        &self.inner.lab
    }

    fn log(&self) -> &Transcript {
        self.lab().log()
    }

    /// How long it may be silent.
    pub fn patience(&self) -> Duration {
        if self.lab().trusts() { PATIENCE * 6 } else { PATIENCE }
    }

    /// A limit for one wait for it.
    pub fn deadline(&self) -> Deadline {
        Deadline::new(self.patience(), self.pid())
    }

    /// Waits for what no descriptor announces; `what` completes "it …".
    pub fn eventually<T>(
        &self,
        what: &str,
        probe: impl FnMut() -> Option<T>,
    ) -> Outcome<T> {
        let found = time::eventually(self.patience(), self.pid(), probe);
        found.ok_or_else(|| self.failed(format!("it {what}"), "it does not"))
    }

    /// Waits until a thread of it sleeps in `call`, such as `read()`.
    pub fn await_call(&self, call: &str) -> Outcome {
        self.eventually(&format!("waits in {call}"), || {
            proc::waits_in(self.pid(), call).then_some(())
        })
    }

    /// The addresses it has announced.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        lock(&self.inner.addresses).clone()
    }

    /// The first address it has announced.
    pub fn address(&self) -> Outcome<SocketAddr> {
        let addresses = self.addresses();
        addresses.first().copied().ok_or_else(|| {
            Trouble::blocked("no address was announced or awaited")
        })
    }

    /// How many connections wait for it to accept them.
    pub fn queue(&self) -> Outcome<u32> {
        let asked = diag::queue(self.address()?).map_err(|error| {
            Trouble::blocked(format!("sock_diag(7) fails: {error}"))
        })?;
        let queue = asked.map(|(waiting, _)| waiting);
        queue.ok_or_else(|| self.failed("it listens", "it does not"))
    }

    /// Waits until `probe` finds `what` on its standard output.
    pub fn await_stdout<T>(
        &self,
        what: &str,
        probe: impl FnMut(&[u8]) -> Option<T>,
    ) -> Outcome<T> {
        self.find_in("stdout", &self.inner.stdout, what, probe)
    }

    /// Waits until it has complained in these words.
    pub fn expect_note(&self, words: &str) -> Outcome {
        let what = format!("the words `{words}`");
        self.find_in("stderr", &self.inner.stderr, &what, |bytes| {
            String::from_utf8_lossy(bytes).contains(words).then_some(())
        })
    }

    fn find_in<T>(
        &self,
        name: &str,
        output: &Output,
        what: &str,
        probe: impl FnMut(&[u8]) -> Option<T>,
    ) -> Outcome<T> {
        output.find(&self.deadline(), probe).ok_or_else(|| {
            let got = format!("on {name} {}", show::bytes(&output.bytes()));
            self.failed(format!("on {name} {what}"), got)
        })
    }

    /// Waits until it has printed `line` on standard output.
    pub fn expect_line(&self, line: &str) -> Outcome {
        let what = format!("the line `{line}`");
        self.await_stdout(&what, |bytes| {
            let mut lines = bytes.split(|byte| *byte == b'\n');
            lines.any(|one| one == line.as_bytes()).then_some(())
        })?;
        self.log().event(format!("read `{line}` on its stdout"));
        Ok(())
    }

    /// Writes to its standard input.
    pub fn type_in(&self, bytes: &[u8]) -> Outcome {
        self.log().event(format!("type {}", show::bytes(bytes)));
        let result = match lock(&self.inner.stdin).as_mut() {
            Some(stdin) => stdin.write_all(bytes),
            None => Err(io::Error::other("no input is open")),
        };
        result.map_err(|error| {
            self.failed("it takes its input", error.to_string())
        })
    }

    /// Its standard input, to be written to in a thread.
    pub fn take_input(&self) -> Outcome<ChildStdin> {
        let input = lock(&self.inner.stdin).take();
        input.ok_or_else(|| Trouble::blocked("no input is open"))
    }

    /// Ends its standard input, as Ctrl-D does.
    pub fn end_input(&self) {
        self.log().event("end of input");
        *lock(&self.inner.stdin) = None;
    }

    /// How many descriptors it may have from now on, those it has included.
    pub fn limit_descriptors(&self, count: u64) -> Outcome {
        self.log().event(format!("may have {count} descriptors"));
        let limit = libc::rlimit { rlim_cur: count, rlim_max: 4096 };
        let old = std::ptr::null_mut();
        let what = libc::RLIMIT_NOFILE;
        // SAFETY: the new limit is read, and the old one not asked for.
        match unsafe { libc::prlimit(self.pid(), what, &raw const limit, old) }
        {
            0 => Ok(()),
            _ => Err(Trouble::blocked("prlimit(2) failed")),
        }
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
        let expected = format!("it is ended by signal {signal}");
        self.expect_end(&expected, |status| status.signal() == Some(signal))
    }

    /// Ctrl-C, which must end it: up to now it has not ended.
    pub fn interrupt(&self) -> Outcome {
        self.end_by(libc::SIGINT).map(drop)
    }

    /// Waits for its end with this exit status and nothing but one line, on
    /// standard error, which is returned.
    pub fn expect_complaint(&self, code: i32) -> Outcome<String> {
        let ended = self.expect_exit(code)?;
        let text = String::from_utf8_lossy(&ended.stderr);
        let lines = text.strip_suffix('\n').map(|line| line.split('\n'));
        let mut lines = lines.into_iter().flatten();
        match (lines.next(), lines.next(), &ended.stdout[..]) {
            (Some(line), None, []) => Ok(line.to_string()),
            _ => Err(self.failed("one line, on stderr", format!("{ended:?}"))),
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

    /// Connects a client to the first address.
    pub fn connect(&self) -> Outcome<Client> {
        Client::connect(self, self.address()?, self.log())
    }

    /// Connects a client to `address`.
    pub fn connect_to(&self, address: SocketAddr) -> Outcome<Client> {
        Client::connect(self, address, self.log())
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
            log: self.log().clone(),
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
        *lock(&self.inner.addresses) = announced;
    }
}

/// The value, even if a thread has panicked while it held it.
fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
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
        if std::thread::panicking() {
            eprintln!("{}", self.lab.log().story());
        }
    }
}
