//! Exercise 22b, Nothing else: a server that does whatever it is told.
//!
//! Try it: `cargo run --example 22b -- 127.0.0.1:8080 --root /tmp`

use std::ffi::{CString, OsString};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::{fs::FileExt, process::CommandExt};
use std::process::{Command, ExitCode};
use std::thread;

use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::execveat;
use shared::cli::{self, Failure};
use shared::net::listener::Listener;

fn main() -> ExitCode {
    cli::main(|| {
        let usage = "usage: 22b [ADDRESS] --root DIRECTORY [--sandbox require]";
        let (address, [root, sandbox]) =
            cli::server_arguments(usage, ["root", "sandbox"])?;
        serve(address, root.unwrap_or(".".into()), sandbox.is_some())
            .map_err(|error| Failure::new("cannot serve", error))
    })
}

fn serve(address: SocketAddr, root: OsString, strict: bool) -> io::Result<()> {
    let listener: &'static _ = Box::leak(Box::new(Listener::open(address)?));
    let motd = File::open("motd")?;
    let service: &'static _ = Box::leak(Box::new(Service { motd }));
    // TODO: only this directory, no program, and no other socket.
    let _ = (root, strict);
    cli::print(format_args!("listening on {}", listener.address()));
    for _ in 0..3 {
        thread::Builder::new().spawn(|| work(listener, service))?;
    }
    work(listener, service)
}

/// Serves one client after the other.
fn work(listener: &Listener, service: &Service) -> io::Result<()> {
    loop {
        let (socket, peer) = listener.accept()?;
        if let Err(error) = talk(socket.into(), service) {
            cli::log(format_args!("{peer} lost: {error}"));
        }
    }
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

/// What is open from the start.
struct Service {
    motd: File,
}

impl Service {
    /// Does what a line says, whatever it is: stay away from here.
    fn respond(&self, line: &[u8]) -> String {
        let line = String::from_utf8_lossy(line);
        let (word, what) = line.split_once(' ').unwrap_or((&line, ""));
        let result = match word {
            "get" => fs::read_to_string(what),
            "run" => Err(Command::new(what).exec()),
            "start" => start(what),
            "call" => TcpStream::connect(what).map(|_| "connected".into()),
            _ => {
                let mut text = [0; 80];
                let count = self.motd.read_at(&mut text, 0);
                count.map(|it| String::from_utf8_lossy(&text[..it]).into())
            }
        };
        let failed = |error| format!("error: {}", cli::strerror(error));
        result.unwrap_or_else(failed) + "\n"
    }
}

/// Makes another program of this one.
fn start(path: &str) -> io::Result<String> {
    let (path, flags) = (CString::new(path)?, AtFlags::empty());
    let Err(errno) = execveat(AT_FDCWD, &path, &[&path], &[c""; 0], flags);
    Err(errno.into())
}
