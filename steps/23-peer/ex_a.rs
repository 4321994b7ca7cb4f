//! Exercise 23a, Never talk to yourself: one link to each other node.
//!
//! Try it: `cargo run --example 23a -- 127.0.0.1:8000`, and type addresses

use std::collections::BTreeSet;
use std::fmt::Display;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use shared::cli::{self, Failure};
use shared::net::listener::Listener;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let address = cli::server_address("usage: 23a [ADDRESS]")?;
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    // The keys of a hash map are random in each process.
    let id = RandomState::new().hash_one(());
    let node: &_ = Box::leak(Box::new(Node { id, links: Mutex::default() }));
    cli::print(format_args!("listening on {}", listener.address()));
    start("standard input", move || dial(node));
    loop {
        let (socket, peer) = listener
            .accept()
            .map_err(|errno| Failure::new("cannot accept", errno))?;
        start(peer, move || node.serve(socket.into()));
    }
}

/// Works in a thread of its own; a failure is the end of that thread alone.
fn start(
    name: impl Display + Copy + Send + 'static,
    work: impl FnOnce() -> io::Result<()> + Send + 'static,
) {
    let lost = move |error| cli::log(format_args!("{name}: {error}"));
    let work = move || work().unwrap_or_else(lost);
    thread::Builder::new().spawn(work).map(drop).unwrap_or_else(lost);
}

/// Dials each address that is typed.
fn dial(node: &'static Node) -> io::Result<()> {
    for line in io::stdin().lines() {
        let line = line?;
        // TODO: what if nobody is there, or this is no address?
        let address: SocketAddr = line.parse().map_err(io::Error::other)?;
        let stream = TcpStream::connect(address)?;
        start(address, move || node.serve(stream));
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

struct Node {
    id: u64,
    /// Of each connection that is a link: the id of the other node.
    links: Mutex<Vec<u64>>,
}

impl Node {
    /// The list, which no panic leaves in halves.
    fn links(&self) -> MutexGuard<'_, Vec<u64>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves one connection, whoever has dialled.
    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut input = BufReader::new(stream.try_clone()?);
        // If each end waited for the other one, none would begin.
        stream.write_all(format!("hello {}\n", self.id).as_bytes())?;
        let Some(line) = next_line(&mut input)? else { return Ok(()) };
        if line == b"peers" {
            let ids = BTreeSet::from_iter(self.links().clone());
            let lines = ids.iter().map(|id| format!("{id}\n"));
            return stream.write_all(lines.collect::<String>().as_bytes());
        }
        let line = String::from_utf8_lossy(&line);
        let id = line.strip_prefix("hello ").and_then(|id| id.parse().ok());
        let id: u64 = id.ok_or_else(|| io::Error::other("no hello"))?;
        self.links().push(id); // TODO: do we know this node?
        // Nothing more is said on a link: what is waited for is its end.
        let end = io::copy(&mut input, &mut io::sink());
        let mut links = self.links();
        if let Some(at) = links.iter().position(|it| *it == id) {
            links.swap_remove(at);
        }
        end.map(drop)
    }
}
