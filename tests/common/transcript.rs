//! What happened to one program, for the reader of a failed test.

use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::time::Deadline;
use super::tools::PATIENCE;

/// How many bytes of something are shown.
const SHOWN: usize = 120;

/// How many bytes a command line repeats; what is longer, it invents.
const REPEATED: usize = 400;

/// The events around one program, written down by all who take part.
#[derive(Debug, Clone)]
pub struct Transcript(Arc<Mutex<Pages>>);

#[derive(Debug)]
struct Pages {
    pid: i32,
    start: Instant,
    events: Vec<(Duration, String)>,
    streams: Vec<Stream>,
}

/// One connection to a server, as a command line could repeat it.
#[derive(Debug, Default)]
struct Stream {
    /// The beginning of what was sent, and how much it was in all.
    sent: Vec<u8>,
    length: usize,
    finished: bool,
}

impl Transcript {
    /// Of the program `pid`.
    pub fn new(pid: i32) -> Self {
        Transcript(Arc::new(Mutex::new(Pages {
            pid,
            start: Instant::now(),
            events: Vec::new(),
            streams: Vec::new(),
        })))
    }

    /// A limit for a wait for the program.
    pub fn deadline(&self) -> Deadline {
        Deadline::new(PATIENCE, self.pages().pid)
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        // A test that failed with the lock held has left it readable.
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub fn tell(&self, event: String) {
        let mut pages = self.pages();
        let time = pages.start.elapsed();
        pages.events.push((time, event));
    }

    /// A new connection; its number is for [`Transcript::sent`].
    pub fn connect(&self) -> usize {
        let mut pages = self.pages();
        pages.streams.push(Stream::default());
        pages.streams.len() - 1
    }

    pub fn sent(&self, stream: usize, bytes: &[u8]) {
        let stream = &mut self.pages().streams[stream];
        stream.length += bytes.len();
        let room = REPEATED.saturating_sub(stream.sent.len());
        stream.sent.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    pub fn finished(&self, stream: usize) {
        self.pages().streams[stream].finished = true;
    }

    /// All of it, and how to try the same by hand: `program` is the command
    /// line, `url` where it listened.
    pub fn print(&self, program: &str, url: Option<&str>) -> String {
        let pages = self.pages();
        let mut text = format!("--- what happened to: {program}\n");
        let skipped = pages.events.len().saturating_sub(200);
        if skipped > 0 {
            let _ = writeln!(text, "({skipped} earlier events)");
        }
        for (time, event) in &pages.events[skipped..] {
            let _ = writeln!(text, "[{:6} ms] {event}", time.as_millis());
        }
        text.push_str("--- by hand\n");
        let _ = writeln!(text, "{program}");
        if let Some(address) = url.and_then(|url| url.split("//").nth(1)) {
            for stream in pages.streams.iter().rev().take(3).rev() {
                let _ = writeln!(text, "{}", stream.command(address));
            }
        }
        text
    }
}

impl Stream {
    fn command(&self, address: &str) -> String {
        let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
        let host = host.trim_matches(['[', ']']);
        let mut nc = format!("nc {host} {port}");
        if self.finished {
            nc = format!("nc -N {host} {port}");
        }
        if self.length > REPEATED {
            return format!("head -c {} /dev/urandom | {nc}", self.length);
        }
        if self.sent.is_empty() {
            return format!("{nc} </dev/null");
        }
        let target = self.sent.strip_prefix(b"GET ").map(|rest| {
            let end = rest.iter().position(|byte| *byte == b' ');
            rest[..end.unwrap_or(0)].escape_ascii().to_string()
        });
        let curl = target.map_or(String::new(), |target| {
            format!("   # or: curl -i 'http://{address}{target}'")
        });
        // printf takes the very escapes that Rust writes, but % is its own.
        let sent = self.sent.escape_ascii().to_string().replace('%', "%%");
        let sent = sent.replace("\\'", "\\047").replace("\\\"", "\"");
        format!("printf '{sent}' | {nc}{curl}")
    }
}

/// Bytes as a line of text: escaped, and cut if there are many.
pub fn preview(bytes: &[u8]) -> String {
    if bytes.len() <= SHOWN {
        return format!("\"{}\"", bytes.escape_ascii());
    }
    let start = &bytes[..SHOWN / 2];
    format!("\"{}\" … ({} bytes)", start.escape_ascii(), bytes.len())
}
