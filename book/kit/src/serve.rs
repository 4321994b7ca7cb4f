//! Serves the built book by the newest step that serves files, and builds it
//! again when something changes.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use nix::sys::prctl;
use nix::sys::signal::Signal;

use crate::record::cargo;
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

/// How many clients are served at once: a browser opens six connections and
/// keeps them, and the step, until one of them forks, serves one.
const AT_ONCE: usize = 12;

/// Processes of a step that serve a directory, behind one address.
pub struct Server {
    listener: TcpListener,
    idle: Mutex<Vec<Process>>,
    returned: Condvar,
}

/// A step at its own address; dropping it ends it.
struct Process {
    child: Child,
    address: String,
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
        let built = cargo::build(project, &["--bin".into(), name.clone()])?;
        let program = cargo::built(&built, &name)?;
        let mut idle = Vec::new();
        for _ in 0..AT_ONCE {
            idle.push(Process::start(program, directory)?);
        }
        let idle = Mutex::new(idle);
        Ok(Server { listener, idle, returned: Condvar::new() })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// Those of getsockname(2).
    pub fn address(&self) -> Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// Serves until the program is ended.
    pub fn serve(&self) {
        thread::scope(|scope| {
            for client in self.listener.incoming().flatten() {
                let serve = move || self.relay(&client);
                if let Err(error) =
                    thread::Builder::new().spawn_scoped(scope, serve)
                {
                    // That client sees its connection end, and no other.
                    eprintln!("book: cannot serve a client: {error}");
                }
            }
        });
    }

    /// Passes bytes between a client and a process that is idle, or as soon
    /// as one is.
    fn relay(&self, client: &TcpStream) {
        let lock = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = self.returned.wait_while(lock, |idle| idle.is_empty());
        let mut idle = waiting.unwrap_or_else(PoisonError::into_inner);
        let Some(process) = idle.pop() else { return };
        drop(idle);
        if let Err(error) = process.relay(client) {
            eprintln!("book: a client's connection broke: {error}");
        }
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(process);
        self.returned.notify_one();
    }
}

impl Process {
    fn start(program: &Path, directory: &Path) -> Result<Process> {
        let mut command = Command::new(program);
        command.arg("127.0.0.1:0").arg("--root").arg(directory);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(Stdio::null());
        // SAFETY: between fork and exec it makes one bare system call.
        unsafe {
            command.pre_exec(|| {
                // Should we be killed, the step ends too.
                Ok(prctl::set_pdeathsig(Signal::SIGTERM)?)
            })
        };
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let address = line.trim().strip_prefix("listening on http://");
        let address = address.map(|it| it.trim_end_matches('/').to_string());
        let mut process = Process { child, address: String::new() };
        process.address = address.with_context(|| {
            format!("{} does not say where it listens", program.display())
        })?;
        Ok(process)
    }

    /// Until the step closes the connection, as it does when a client is
    /// silent or gone.
    fn relay(&self, client: &TcpStream) -> io::Result<()> {
        let step = TcpStream::connect(&self.address)?;
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

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Builds the book whenever its sources change.
pub fn watch(project: &Project) {
    let mut built = stamp(project);
    loop {
        thread::sleep(INTERVAL);
        let now = stamp(project);
        if now != built {
            built = now;
            rebuild(project);
        }
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
