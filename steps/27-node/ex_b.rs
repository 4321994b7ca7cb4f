//! Exercise 27b, Hear it live: lines as server-sent events. WHATWG HTML 9.2.
//!
//! Try it: `cargo run --example 27b -- 127.0.0.1:8080`, a browser, and type

use std::io::{self, BufRead, BufReader, Read};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::process::{self, ExitCode};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;

use shared::cli::{self, Failure};
use shared::net::listener::Listener;
use shared::net::stream;

const STREAM: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
    Cache-Control: no-store\r\nConnection: close\r\n\r\n";
const PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\
    Connection: close\r\n\r\n<!DOCTYPE html><meta charset=utf-8><pre id=all>
    </pre><script>new EventSource('/events').onmessage = (event) =>
    all.prepend(`${event.lastEventId}: ${event.data}\\n`)</script>\n";

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let address = cli::server_address("usage: 27b [ADDRESS]")?;
    start_input()
        .map_err(|error| Failure::new("cannot start a thread", error))?;
    let listener = Listener::open(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    println!("listening on {}", listener.address());
    loop {
        let (connection, _) = listener
            .accept()
            .map_err(|errno| Failure::new("cannot accept", errno))?;
        if let Err(errno) = serve(&connection) {
            eprintln!("client lost: {errno}");
        }
    }
}

/// The next line, without its end. Half a line, or half
/// of a long one, is the end of all.
fn next_line(input: impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    input.take(4096).read_until(b'\n', &mut line)?;
    Ok((line.pop() == Some(b'\n')).then_some(line))
}

/// Tells what comes on standard input. Its end is that of all streams.
fn start_input() -> io::Result<()> {
    let work = || {
        while let Ok(Some(line)) = next_line(io::stdin().lock()) {
            feed().tell(&line);
        }
        process::exit(0)
    };
    thread::Builder::new().spawn(work).map(drop)
}

/// Serves a client in a thread.
fn serve(connection: &OwnedFd) -> io::Result<()> {
    let client = Arc::new(TcpStream::from(connection.try_clone()?));
    let work = move || {
        let lines = BufReader::new((&*client).take(4096)).lines();
        let head = lines.map_while(|it| it.ok().filter(|it| !it.is_empty()));
        let head: Vec<String> = head.collect();
        if head.first().is_some_and(|it| it.starts_with("GET /events ")) {
            feed().join(&client, &head);
            // Who listens says nothing: this waits until they have gone.
            while matches!(stream::read(&client, &mut [0; 256]), Ok(1..)) {}
            feed().clients.retain(|it| !Arc::ptr_eq(it, &client));
        } else {
            // Who has left does not need it.
            let _ = stream::write_all(&client, PAGE.as_bytes());
        }
    };
    thread::Builder::new().spawn(work).map(drop)
}

/// What all threads share.
fn feed() -> MutexGuard<'static, Feed> {
    static FEED: LazyLock<Mutex<Feed>> = LazyLock::new(Mutex::default);
    FEED.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Default)]
struct Feed {
    /// Who listens.
    clients: Vec<Arc<TcpStream>>,
    /// How many events there were: the id of the last.
    count: usize,
}

impl Feed {
    fn join(&mut self, client: &Arc<TcpStream>, head: &[String]) {
        let (bytes, _) = (STREAM, head); // TODO: what was missed?
        say(client, bytes.as_ref());
        self.clients.push(client.clone());
    }

    fn tell(&mut self, line: &[u8]) {
        self.count += 1;
        let mut event = format!("id: {}\n", self.count).into_bytes();
        for part in line.split(|byte| *byte == b'\n') {
            event.extend([b"data: ", part, b"\n"].concat());
        }
        event.push(b'\n');
        self.clients.iter().for_each(|client| say(client, &event));
    }
}

fn say(client: &TcpStream, bytes: &[u8]) {
    let _ = stream::write_all(client, bytes); // TODO: who does not read?
}
