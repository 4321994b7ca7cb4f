//! Serves the built book by the newest step that serves files, and builds it
//! again when something changes.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::sys::prctl;
use nix::sys::signal::Signal;

use crate::record::cargo;
use crate::{Project, Result, build};

/// How often the sources are looked at.
const INTERVAL: Duration = Duration::from_millis(500);

/// What the book is made of, from the root.
const SOURCES: [&str; 8] = [
    "book/book.toml",
    "book/data",
    "book/runs",
    "book/src",
    "book/theme",
    "book/traces",
    "shared",
    "steps",
];

/// A step that serves a directory; dropping it ends it.
pub struct Server(Child);

impl Server {
    /// Builds the newest step that takes `--root` and starts it on that port
    /// of this machine; port 0 takes a free one. The step prints its address.
    ///
    /// # Errors
    /// When there is no such step, or it does not compile or start.
    pub fn start(
        project: &Project,
        directory: &Path,
        port: u16,
        output: Stdio,
    ) -> Result<Server> {
        let serves = |step: &&crate::Step| {
            let main = project.read(step.folder().join("main.rs"));
            main.is_ok_and(|text| text.contains("--root DIR"))
        };
        let step = project.steps.iter().rev().find(serves);
        let name = step.context("no step serves files yet")?.program();
        eprintln!("book: building {name}, which serves it");
        let built = cargo::build(project, &["--bin".into(), name.clone()])?;
        let mut command = Command::new(cargo::built(&built, &name)?);
        command.arg(format!("127.0.0.1:{port}")).arg("--root").arg(directory);
        command.stdin(Stdio::null()).stdout(output);
        // SAFETY: between fork and exec it makes one bare system call.
        unsafe {
            command.pre_exec(|| {
                // Should we be killed, the server ends too.
                Ok(prctl::set_pdeathsig(Signal::SIGTERM)?)
            })
        };
        let child =
            command.spawn().with_context(|| format!("cannot start {name}"))?;
        Ok(Server(child))
    }

    /// What it prints, if `output` was a pipe.
    pub fn output(&mut self) -> Option<ChildStdout> {
        self.0.stdout.take()
    }

    /// Builds the book whenever its sources change, until the server ends.
    ///
    /// # Errors
    /// When the server ends: it has said why.
    pub fn watch(&mut self, project: &Project) -> Result<()> {
        let mut built = stamp(project);
        loop {
            if let Some(status) = self.0.try_wait()? {
                bail!("the server has ended: {status}; try another --port");
            }
            thread::sleep(INTERVAL);
            let now = stamp(project);
            if now != built {
                built = now;
                rebuild(project);
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Builds the book again. What is wrong is said, and the book stays as it is
/// until that is mended.
fn rebuild(project: &Project) {
    eprintln!("book: something has changed, building again");
    let start = Instant::now();
    let built = Project::open(&project.root)
        .and_then(|project| build::install(&project));
    match built {
        Ok(_) => eprintln!("book: built in {:.1?}", start.elapsed()),
        Err(error) => eprintln!("book: {error:#}"),
    }
}

/// Stands for the sources as they are now: their names, sizes and dates.
fn stamp(project: &Project) -> u64 {
    let mut hasher = DefaultHasher::new();
    for source in SOURCES {
        look(&project.root.join(source), &mut hasher);
    }
    hasher.finish()
}

/// A file that goes while it is looked at is a change like any other.
fn look(path: &Path, hasher: &mut DefaultHasher) {
    let Ok(data) = fs::metadata(path) else { return };
    path.hash(hasher);
    match fs::read_dir(path) {
        Ok(entries) => {
            let mut paths: Vec<_> =
                entries.flatten().map(|entry| entry.path()).collect();
            paths.sort();
            paths.iter().for_each(|path| look(path, hasher));
        }
        Err(_) => (data.len(), data.modified().ok()).hash(hasher),
    }
}
