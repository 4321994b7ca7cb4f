//! Exercise 26b, Said twice: who signs two blocks with one number is frozen.
//!
//! Try it: `cargo run --example 26b -- 127.0.0.1:8000 /tmp/node`, and `nc`s

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsRawFd;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use nix::sys::socket::{MsgFlags, send};
use shared::cli::{self, Failure};
use shared::net::listener::Listener;

fn main() -> ExitCode {
    cli::main(|| {
        let words = std::env::args().skip(1).collect::<Vec<String>>().leak();
        let [address, word, peers @ ..] = &*words else {
            return Err(Failure::wrong("usage: 26b ADDRESS FILE [PEER]..."));
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

#[derive(Default)]
struct Node {
    /// By author and number: the line of each block that counts.
    blocks: BTreeMap<(String, u64), String>,
    /// By author: from which number on nothing counts, and the proof.
    forks: BTreeMap<String, (u64, String)>,
    links: Vec<Arc<TcpStream>>,
}

impl Node {
    /// Takes what is in the file.
    fn open(path: &str) -> Result<&'static Mutex<Self>, Failure> {
        let _ = path; // TODO: what did it know before?
        Ok(Box::leak(Box::default()))
    }

    /// Tells a new peer all there is; from now on it is told what is news.
    fn join(&mut self, peer: &Arc<TcpStream>) {
        // TODO: what has been said before?
        self.links.push(peer.clone());
    }

    /// Responds to `log`; what is news is stored, and then told.
    fn hear(&mut self, line: &str, from: &Arc<TcpStream>) {
        if let Some(author) = line.strip_prefix("log ") {
            let blocks = self.blocks.iter().filter(|it| it.0.0 == author);
            blocks.for_each(|(_, block)| tell(from, block));
            match self.forks.get(author) {
                Some((number, _)) => tell(from, &format!("frozen {number}")),
                None => tell(from, "whole"),
            }
        } else if let Some((news, is_known)) = self.take(line) {
            let skips = |it| is_known && Arc::ptr_eq(it, from);
            let links = self.links.iter().filter(|it| !skips(it));
            links.for_each(|it| tell(it, &news));
        }
    }

    /// Takes a block or a proof. If there is news in it: the line that tells
    /// it, and whether that is this one, which its sender knows.
    fn take(&mut self, line: &str) -> Option<(String, bool)> {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["BLOCK", author, number, text, mac] => {
                let key = self.check([author, number, text, mac])?;
                // TODO: what if there is another one?
                (!self.blocks.contains_key(&key)).then_some(())?;
                self.blocks.insert(key, line.to_string());
                Some((line.to_string(), true))
            }
            // TODO: what proves that there are two?
            _ => None,
        }
    }

    /// Author and number of a block that is signed and may count.
    fn check(&self, block: [&str; 4]) -> Option<(String, u64)> {
        let [author, number, text, mac] = block;
        // FNV-1a, which anybody can make: it stands for a signature.
        let signed = format!("{author} {number} {text}");
        let sum = signed.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let at: u64 = number.parse().ok()?;
        // A number is written in one way, and a proof fits into a line.
        let is_plain = at.to_string() == number && signed.len() <= 1000;
        let is_frozen = false; // TODO: never?
        let is_good = is_plain && !is_frozen && mac == format!("{sum:016x}");
        is_good.then_some((author.to_string(), at))
    }
}
