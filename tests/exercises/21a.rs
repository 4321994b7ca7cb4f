//! Exercise 21a, A line for each: a log that nobody waits for.
//!
//! Try it: `cargo run --example 21a -- 127.0.0.1:8080 --log /tmp/log`

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, SyncSender}; //-solution
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use nix::sys::signal::{SigSet, Signal};
use shared::cli::{self, Failure};
use shared::net::listener::Listener;

//-service log

//-talk

/// What all clients have in common.
struct Service {
    path: PathBuf,
    file: Mutex<File>,
    /// How many lines are missing there.
    lost: AtomicU64,
    queue: SyncSender<String>, //-solution
}

impl Service {
    fn start(path: PathBuf) -> io::Result<&'static Self> {
        let (file, lost) = (Mutex::new(open(&path)?), AtomicU64::new(0));
        //-solution
        let (queue, lines) = mpsc::sync_channel::<String>(1000);
        let service = Box::new(Service { path, file, lost, queue });
        let service: &'static Self = Box::leak(service);
        let write = move || lines.iter().for_each(|line| service.write(&line));
        thread::Builder::new().spawn(write)?;
        Ok(service)
        //-starter
        // Ok(Box::leak(Box::new(Service { path, file, lost })))
        //-end
    }

    /// Responds to `say TEXT`, which is logged, and to all else.
    fn respond(&self, line: &[u8]) -> String {
        let Some(text) = line.strip_prefix(b"say ") else {
            return format!("{} lost\n", self.lost.load(Ordering::Relaxed));
        };
        //-solution
        if self.queue.try_send(format!("\"{}\"\n", escape(text))).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        //-starter
        // // TODO: the client waits for the disk, and the text is any bytes.
        // self.write(&format!("\"{}\"\n", String::from_utf8_lossy(text)));
        //-end
        "ok\n".to_string()
    }

    fn write(&self, line: &str) {
        if lock(&self.file).write_all(line.as_bytes()).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Opens the file again: the old one may have another name by now.
    fn renew(&self) {
        //-solution
        match open(&self.path) {
            Ok(file) => *lock(&self.file) = file,
            Err(error) => cli::log(format_args!("log: {error}")),
        }
        //-starter
        // cli::log(self.path.display()); // TODO: open it.
        //-end
    }
}

/// Opens a log, for lines behind those that are there.
fn open(path: &Path) -> io::Result<File> {
    File::options().append(true).create(true).open(path)
}
//-solution

/// A text in which nothing ends it, or its line.
fn escape(text: &[u8]) -> String {
    let escape = |byte: &u8| match byte {
        b'"' | b'\\' | ..b' ' | 0x7F.. => format!("\\x{byte:02X}"),
        _ => char::from(*byte).to_string(),
    };
    text.iter().take(200).map(escape).collect()
}
//-end
