//! Exercise 21a, A line for each: a log that nobody waits for.
//!
//! Try it: `cargo run --example 21a -- 127.0.0.1:8080 --log /tmp/log`

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use nix::sys::signal::{SigSet, Signal};
use shared::cli::{self, Failure};
use shared::net::listener::Listener;

fn main() -> ExitCode {
    cli::main(|| {
        let usage = "usage: 21a [ADDRESS] --log FILE";
        let (address, [path]) = cli::server_arguments(usage, ["log"])?;
        let path = path.ok_or_else(|| Failure::usage("no --log"))?;
        serve(address, path.into())
            .map_err(|error| Failure::new("cannot serve", error))
    })
}

/// Serves each client in a thread, and SIGUSR1 in one more.
fn serve(address: SocketAddr, path: PathBuf) -> io::Result<()> {
    let signals = SigSet::from_iter([Signal::SIGUSR1]);
    // In all threads that are started from here on.
    signals.thread_block()?;
    let listener = Listener::open(address)?;
    let service = Service::start(path)?;
    let wait = move || {
        while signals.wait().is_ok() {
            service.renew();
        }
    };
    thread::Builder::new().spawn(wait)?;
    cli::print(format_args!("listening on {}", listener.address()));
    loop {
        let (socket, peer) = listener.accept()?;
        let lost = move |error| cli::log(format_args!("{peer} lost: {error}"));
        let talk = move || talk(socket.into(), service).unwrap_or_else(lost);
        thread::Builder::new().spawn(talk).map(drop).unwrap_or_else(lost);
    }
}

/// A lock, whatever has become of the thread that had it before.
fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Responds to each line of a client.
fn talk(mut stream: TcpStream, service: &Service) -> io::Result<()> {
    let mut input = BufReader::new(stream.try_clone()?);
    while let Some(line) = next_line(&mut input)? {
        stream.write_all(service.respond(&line).as_bytes())?;
    }
    Ok(())
}

/// The next line, without its end. Half a line, or half
/// of a long one, is the end of all.
fn next_line(input: impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    input.take(4096).read_until(b'\n', &mut line)?;
    Ok((line.pop() == Some(b'\n')).then_some(line))
}

/// What all clients have in common.
struct Service {
    path: PathBuf,
    file: Mutex<File>,
    /// How many lines are missing there.
    lost: AtomicU64,
}

impl Service {
    fn start(path: PathBuf) -> io::Result<&'static Self> {
        let (file, lost) = (Mutex::new(open(&path)?), AtomicU64::new(0));
        Ok(Box::leak(Box::new(Service { path, file, lost })))
    }

    /// Responds to `say TEXT`, which is logged, and to all else.
    fn respond(&self, line: &[u8]) -> String {
        let Some(text) = line.strip_prefix(b"say ") else {
            return format!("{} lost\n", self.lost.load(Ordering::Relaxed));
        };
        // TODO: the client waits for the disk, and the text is any bytes.
        self.write(&format!("\"{}\"\n", String::from_utf8_lossy(text)));
        "ok\n".to_string()
    }

    fn write(&self, line: &str) {
        if lock(&self.file).write_all(line.as_bytes()).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Opens the file again: the old one may have another name by now.
    fn renew(&self) {
        cli::log(self.path.display()); // TODO: open it.
    }
}

/// Opens a log, for lines behind those that are there.
fn open(path: &Path) -> io::Result<File> {
    File::options().append(true).create(true).open(path)
}
