//! Exercise 21b, One or the other: settings that change.
//!
//! Try it: `cargo run --example 21b -- 127.0.0.1:8080 --settings /tmp/settings`

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use nix::sys::signal::{SigSet, Signal};
use shared::cli::{self, Failure};
use shared::net::listener::Listener;

/// Of each of them the file has a line.
const KEYS: [&str; 3] = ["greeting", "text", "signature"];
type Settings = [String; 3];

fn main() -> ExitCode {
    cli::main(|| {
        let usage = "usage: 21b [ADDRESS] --settings FILE";
        let (address, [path]) = cli::server_arguments(usage, ["settings"])?;
        let path = path.ok_or_else(|| Failure::usage("no --settings"))?;
        serve(address, path.into())
            .map_err(|error| Failure::new("cannot serve", error))
    })
}

/// Serves each client in a thread, and SIGHUP in one more.
fn serve(address: SocketAddr, path: PathBuf) -> io::Result<()> {
    let signals = SigSet::from_iter([Signal::SIGHUP]);
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

/// Has an answer of three lines, each of which a client asks for with a line.
fn talk(mut stream: TcpStream, service: &Service) -> io::Result<()> {
    let mut input = BufReader::new(stream.try_clone()?);
    for at in (0..KEYS.len()).cycle() {
        if next_line(&mut input)?.is_none() {
            break;
        }
        // TODO: what if they change between two lines?
        let settings = lock(&service.settings).clone();
        stream.write_all(format!("{}\n", settings[at]).as_bytes())?;
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
    settings: Mutex<Settings>,
}

impl Service {
    /// One that is there as long as the process.
    fn start(path: PathBuf) -> io::Result<&'static Self> {
        let settings = Mutex::new(read(&path).map_err(io::Error::other)?);
        Ok(Box::leak(Box::new(Service { path, settings })))
    }

    /// Reads the file again.
    fn renew(&self) {
        cli::log(self.path.display()); // TODO: read it.
    }
}

/// What the file says, or what is wrong with it.
fn read(path: &Path) -> Result<Settings, String> {
    let name = path.display();
    let text = fs::read_to_string(path);
    let text = text.map_err(|error| format!("{name}: {error}"))?;
    let mut values = KEYS.map(|_| None);
    for (number, line) in (1..).zip(text.lines()) {
        let Some((at, value)) = setting(line) else {
            cli::log(format_args!("{name}:{number}: what is this?"));
            continue; // TODO: it is wrong.
        };
        values[at] = Some(value.to_string());
    }
    let values = values.map(Option::unwrap_or_default);
    Ok(values)
}

/// What a line is about, and what it says.
fn setting(line: &str) -> Option<(usize, &str)> {
    let (key, value) = line.split_once('=')?;
    let at = KEYS.iter().position(|it| *it == key.trim())?;
    Some((at, value.trim()))
}
