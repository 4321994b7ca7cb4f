//! Exercise 21b, One or the other: settings that change.
//!
//! Try it: `cargo run --example 21b -- 127.0.0.1:8080 --settings /tmp/settings`

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc; //-solution
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use nix::sys::signal::{SigSet, Signal};
use shared::cli::{self, Failure};
use shared::net::listener::Listener;

/// Of each of them the file has a line.
const KEYS: [&str; 3] = ["greeting", "text", "signature"];
type Settings = Arc<[String; 3]>; //-solution
// type Settings = [String; 3]; //-starter

//-service settings

/// Has an answer of three lines, each of which a client asks for with a line.
fn talk(mut stream: TcpStream, service: &Service) -> io::Result<()> {
    let mut input = BufReader::new(stream.try_clone()?);
    let mut settings = lock(&service.settings).clone(); //-solution
    for at in (0..KEYS.len()).cycle() {
        if next_line(&mut input)?.is_none() {
            break;
        }
        //-solution
        if at == 0 {
            settings = lock(&service.settings).clone();
        }
        //-starter
        // // TODO: what if they change between two lines?
        // let settings = lock(&service.settings).clone();
        //-end
        stream.write_all(format!("{}\n", settings[at]).as_bytes())?;
    }
    Ok(())
}

//-line

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
        //-solution
        match read(&self.path) {
            Ok(new) => *lock(&self.settings) = new,
            Err(wrong) => cli::log(wrong),
        }
        //-starter
        // cli::log(self.path.display()); // TODO: read it.
        //-end
    }
}

/// What the file says, or what is wrong with it.
fn read(path: &Path) -> Result<Settings, String> {
    let name = path.display();
    let text = fs::read_to_string(path);
    let text = text.map_err(|error| format!("{name}: {error}"))?;
    let mut values = KEYS.map(|_| None);
    for (number, line) in (1..).zip(text.lines()) {
        //-solution
        let (at, value) = setting(line)
            .ok_or_else(|| format!("{name}:{number}: not KEY = VALUE"))?;
        //-starter
        // let Some((at, value)) = setting(line) else {
        //     cli::log(format_args!("{name}:{number}: what is this?"));
        //     continue; // TODO: it is wrong.
        // };
        //-end
        values[at] = Some(value.to_string());
    }
    if let Some(at) = values.iter().position(Option::is_none) { //-solution
        return Err(format!("{name}: no {}", KEYS[at])); //-solution
    } //-solution
    let values = values.map(Option::unwrap_or_default);
    Ok(Arc::new(values)) //-solution
    // Ok(values) //-starter
}

/// What a line is about, and what it says.
fn setting(line: &str) -> Option<(usize, &str)> {
    let (key, value) = line.split_once('=')?;
    let at = KEYS.iter().position(|it| *it == key.trim())?;
    Some((at, value.trim()))
}
