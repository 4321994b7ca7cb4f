//! Exercise 27b, Hear it live: lines as server-sent events. WHATWG HTML 9.2.
//!
//! Try it: `cargo run --example 27b -- 127.0.0.1:8080`, a browser, and type

use std::collections::VecDeque; //-solution
use std::io::{self, BufRead, BufReader, Read};
use std::net::TcpStream;
use std::os::fd::AsRawFd; //-solution
use std::os::fd::OwnedFd;
use std::process::{self, ExitCode};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;

use nix::sys::socket::{MsgFlags, send, setsockopt, sockopt}; //-solution
use shared::cli::{self, Failure};
use shared::net::listener::Listener;
use shared::net::stream;

//-solution
/// How many events are kept, and how many a new client is told.
const KEPT: usize = 100;
const NEW: usize = 10;
//-end
const STREAM: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
    Cache-Control: no-store\r\nConnection: close\r\n\r\n";
const PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\
    Connection: close\r\n\r\n<!DOCTYPE html><meta charset=utf-8><pre id=all>
    </pre><script>new EventSource('/events').onmessage = (event) =>
    all.prepend(`${event.lastEventId}: ${event.data}\\n`)</script>\n";

//-server input

//-line

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
    /// The last of them, the newest first. //-solution
    kept: VecDeque<Vec<u8>>, //-solution
}

impl Feed {
    fn join(&mut self, client: &Arc<TcpStream>, head: &[String]) {
        //-solution
        let mut fields = head.iter().filter_map(|line| line.split_once(':'));
        let missed = fields
            .find(|(name, _)| name.eq_ignore_ascii_case("Last-Event-ID"))
            .and_then(|it| self.count.checked_sub(it.1.trim().parse().ok()?))
            .unwrap_or(NEW);
        let mut bytes = STREAM.as_bytes().to_vec();
        bytes.extend(self.kept.iter().take(missed).rev().flatten());
        // So much may wait, in the kernel. If this fails, its own limit holds.
        let _ = setsockopt(client, sockopt::SndBuf, &(64 * 1024));
        //-starter
        // let (bytes, _) = (STREAM, head); // TODO: what was missed?
        //-end
        say(client, bytes.as_ref());
        self.clients.push(client.clone());
    }

    fn tell(&mut self, line: &[u8]) {
        self.count += 1;
        let mut event = format!("id: {}\n", self.count).into_bytes();
        // For a browser, a carriage return ends a line as well. //-solution
        for part in line.split(|byte| *byte == b'\r') { //-solution
        // for part in line.split(|byte| *byte == b'\n') { //-starter
            event.extend([b"data: ", part, b"\n"].concat());
        }
        event.push(b'\n');
        self.clients.iter().for_each(|client| say(client, &event));
        self.kept.push_front(event); //-solution
        self.kept.truncate(KEPT); //-solution
    }
}

fn say(client: &TcpStream, bytes: &[u8]) {
    //-solution
    let fd = client.as_raw_fd();
    if send(fd, bytes, MsgFlags::MSG_DONTWAIT) != Ok(bytes.len()) {
        // Then its thread finds the end. It may have gone by itself.
        let _ = client.shutdown(std::net::Shutdown::Both);
    }
    //-starter
    // let _ = stream::write_all(client, bytes); // TODO: who does not read?
    //-end
}
