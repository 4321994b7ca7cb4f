//! Requests that are held open: a worker reads a FIFO to its end, and the
//! harness decides when that is.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::Mode;
use nix::unistd;

use super::expect::ensure;
use crate::lab::busy::Spin;
use crate::lab::program::Program;
use crate::lab::quiet::Quiet;
use crate::lab::trouble::SPINS;
use crate::lab::{Lab, Outcome, Trouble, proc, time};

/// A FIFO in the program's directory.
pub struct Held {
    name: String,
    path: PathBuf,
    /// Our end of it, once a worker has opened the other one.
    end: Option<File>,
}

impl Held {
    /// Makes the FIFO `name`.
    pub fn new(lab: &Lab, name: &str) -> Outcome<Held> {
        let path = lab.scratch().join(name);
        // One that is done with may have had the name.
        let _ = fs::remove_file(&path);
        unistd::mkfifo(&path, Mode::S_IRWXU).map_err(|errno| {
            Trouble::blocked(format!("mkfifo({name}) fails: {errno}"))
        })?;
        Ok(Held { name: name.to_string(), path, end: None })
    }

    /// The line that asks for it.
    pub fn request(&self) -> String {
        format!("{}\n", self.name)
    }

    /// Whether a worker reads it, or has begun to open it.
    pub fn is_read(&mut self) -> bool {
        // Opening it for writing fails as long as nobody reads: fifo(7).
        let mut options = OpenOptions::new();
        options.write(true).custom_flags(libc::O_NONBLOCK);
        self.end = self.end.take().or_else(|| options.open(&self.path).ok());
        self.end.is_some()
    }

    /// Waits until a worker reads it.
    pub fn await_worker(&mut self, program: &Program) -> Outcome {
        let pid = program.pid();
        // Most come soon, and looking at a program takes longer.
        let soon = Duration::from_millis(20);
        let read = || self.is_read().then_some(());
        if time::eventually(soon, pid, read).is_some() {
            return Ok(());
        }
        let mut quiet = Quiet::new(pid);
        time::eventually(program.patience(), pid, || {
            let is_over = program.ended().is_some() || quiet.look(None);
            (self.is_read() || is_over).then_some(())
        });
        ensure(self.is_read(), || {
            let expected = format!("a worker reads {}", self.name);
            program.failed(expected, "no worker does")
        })
    }

    /// Waits until no process has it open any more, but for us.
    pub fn await_gone(&self, program: &Program) -> Outcome {
        program.eventually("leaves no process behind", || {
            // Nothing is asked for: what is told then is that nobody reads.
            let end = self.end.as_ref()?.as_fd();
            let mut list = [PollFd::new(end, PollFlags::empty())];
            (poll(&mut list, PollTimeout::ZERO) == Ok(1)).then_some(())
        })
    }

    /// Lets the worker have `content`, and the end.
    pub fn release(mut self, lab: &Lab, content: &str) {
        lab.log().event(format!("{} is written, and closed", self.name));
        if let Some(end) = &mut self.end {
            // If the worker has gone, its client will tell.
            let _ = end.write_all(content.as_bytes());
        }
    }
}

/// A server with so many workers, which have come to their first wait.
pub fn start_workers(lab: &Lab, count: usize) -> Outcome<Program> {
    let program = lab.server_with(&["--workers", &count.to_string()])?;
    await_sleep(&program)?;
    Ok(program)
}

/// Tells a program to end.
pub fn terminate(program: &Program) {
    program.lab().log().event("the program gets SIGTERM");
    program.signal(libc::SIGTERM);
}

/// Waits until the program has done all that it can do, or has ended: every
/// thread sleeps, none has moved between two looks, and no client waits to be
/// accepted. A thread that is woken is ready to run from that moment on, so
/// that this is a proof at once.
pub fn await_sleep(program: &Program) -> Outcome {
    let pid = program.pid();
    let look = || {
        let threads = proc::threads(pid);
        let sleep = threads.iter().all(|thread| thread.state == 'S');
        let switches = threads.iter().map(|thread| thread.switches);
        sleep.then(|| switches.collect::<Vec<_>>())
    };
    let spin = Spin::new(program);
    let is_done = program.eventually("accepts all, and sleeps", || {
        let before = look();
        // There is no queue once it does not listen.
        let all_accepted = program.queue().map_or(true, |count| count == 0);
        let done = before.is_some() && all_accepted && look() == before;
        let is_over = program.ended().is_some() || spin.is_proven();
        (done || is_over).then_some(done)
    })?;
    ensure(is_done || program.ended().is_some(), || {
        program.failed("it sleeps until something happens", SPINS)
    })
}
