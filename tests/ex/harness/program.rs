//! A program under test: its output, its state, its end.

use std::io::Read;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::client::Client;
use super::quiet::Quiet;
use super::time::{self, Deadline, PATIENCE};
use super::transcript::Transcript;
use super::trouble::{Advice, Failure, Outcome, Trouble};
use super::{proc, show};

/// How much of a program's output is kept.
const KEPT: usize = 64 * 1024;

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

/// An output of the program, read by a thread of its own: a full pipe would
/// stop the program.
#[derive(Clone, Default)]
pub struct Output {
    shared: Arc<(Mutex<Buffer>, Condvar)>,
}

#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    closed: bool,
}

impl Output {
    fn drain(source: Option<impl Read + Send + 'static>) -> Output {
        let output = Output::default();
        let Some(mut source) = source else { return output };
        let writer = output.clone();
        std::thread::spawn(move || {
            let mut chunk = [0; 16 * 1024];
            loop {
                let taken = source.read(&mut chunk).unwrap_or(0);
                let mut buffer = writer.lock();
                buffer.bytes.extend_from_slice(&chunk[..taken]);
                let excess = buffer.bytes.len().saturating_sub(KEPT);
                buffer.bytes.drain(..excess);
                buffer.closed = taken == 0;
                writer.shared.1.notify_all();
                if taken == 0 {
                    return;
                }
            }
        });
        output
    }

    fn lock(&self) -> MutexGuard<'_, Buffer> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has been printed so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.lock().bytes.clone()
    }

    /// All that is printed, once nobody can print any more. A descendant
    /// that holds the pipe open is not waited for.
    fn whole(&self) -> Vec<u8> {
        let buffer = self.lock();
        let limit = Duration::from_secs(1);
        let waited =
            self.shared
                .1
                .wait_timeout_while(buffer, limit, |buffer| !buffer.closed);
        let (buffer, _) = waited.unwrap_or_else(PoisonError::into_inner);
        buffer.bytes.clone()
    }
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

    /// Its exit status, if it has ended.
    pub fn ended(&self) -> Option<ExitStatus> {
        let child = self.inner.child.lock();
        let mut child = child.unwrap_or_else(PoisonError::into_inner);
        child.try_wait().ok().flatten()
    }

    /// Sends a signal to it alone.
    pub fn signal(&self, signal: libc::c_int) {
        if self.ended().is_none() {
            // SAFETY: kill(2) takes two numbers; the process is our child
            // and has not been waited for.
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
        Trouble::Failed(Box::new(Failure {
            expected: expected.into(),
            got: got.into(),
            likely: None,
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
            None => Duration::from_millis(300),
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

    /// Waits until the program has announced `doors` addresses. A scheme
    /// before the address is accepted only if `lenient`.
    pub fn await_announcement(&self, doors: usize, lenient: bool) -> Outcome {
        let mut quiet = Quiet::new(self.pid());
        let mut proofs = 0;
        let deadline = Deadline::new(PATIENCE * 2, self.pid());
        loop {
            let ended = self.ended().is_some();
            let found = announced(&self.inner.stdout.bytes(), lenient)
                .map_err(|got| self.failed(ANNOUNCEMENT, got))?;
            if found.len() >= doors {
                let addresses = self.inner.addresses.lock();
                *addresses.unwrap_or_else(PoisonError::into_inner) = found;
                return Ok(());
            }
            if quiet.look(None) {
                proofs += 1;
                quiet = Quiet::new(self.pid());
            }
            if ended || proofs == 3 || deadline.is_over() {
                let got = self.why_not_ready(doors, &found);
                return Err(self.failed(ANNOUNCEMENT, got));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Why there is no announcement: one of five things.
    fn why_not_ready(&self, doors: usize, found: &[SocketAddr]) -> String {
        let rows = proc::own_rows(self.pid());
        let mut listening = rows.iter().filter(|row| {
            row.state == proc::LISTEN && !found.contains(&row.local)
        });
        if self.ended().is_some() {
            "it ended before that".to_string()
        } else if let Some(row) = listening.next() {
            format!("it listens on {} but never says so", row.local)
        } else if doors > 1 && !found.is_empty() {
            format!("{} of {doors} such lines", found.len())
        } else if self.load(Duration::from_millis(200)) > 0.9 {
            "nothing; it computes without end".to_string()
        } else {
            "nothing; it has no listening socket either".to_string()
        }
    }

    /// The processor time that it has wanted, whether it got it or not.
    fn wanted(&self) -> Duration {
        let pids = proc::tree(self.pid());
        let threads = pids.into_iter().flat_map(proc::threads);
        threads.map(|thread| thread.ran + thread.delay).sum()
    }

    /// The share of a processor that it wants.
    pub fn load(&self, over: Duration) -> f64 {
        let spin = Spin::new(self);
        std::thread::sleep(over);
        spin.load()
    }

    /// It sleeps while there is nothing to do.
    pub fn expect_idle(&self) -> Outcome {
        for _ in 0..5 {
            if self.ended().is_some() {
                return Err(self.failed("it goes on", "it ended"));
            }
            if self.load(Duration::from_millis(200)) < 0.3 {
                return Ok(());
            }
            let load = self.load(Duration::from_secs(1));
            if load >= 0.9 {
                let got =
                    format!("it wants {:.0} % of a processor", load * 100.0);
                return Err(
                    self.failed("it sleeps while there is nothing to do", got)
                );
            }
        }
        Err(Trouble::blocked("this machine is too busy to tell idle from not"))
    }
}

/// A look at how busy a program is, from one moment on.
pub struct Spin {
    program: Program,
    wanted: Duration,
    start: Instant,
}

impl Spin {
    /// From now on.
    pub fn new(program: &Program) -> Spin {
        let program = program.clone();
        Spin { wanted: program.wanted(), program, start: Instant::now() }
    }

    /// The share of a processor that the program has wanted since.
    pub fn load(&self) -> f64 {
        let wanted = self.program.wanted().saturating_sub(self.wanted);
        wanted.as_secs_f64() / self.start.elapsed().as_secs_f64()
    }

    /// Whether it has done nothing but compute, for a second at least.
    pub fn is_proven(&self) -> bool {
        self.start.elapsed() >= Duration::from_secs(1) && self.load() >= 0.9
    }
}

const ANNOUNCEMENT: &str =
    "on stdout a line `listening on IP:PORT` for each socket, and no other";

/// The addresses announced so far; an error if there is any other line.
fn announced(stdout: &[u8], lenient: bool) -> Result<Vec<SocketAddr>, String> {
    let mut found = Vec::new();
    let whole_lines = stdout.split_inclusive(|byte| *byte == b'\n');
    for line in whole_lines.filter(|line| line.ends_with(b"\n")) {
        let text = String::from_utf8_lossy(line);
        let Some(rest) = text.trim_end().strip_prefix("listening on ") else {
            if lenient {
                continue;
            }
            return Err(format!("the line {}", show::bytes(line)));
        };
        let rest = match rest.split_once("://") {
            Some((_, address)) if lenient => address,
            _ => rest,
        };
        match rest.parse::<SocketAddr>() {
            Ok(address) if address.port() == 0 => {
                return Err(format!("`{}`: port 0", text.trim_end()));
            }
            Ok(address) => found.push(address),
            Err(_) => return Err(format!("the line {}", show::bytes(line))),
        }
    }
    Ok(found)
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
        // our child, which is not reused before the group is empty.
        unsafe { libc::kill(-self.pid, libc::SIGKILL) };
        let _ = child.wait();
    }
}
