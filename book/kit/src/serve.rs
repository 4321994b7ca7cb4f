//! Serves the built book by the newest step that serves files, and builds it
//! again when something changes.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::project::files;
use crate::record::cargo;
use crate::record::process::Running;
use crate::{Project, Result, Step, build};

/// How often the sources are looked at.
const INTERVAL: Duration = Duration::from_millis(500);

/// What the book is made of, from the root.
const SOURCES: &str = "book/book.toml book/data book/runs book/src book/theme \
    book/traces shared steps";

/// A step that serves a directory. It ends with this value.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    pub(crate) process: Running,
}

impl Server {
    /// Builds the newest step that takes `--root`, and starts it on that port
    /// of this machine; port 0 takes a free one.
    pub fn start(
        project: &Project,
        directory: &Path,
        port: u16,
    ) -> Result<Server> {
        let serves = |step: &&Step| {
            let main = project.read(step.folder().join("main.rs"));
            main.is_ok_and(|text| text.contains("--root DIR"))
        };
        let step = project.steps.iter().rev().find(serves);
        let name = step.context("no step serves files yet")?.program();
        eprintln!("book: building {name}, which serves it");
        let built = cargo::build(project, std::slice::from_ref(&name))?;
        let mut command = Command::new(cargo::built(&built, &name)?);
        command.arg(format!("127.0.0.1:{port}")).arg("--root").arg(directory);
        Server::of(command).with_context(|| {
            format!("cannot listen on port {port}; choose one with --port")
        })
    }

    /// Starts a step that says first where it listens.
    pub(crate) fn of(mut command: Command) -> Result<Server> {
        let (output, theirs) = io::pipe()?;
        command.stdin(Stdio::null()).stdout(theirs).stderr(Stdio::null());
        let process = Running::start(&mut command)?;
        // Our copy of its end of the pipe would keep ours from its end.
        drop(command);
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening on http://");
        let address = address.with_context(|| format!("it says {line:?}"))?;
        Ok(Server { address: address.parse()?, process })
    }

    /// The number of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.process.session()
    }

    /// Builds the book whenever its sources change, as long as it is served.
    /// What is wrong is said, and the book stays as it is until that is mended.
    pub fn watch(&mut self, project: &Project) -> Result<()> {
        let mut built = stamp(project);
        loop {
            thread::sleep(INTERVAL);
            if let Some(status) = self.process.ended()? {
                bail!("the step that serves the book has ended: {status}");
            }
            let now = stamp(project);
            if now == built {
                continue;
            }
            built = now;
            eprintln!("book: something has changed, building again");
            let start = Instant::now();
            let project = Project::open(&project.root);
            match project.and_then(|project| build::install(&project)) {
                Ok(_) => eprintln!("book: built in {:.1?}", start.elapsed()),
                Err(error) => eprintln!("book: {error:#}"),
            }
        }
    }
}

/// Stands for the sources as they are now: their names, sizes and dates. A
/// file that goes while it is looked at is a change like any other.
fn stamp(project: &Project) -> u64 {
    let mut hasher = DefaultHasher::new();
    for source in SOURCES.split(' ') {
        for file in files(&project.root, source).unwrap_or_default() {
            let data = fs::metadata(project.root.join(&file));
            let data = data.map(|data| (data.len(), data.modified().ok()));
            (file, data.ok()).hash(&mut hasher);
        }
    }
    hasher.finish()
}
