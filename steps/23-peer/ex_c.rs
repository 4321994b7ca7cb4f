//! Exercise 23c, Ask, and know the answer: replies in any order, or none.
//!
//! Try it: `cargo run --example 23c -- 127.0.0.1:8080`, and `nc` beside it

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use shared::cli::{self, Failure};
use shared::net::listener::Listener;

/// The number of the last request, and those that wait for a reply.
static LAST: AtomicU64 = AtomicU64::new(0);
static OPEN: Mutex<Requests> = Mutex::new(Requests::new());
type Requests = BTreeMap<u64, ()>; // TODO: at most 8 of them

fn open() -> MutexGuard<'static, Requests> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let usage = "usage: 23c [ADDRESS] [--timeout MILLISECONDS]";
    let (address, [timeout]) = cli::server_arguments(usage, ["timeout"])?;
    let timeout = cli::number("timeout", timeout, 60_000, 500)?;
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    cli::print(format_args!("listening on {}", listener.address()));
    let (peer, _) = listener
        .accept()
        .map_err(|errno| Failure::new("cannot accept", errno))?;
    talk(peer.into(), Duration::from_millis(timeout as u64))
        .map_err(|error| Failure::new("peer lost", error))
}

/// Sends what is typed, and takes replies, until the peer ends.
fn talk(peer: TcpStream, timeout: Duration) -> io::Result<()> {
    let mut replies = BufReader::new(peer.try_clone()?);
    let lost = |error| cli::log(format_args!("peer lost: {error}"));
    let ask = move || ask(peer, timeout).unwrap_or_else(lost);
    thread::Builder::new().spawn(ask)?;
    while let Some(line) = next_line(&mut replies)? {
        reply(&String::from_utf8_lossy(&line));
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

/// Sends each line that is typed, with a number in front.
fn ask(mut peer: TcpStream, timeout: Duration) -> io::Result<()> {
    let _ = timeout; // TODO: what if there is no reply?
    let mut input = io::stdin().lock();
    while let Some(text) = next_line(&mut input)? {
        let number = LAST.fetch_add(1, Relaxed) + 1;
        open().insert(number, ());
        let line = [format!("{number} ").as_bytes(), &text, b"\n"].concat();
        peer.write_all(&line)?;
    }
    Ok(())
}

/// Says what a line of the peer is.
fn reply(line: &str) {
    let (number, text) = line.split_once(' ').unwrap_or((line, ""));
    // TODO: is it a reply to this one?
    let _ = number;
    if let Some((number, _)) = open().pop_first() {
        cli::print(format_args!("reply {number} {text}"));
    }
}
