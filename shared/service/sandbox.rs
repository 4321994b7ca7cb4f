//! Enters in step 22: what this process can no longer do, whatever it is made
//! to try.
//!
//! Two promises to the kernel, which nobody can take back: Landlock is about
//! files, seccomp about system calls. Both bind the thread that makes them and
//! all that it starts later, so they come before there are other threads.

use std::fmt::{self, Display};
use std::path::PathBuf;

use nix::errno::Errno;
use shared::cli::{self, Failure};

pub mod calls;
mod files;

/// Whether there is to be a sandbox.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// There is none.
    Off,
    /// As much of it as this kernel has.
    #[default]
    Best,
    /// All of it, or the process does not start.
    Require,
}

/// What remains of the file system: directories, and what may be done in them
/// and beneath them.
#[derive(Debug, Default, Clone)]
pub struct Places {
    /// To read.
    pub read: Vec<PathBuf>,
    /// To read, to make and replace files, and to remove them.
    pub write: Vec<PathBuf>,
    /// To make files and add to them.
    pub log: Vec<PathBuf>,
    /// To remove what is a socket there. (Landlock does not tell it from
    /// other files.)
    pub sockets: Vec<PathBuf>,
    /// Whether to connect to others as well, and to make what is needed for
    /// that. Enters in step 27.
    pub dials: bool,
}

/// What has come of it.
#[derive(Debug)]
pub struct Report {
    files: Result<u32, String>,
    calls: Result<usize, String>,
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.files {
            Ok(abi) => write!(f, "landlock ABI {abi}, ")?,
            Err(why) => write!(f, "no landlock: {why}; ")?,
        }
        match &self.calls {
            Ok(count) => write!(f, "seccomp {count} calls"),
            Err(why) => write!(f, "no seccomp: {why}"),
        }
    }
}

/// Gives up everything but these places and the calls of [`calls`], for this
/// thread and those that it starts later.
///
/// # Errors
/// When a place cannot be opened; or, if all of it is required, when this
/// kernel does not have all.
pub fn enter(mode: Mode, places: &Places) -> Result<Report, Failure> {
    let files = files::restrict(places)?;
    // Enters in step 27.
    let further = if places.dials { calls::PEER } else { &[] };
    let calls = calls::restrict(further);
    let report = Report { files, calls };
    if mode == Mode::Require && (report.files.is_err() || report.calls.is_err())
    {
        return Err(Failure::wrong(format_args!("sandbox: {report}")));
    }
    Ok(report)
}

/// Says in one line how it is with the sandbox.
pub fn tell(report: &Report) {
    cli::log(format_args!("sandbox: {report}"));
}

/// What is said of a file that the sandbox hides: nobody has closed it.
pub fn explain(errno: Errno, is_on: bool) -> Option<&'static str> {
    (is_on && errno == Errno::EACCES).then_some(
        "outside what the sandbox allowed; restart or add it to sandbox.read",
    )
}
