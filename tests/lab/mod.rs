//! What the checks are made of: a program under test, clients that talk to
//! it, and what the kernel says about it.
//!
//! The exercises' grader and the tests of the steps use it, each a part.
//!
//! The grader sees only the outside: bytes, /proc, sock_diag, strace and the
//! exit status. Order is tested, not time; lower bounds are strict and upper
//! bounds are patient.

#![allow(dead_code, reason = "each program uses a part of it")]

pub mod busy;
pub mod client;
pub mod cost;
pub mod diag;
pub mod fixtures;
pub mod landlock;
pub mod launch;
pub mod linger;
pub mod output;
pub mod peer;
pub mod preload;
pub mod proc;
pub mod program;
pub mod quiet;
pub mod ready;
pub mod scratch;
pub mod show;
pub mod skip;
pub mod tidy;
pub mod time;
pub mod transcript;
pub mod tree;
pub mod trouble;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use launch::Launch;
use preload::Preload;
use program::Program;
use scratch::Scratch;
use transcript::Transcript;

pub use peer::{BlackHole, Peer};
pub use trouble::{Advice, Outcome, Trouble};

/// What a check works with: one program, one empty directory. A clone is the
/// same lab.
#[derive(Clone)]
pub struct Lab {
    program: PathBuf,
    shim: Arc<Preload>,
    scratch: Arc<Scratch>,
    /// Whether the program may announce itself in more words.
    lenient: bool,
    /// Whether this is a lab for [trusted](Lab::trusting) programs.
    trusts: bool,
    /// Whether SIGINT and SIGTERM end the program with status 0.
    handles_signals: bool,
    log: Transcript,
}

impl Lab {
    /// For the executable `program`; `shim` is the library to preload. A
    /// `lenient` lab is for the steps, which announce themselves with a
    /// scheme and a hint.
    pub fn new(program: &Path, shim: &Path, lenient: bool) -> io::Result<Lab> {
        give_memory_back();
        Ok(Lab {
            program: program.to_path_buf(),
            shim: Arc::new(Preload::new(shim)?),
            scratch: Arc::new(Scratch::new()?),
            lenient,
            trusts: false,
            handles_signals: false,
            log: Transcript::default(),
        })
    }

    /// For a program that is ours or a well-known tool: it is left as many
    /// resources as it wants, and given all the time that a wait may take.
    /// It may sleep by the clock, so that silence proves nothing.
    pub fn trusting(program: impl AsRef<Path>) -> Outcome<Lab> {
        // This program is target/debug/deps/suites-…
        let me = std::env::current_exe();
        let shim = me.map(|me| me.with_file_name("../examples/libshim.so"));
        let lab = shim.and_then(|shim| Lab::new(program.as_ref(), &shim, true));
        let lab = lab.map_err(|error| {
            Trouble::blocked(format!("no directory for the program: {error}"))
        })?;
        Ok(Lab { trusts: true, ..lab })
    }

    /// For a program that ends by SIGINT and SIGTERM with status 0, if `yes`.
    pub fn handling_signals(self, yes: bool) -> Lab {
        Lab { handles_signals: yes, ..self }
    }

    /// What has been done so far.
    pub fn log(&self) -> &Transcript {
        &self.log
    }

    /// The directory in which the program is started, and which goes with
    /// the lab.
    pub fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// A start of the program with these arguments, to be described further.
    pub fn launch(&self, args: &[&str]) -> Launch {
        Launch::new(self, args)
    }

    /// The program on a free port of 127.0.0.1, ready.
    pub fn server(&self) -> Outcome<Program> {
        self.server_with(&[])
    }

    /// The same with further arguments.
    pub fn server_with(&self, args: &[&str]) -> Outcome<Program> {
        self.launch(&[&["127.0.0.1:0"], args].concat()).start()
    }
}

/// A program is started by fork(2), which copies the tables of all memory that
/// the tests ever had: what is large goes back to the kernel when it is freed.
fn give_memory_back() {
    // SAFETY: mallopt(3) takes numbers. That it fails does no harm.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 128 * 1024);
    }
}
