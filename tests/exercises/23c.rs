//! Exercise 23c, Ask, and know the answer: replies in any order, or none.
//!
//! Try it: `cargo run --example 23c -- 127.0.0.1:8080`, and `nc` beside it

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc; //-solution
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;
use std::time::Instant; //-solution

use shared::cli::{self, Failure};
use shared::net::listener::Listener;
use shared::sync::semaphore::{Permit, Semaphore}; //-solution

/// The number of the last request, and those that wait for a reply.
static LAST: AtomicU64 = AtomicU64::new(0);
static OPEN: Mutex<Requests> = Mutex::new(Requests::new());
type Requests = BTreeMap<u64, Permit>; //-solution
// type Requests = BTreeMap<u64, ()>; // TODO: at most 8 of them //-starter

fn open() -> MutexGuard<'static, Requests> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

//-main

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

//-line

/// Sends each line that is typed, with a number in front.
fn ask(mut peer: TcpStream, timeout: Duration) -> io::Result<()> {
    //-solution
    let places = Semaphore::new(8);
    // If there are more than 1000 in this time, the next one waits.
    let (sent, all) = mpsc::sync_channel(1000);
    thread::Builder::new().spawn(move || all.iter().for_each(expire))?;
    //-starter
    // let _ = timeout; // TODO: what if there is no reply?
    //-end
    let mut input = io::stdin().lock();
    while let Some(text) = next_line(&mut input)? {
        let place = places.acquire(); //-solution
        let number = LAST.fetch_add(1, Relaxed) + 1;
        //-solution
        open().insert(number, place);
        // Who receives it is there as long as this thread.
        let _ = sent.send((number, Instant::now() + timeout));
        //-starter
        // open().insert(number, ());
        //-end
        let line = [format!("{number} ").as_bytes(), &text, b"\n"].concat();
        peer.write_all(&line)?;
    }
    Ok(())
}

//-solution
/// Gives up a request when its time is over, and then the next one: all have
/// the same time.
fn expire((number, deadline): (u64, Instant)) {
    thread::sleep(deadline.saturating_duration_since(Instant::now()));
    let mut open = open();
    if open.remove(&number).is_some() {
        cli::print(format_args!("timeout {number}"));
    }
}

//-end
/// Says what a line of the peer is.
fn reply(line: &str) {
    let (number, text) = line.split_once(' ').unwrap_or((line, ""));
    //-solution
    match number.parse() {
        Ok(number) if open().remove(&number).is_some() => {
            cli::print(format_args!("reply {number} {text}"));
        }
        Ok(number) if (1..=LAST.load(Relaxed)).contains(&number) => {
            cli::print(format_args!("stale {number}"));
        }
        _ => cli::print("unknown"),
    }
    //-starter
    // // TODO: is it a reply to this one?
    // let _ = number;
    // if let Some((number, _)) = open().pop_first() {
    //     cli::print(format_args!("reply {number} {text}"));
    // }
    //-end
}
