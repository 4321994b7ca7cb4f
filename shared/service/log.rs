//! Enters in step 21: the thread that writes the access log.
//!
//! It alone waits for the disk. What it cannot write is lost, and said: at
//! most once a minute, so that a full disk does not fill another one.

use std::fmt::Display;
use std::io;
use std::mem;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::stat::Mode;
use nix::unistd;
use shared::cli::{self, Failure};
use shared::sync::vital;
use shared::web::log::{Buffers, count};

/// How often is said that lines are lost.
const TELL: Duration = Duration::from_secs(60);

/// The access log.
#[derive(Debug)]
pub struct Log {
    buffers: Arc<Buffers>,
    /// A file to be used instead of the present one.
    next: Arc<Mutex<Option<OwnedFd>>>,
    thread: JoinHandle<()>,
}

impl Log {
    /// Starts the thread, which writes into this file. Signals that it is not
    /// to take must be blocked before.
    ///
    /// # Errors
    /// Those of pthread_create(3).
    pub fn start(file: OwnedFd) -> Result<Self, Failure> {
        Log::start_telling(file, TELL)
    }

    /// The same, where this is how often is said that lines are lost.
    ///
    /// # Errors
    /// Those of pthread_create(3).
    pub fn start_telling(
        file: OwnedFd,
        pause: Duration,
    ) -> Result<Self, Failure> {
        let buffers = Arc::new(Buffers::default());
        let next = Arc::new(Mutex::new(None));
        let writer = Writer::new(file, pause);
        let (theirs, slot) = (Arc::clone(&buffers), Arc::clone(&next));
        let thread = vital::spawn(move || run(writer, &theirs, &slot))
            .map_err(|error| Failure::new("cannot start a thread", error))?;
        Ok(Log { buffers, next, thread })
    }

    /// Where loops put their lines.
    pub fn handle(&self) -> Arc<Buffers> {
        Arc::clone(&self.buffers)
    }

    /// Writes into the file that is at `path` now: the old one may have been
    /// renamed. No line is lost.
    ///
    /// # Errors
    /// Those of open(2): then the old file stays.
    pub fn reopen(&self, path: &Path) -> Result<(), Failure> {
        let file = open_log(path)?;
        *lock(&self.next) = Some(file);
        // If there is no room for this, the thread has enough to do, and
        // looks then.
        self.buffers.put(Vec::new());
        Ok(())
    }

    /// Writes all that has been handed over.
    pub fn stop(self) {
        self.buffers.close();
        // It has not panicked: that ends the process.
        let _ = self.thread.join();
    }
}

/// Opens the file at `path`, which is made if it is missing, for lines behind
/// those that are there; `-` is standard error.
///
/// # Errors
/// Those of open(2).
pub fn open_log(path: &Path) -> Result<OwnedFd, Failure> {
    let opened = match path.as_os_str().as_encoded_bytes() {
        b"-" => io::stderr().as_fd().try_clone_to_owned(),
        _ => {
            let flags = OFlag::O_WRONLY
                | OFlag::O_APPEND
                | OFlag::O_CREAT
                | OFlag::O_CLOEXEC;
            // Who reads it learns who has asked for what: not everybody is to.
            let mode = Mode::from_bits_retain(0o640);
            open(path, flags, mode).map_err(io::Error::from)
        }
    };
    opened.map_err(|error| {
        let path = path.display();
        Failure::new(format_args!("cannot open the log {path}"), error)
    })
}

