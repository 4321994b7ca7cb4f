//! A program under test: its output, its state, its end.

mod ending;
mod state;
mod words;

use std::net::SocketAddr;
use std::process::{Child, ChildStdin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Lab;
use super::client::Client;
use super::output::Output;
use super::proc::Resources;
use super::time::{self, Deadline, PATIENCE};
use super::transcript::Transcript;
use super::trouble::{Failure, Outcome, SPINS, Trouble};
use super::{diag, proc, show};

#[allow(unused_imports, reason = "the checks name what they return")]
pub use ending::Ended;
pub use ending::describe;

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

impl Program {
    /// Takes care of a process that has just been started.
    pub fn new(mut child: Child, lab: &Lab) -> Program {
        let tell = |name: &'static str| {
            // A report about a student's program has no room for it.
            let log = lab.trusts.then(|| lab.log().clone());
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
        if self.lab().trusts { PATIENCE * 6 } else { PATIENCE }
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

    /// What it has at this moment.
    pub fn resources(&self) -> Resources {
        Resources::of(self.pid())
    }

    /// Waits until it has again what it `had` before its clients.
    pub fn expect_back(&self, had: &Resources) -> Outcome {
        let is_back = || (self.resources() == *had).then_some(());
        let back = time::eventually(self.patience(), self.pid(), is_back);
        back.ok_or_else(|| {
            let expected = format!("it has again {had:?}");
            self.failed(expected, format!("{:?}", self.resources()))
        })
    }

    /// Waits until a thread of it, or of a child, sleeps in `call`, such as
    /// `read()`.
    pub fn await_call(&self, call: &str) -> Outcome {
        self.eventually(&format!("waits in {call}"), || {
            let mut tree = proc::tree(self.pid()).into_iter();
            tree.find(|pid| proc::waits_in(*pid, call)).map(drop)
        })
    }

    /// Waits until it has so many sockets open.
    pub fn await_sockets(&self, count: usize) -> Outcome {
        self.eventually(&format!("has {count} sockets"), || {
            (proc::socket_count(self.pid()) == count).then_some(())
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

    /// Connects a client to the first address.
    pub fn connect(&self) -> Outcome<Client> {
        Client::connect(self, self.address()?, self.log())
    }

    /// Connects so many clients, one after the other.
    pub fn connect_many(&self, count: usize) -> Outcome<Vec<Client>> {
        (0..count).map(|_| self.connect()).collect()
    }

    /// Connects a client to `address`.
    pub fn connect_to(&self, address: SocketAddr) -> Outcome<Client> {
        Client::connect(self, address, self.log())
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

    /// Remembers what it has announced.
    pub fn set_addresses(&self, announced: Vec<SocketAddr>) {
        *lock(&self.inner.addresses) = announced;
    }
}

/// The value, even if a thread has panicked while it held it.
fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Inner {
    fn drop(&mut self) {
        let child = self.child.get_mut();
        let child = child.unwrap_or_else(PoisonError::into_inner);
        // The group, not only the process: whatever it has started.
        // Its number is that of our child, which has not been waited for, so
        // it is nobody else's.
        proc::kill(-self.pid, libc::SIGKILL);
        let _ = child.wait();
        if std::thread::panicking() {
            eprintln!("{}", self.lab.log().story());
        }
    }
}
