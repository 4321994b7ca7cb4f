//! Exercise 26a, Tell everyone once: texts over a tree, and ids beside it.
//!
//! Try it: `cargo run --example 26a -- 127.0.0.1:8000 500`, and `nc`s

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsRawFd;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use nix::sys::socket::{MsgFlags, send};
use shared::cli::{self, Failure};
use shared::net::listener::Listener;

fn main() -> ExitCode {
    cli::main(|| {
        let words = std::env::args().skip(1).collect::<Vec<String>>().leak();
        let [address, word, peers @ ..] = &*words else {
            return Err(Failure::wrong("usage: 26a ADDRESS MS [PEER]..."));
        };
        let node = Node::open(word)?;
        let address = address.parse().map_err(Failure::usage)?;
        let listener = Listener::open(address)
            .map_err(|errno| Failure::listening(address, errno))?;
        cli::print(format_args!("listening on {}", listener.address()));
        for peer in peers {
            start(move || serve(node, TcpStream::connect(peer)?));
        }
        loop {
            let accepted = listener.accept();
            let (socket, _) =
                accepted.map_err(|it| Failure::new("cannot accept", it))?;
            start(move || serve(node, socket.into()));
        }
    })
}

/// Works in a thread of its own; a failure is the end of that thread alone.
fn start(work: impl FnOnce() -> io::Result<()> + Send + 'static) {
    let lost = |error| cli::log(format_args!("connection lost: {error}"));
    let work = move || work().unwrap_or_else(lost);
    thread::Builder::new().spawn(work).map(drop).unwrap_or_else(lost);
}

/// Serves one connection, whoever has dialled.
fn serve(node: &Mutex<Node>, peer: TcpStream) -> io::Result<()> {
    let peer = Arc::new(peer);
    let mut input = BufReader::new(&*peer);
    lock(node).join(&peer);
    // However a connection ends, it is no link any more.
    while let Ok(Some(line)) = next_line(&mut input) {
        lock(node).hear(&String::from_utf8_lossy(&line), &peer);
    }
    lock(node).links.retain(|it| !Arc::ptr_eq(it, &peer));
    Ok(())
}

/// Sends a line, if the kernel has room for it. Nobody waits for a slow peer.
fn tell(peer: &TcpStream, line: &str) {
    let line = format!("{line}\n");
    let sent = send(peer.as_raw_fd(), line.as_bytes(), MsgFlags::MSG_DONTWAIT);
    if sent != Ok(line.len()) {
        // What is half there is of no use. If it has gone, so be it.
        let _ = peer.shutdown(Shutdown::Both);
    }
}

/// The next line, without its end. Half a line, or half
/// of a long one, is the end of all.
fn next_line(input: impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    input.take(4096).read_until(b'\n', &mut line)?;
    Ok((line.pop() == Some(b'\n')).then_some(line))
}

/// A lock, whatever has become of the thread that had it before.
fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many messages are kept.
const MAX: usize = 100;

#[derive(Default)]
struct Node {
    /// By id.
    texts: BTreeMap<u64, String>,
    links: Vec<Arc<TcpStream>>,
}

impl Node {
    /// A node that looks after each wait of so many milliseconds.
    fn open(ms: &str) -> Result<&'static Mutex<Self>, Failure> {
        let ms = ms.parse().map_err(Failure::usage)?;
        let node: &Mutex<Self> = Box::leak(Box::default());
        start(move || {
            loop {
                thread::sleep(Duration::from_millis(u64::max(ms, 1)));
                lock(node).look();
            }
        });
        Ok(node)
    }

    /// Tells a new peer what is known; from now on it is told what is news.
    fn join(&mut self, peer: &Arc<TcpStream>) {
        self.hear("list", peer);
        self.links.push(peer.clone());
    }

    /// Does what a line says.
    fn hear(&mut self, line: &str, from: &Arc<TcpStream>) {
        let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (id, text) = rest.split_once(' ').unwrap_or((rest, ""));
        match (kind, id.parse()) {
            ("list", _) => {
                let ids = self.texts.keys().map(|id| format!(" {id}"));
                tell(from, &format!("KNOWN{}", ids.collect::<String>()));
            }
            ("MSG", Ok(id)) if text.len() <= 4000 => self.take(id, text, from),
            // TODO: PRUNE, HAVE, KNOWN, GET
            _ => {}
        }
    }

    /// Takes a message, and passes it on if it is news.
    fn take(&mut self, id: u64, text: &str, from: &Arc<TcpStream>) {
        if !self.is_news(id) {
            return tell(from, "PRUNE");
        }
        self.texts.insert(id, text.to_string());
        // TODO: who needs all of it, and for how long is it kept?
        let line = format!("MSG {id} {text}");
        self.links.iter().for_each(|it| tell(it, &line));
    }

    fn is_news(&self, id: u64) -> bool {
        let lowest = self.texts.keys().next();
        let is_old = self.texts.len() == MAX && Some(&id) < lowest;
        !is_old && !self.texts.contains_key(&id)
    }

    /// After each wait: asks for what has not come.
    fn look(&mut self) {
        // TODO: what was announced, and has not come?
    }
}
