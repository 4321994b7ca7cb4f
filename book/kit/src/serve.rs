//! Serves the built book by the newest step that serves files, and builds it
//! again when something changes.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::project::files;
use crate::record::cargo;
use crate::record::process::Running;
use crate::{Project, Result, Step, build};

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

/// Serves a directory by a step. As long as no step serves several clients at
/// a time, each connection has a process of its own, to which its bytes are
/// passed: a browser opens six connections and keeps them.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    listener: TcpListener,
    program: PathBuf,
    directory: PathBuf,
}

impl Server {
    /// Builds the newest step that takes `--root`, and listens on that port of
    /// this machine; port 0 takes a free one.
    ///
    /// # Errors
    /// When there is no such step, it does not compile or start, or the port
    /// is taken.
    pub fn start(
        project: &Project,
        directory: &Path,
        port: u16,
    ) -> Result<Server> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        let listener = listener.with_context(|| {
            format!("cannot listen on port {port}; choose one with --port")
        })?;
        let serves = |step: &&Step| {
            let main = project.read(step.folder().join("main.rs"));
            main.is_ok_and(|text| text.contains("--root DIR"))
        };
        let step = project.steps.iter().rev().find(serves);
        let name = step.context("no step serves files yet")?.program();
        eprintln!("book: building {name}, which serves it");
        let built = cargo::build(project, std::slice::from_ref(&name))?;
        let program = cargo::built(&built, &name)?.to_path_buf();
        let directory = directory.to_path_buf();
        let address = listener.local_addr()?;
        let server = Server { address, listener, program, directory };
        // One that cannot start says so now, and not to the first client.
        server.process()?;
        Ok(server)
    }

    /// Serves until the program is ended.
    pub fn serve(&self) {
        thread::scope(|scope| {
            for client in self.listener.incoming().flatten() {
                let relay = move || {
                    if let Err(error) = self.relay(&client) {
                        eprintln!("book: a client's connection broke: {error}");
                    }
                };
                if let Err(error) =
                    thread::Builder::new().spawn_scoped(scope, relay)
                {
                    // That client sees its connection end, and no other.
                    eprintln!("book: cannot serve a client: {error}");
                }
            }
        });
    }

    /// A process of the step, which ends when it is dropped, and its address.
    fn process(&self) -> Result<(Running, String)> {
        let mut command = Command::new(&self.program);
        command.arg("127.0.0.1:0").arg("--root").arg(&self.directory);
        let (output, theirs) = io::pipe()?;
        command.stdin(Stdio::null()).stdout(theirs).stderr(Stdio::null());
        let process = Running::start(&mut command)?;
        // Our copy of its end of the pipe would keep ours from its end.
        drop(command);
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening on http://");
        let address = address.with_context(|| {
            format!("{} does not say where it listens", self.program.display())
        })?;
        Ok((process, address.trim_end_matches('/').to_string()))
    }

    /// Passes bytes between a client and a process until that closes the
    /// connection, as it does when a client is silent or gone.
    fn relay(&self, client: &TcpStream) -> Result<()> {
        let (_process, address) = self.process()?;
        let step = TcpStream::connect(address)?;
        thread::scope(|scope| {
            let (mut from, mut to) = (client, &step);
            thread::Builder::new().spawn_scoped(scope, move || {
                // Its end, or how it broke, is told by the other direction.
                let _ = io::copy(&mut from, &mut to);
                let _ = to.shutdown(Shutdown::Write);
            })?;
            let (mut from, mut to) = (&step, client);
            // A client that leaves early is no failure.
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Both);
            Ok(())
        })
    }
}

/// Builds the book whenever its sources change. What is wrong is said, and
/// the book stays as it is until that is mended.
pub fn watch(project: &Project) {
    let mut built = stamp(project);
    loop {
        thread::sleep(INTERVAL);
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

/// Stands for the sources as they are now: their names, sizes and dates. A
/// file that goes while it is looked at is a change like any other.
fn stamp(project: &Project) -> u64 {
    let mut hasher = DefaultHasher::new();
    for source in SOURCES {
        for file in files(&project.root, source).unwrap_or_default() {
            let data = fs::metadata(project.root.join(&file));
            let data = data.map(|data| (data.len(), data.modified().ok()));
            (file, data.ok()).hash(&mut hasher);
        }
    }
    hasher.finish()
}