/// Takes buffers and writes them, until there will be no more.
fn run(
    mut writer: Writer,
    buffers: &Buffers,
    next: &Mutex<Option<OwnedFd>>,
) -> Result<(), Failure> {
    // A file may have reached RLIMIT_FSIZE: write(2) is to say so, instead of
    // ending the process.
    SigSet::from(Signal::SIGXFSZ)
        .thread_block()
        .map_err(|errno| Failure::new("cannot block a signal", errno))?;
    // What has been lost is said when its time has come, even if nothing more
    // is to be written.
    while let Some(lines) = buffers.take(writer.time_to_tell()) {
        if let Some(file) = lock(next).take() {
            writer.end_line();
            writer.file = file;
        }
        writer.write(&lines);
        buffers.recycle(lines);
        match buffers.lost() {
            0 => {}
            lines => writer.lose(lines, "the disk is too slow"),
        }
        if writer.time_to_tell() == Some(Duration::ZERO) {
            writer.tell();
        }
    }
    writer.end_line();
    writer.tell();
    Ok(())
}

/// A file is never half replaced: a poisoned lock is taken over.
fn lock(next: &Mutex<Option<OwnedFd>>) -> MutexGuard<'_, Option<OwnedFd>> {
    next.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file that receives whole lines.
#[derive(Debug)]
struct Writer {
    file: OwnedFd,
    /// What is still to be written of a line that has begun in the file.
    rest: Vec<u8>,
    /// Lines that have been lost since that was last said, and why.
    lost: u64,
    why: String,
    /// When it was said, and how long it is not said again.
    told: Option<Instant>,
    pause: Duration,
}

impl Writer {
    fn new(file: OwnedFd, pause: Duration) -> Self {
        let (rest, why) = (Vec::new(), String::new());
        Writer { file, rest, lost: 0, why, told: None, pause }
    }

    /// Writes lines. Those that cannot be written are lost, but for the rest
    /// of one that has begun: that comes first, the next time.
    fn write(&mut self, lines: &[u8]) {
        let rest = mem::take(&mut self.rest);
        let (written, result) = write_all(&self.file, &rest);
        if let Err(errno) = result {
            self.rest = rest[written..].to_vec();
            return self.lose(count(lines), cli::strerror(errno));
        }
        let (written, result) = write_all(&self.file, lines);
        if let Err(errno) = result {
            let (before, left) = lines.split_at(written);
            let begun = match before {
                [] | [.., b'\n'] => 0,
                _ => {
                    left.iter().position(|b| *b == b'\n').map_or(0, |at| at + 1)
                }
            };
            let (rest, lost) = left.split_at(begun);
            self.rest = rest.to_vec();
            self.lose(count(lost), cli::strerror(errno));
        }
    }

    /// Nothing more comes into this file: a last try for a line that has
    /// begun in it.
    fn end_line(&mut self) {
        self.write(b"");
        if !mem::take(&mut self.rest).is_empty() {
            self.lost += 1;
        }
    }

    fn lose(&mut self, lines: u64, why: impl Display) {
        self.lost += lines;
        self.why = why.to_string();
    }

    /// In which time is to be said what has been lost; `None` if nothing has.
    fn time_to_tell(&self) -> Option<Duration> {
        let passed = self.told.map_or(self.pause, |told| told.elapsed());
        (self.lost > 0).then(|| self.pause.saturating_sub(passed))
    }

    /// Says what has been lost, if anything has.
    fn tell(&mut self) {
        if self.lost > 0 {
            let (lost, why) = (mem::take(&mut self.lost), &self.why);
            cli::log(format_args!("the log has lost {lost} lines: {why}"));
            self.told = Some(Instant::now());
        }
    }
}

/// Writes all of `bytes`. Says how many have been written, also if the others
/// cannot be.
fn write_all(file: &OwnedFd, bytes: &[u8]) -> (usize, nix::Result<()>) {
    let mut written = 0;
    while written < bytes.len() {
        // Put bytes behind those that the file has, whoever wrote them.
        match unistd::write(file, &bytes[written..]) {
            // No file does this, and a loop that went on would never end.
            Ok(0) => return (written, Err(Errno::EIO)),
            Ok(count) => written += count,
            Err(Errno::EINTR) => {}
            Err(errno) => return (written, Err(errno)),
        }
    }
    (written, Ok(()))
}
