//! What has been done so far, for the report of a failure.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// How many bytes a command line repeats; what is longer, it invents.
const REPEATED: usize = 400;

/// How many lines, and how many of the last connections, a story has.
const LINES: usize = 200;
const CONNECTIONS: usize = 3;

/// A record that all programs and clients of a check share.
#[derive(Clone, Debug, Default)]
pub struct Transcript(Arc<Mutex<Pages>>);

#[derive(Debug, Default)]
struct Pages {
    start: Option<Instant>,
    lines: Vec<String>,
    commands: Vec<String>,
    streams: Vec<Stream>,
}

/// A connection to a program, as a command line could repeat it.
#[derive(Debug)]
struct Stream {
    address: SocketAddr,
    /// The beginning of what was sent, and how much it was in all.
    sent: Vec<u8>,
    length: usize,
    finished: bool,
}

impl Transcript {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records the start of something, without a time.
    pub fn head(&self, text: impl Into<String>) {
        let mut pages = self.pages();
        pages.start.get_or_insert_with(Instant::now);
        pages.lines.push(text.into());
    }

    /// Records what happens now.
    pub fn event(&self, text: impl AsRef<str>) {
        let mut pages = self.pages();
        let start = pages.start.get_or_insert_with(Instant::now);
        let passed = start.elapsed().as_millis();
        pages.lines.push(format!("[{passed:5} ms] {}", text.as_ref()));
    }

    /// Records how a person would start a program.
    pub fn command(&self, words: String) {
        self.pages().commands.push(words);
    }

    /// The number of a new connection to `address`, from 1.
    pub fn connection(&self, address: SocketAddr) -> usize {
        let mut pages = self.pages();
        pages.streams.push(Stream {
            address,
            sent: Vec::new(),
            length: 0,
            finished: false,
        });
        pages.streams.len()
    }

    /// Records what was sent on a connection; no bytes are its end. There is
    /// no connection 0: what is sent to a client is not to be repeated.
    pub fn sent(&self, number: usize, bytes: &[u8]) {
        let mut pages = self.pages();
        let index = number.wrapping_sub(1);
        let Some(to) = pages.streams.get_mut(index) else { return };
        let room = REPEATED.saturating_sub(to.sent.len());
        to.sent.extend_from_slice(&bytes[..bytes.len().min(room)]);
        to.length += bytes.len();
        to.finished = bytes.is_empty();
    }

    /// The lines as they are printed: at most `most` of them, those in the
    /// middle left out first.
    pub fn lines(&self, most: usize) -> Vec<String> {
        let mut printed = self.pages().lines.clone();
        if printed.len() > most {
            let left_out = printed.len() - most + 1;
            let middle = 2..2 + left_out;
            printed.splice(middle, [format!("… {left_out} lines left out …")]);
        }
        printed
    }

    /// All of it, and how to try the same by hand.
    pub fn story(&self) -> String {
        let mut story = vec!["--- what happened".to_string()];
        story.extend(self.lines(LINES));
        story.push("--- by hand".to_string());
        let pages = self.pages();
        story.extend(pages.commands.iter().cloned());
        let skipped = pages.streams.len().saturating_sub(CONNECTIONS);
        let last = pages.streams.iter().skip(skipped);
        story.extend(last.map(Stream::command));
        story.join("\n")
    }
}

impl Stream {
    fn command(&self) -> String {
        let (ip, port) = (self.address.ip(), self.address.port());
        let flag = if self.finished { "-N " } else { "" };
        let nc = format!("nc {flag}{ip} {port}");
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
            format!("   # or: curl -i 'http://{}{target}'", self.address)
        });
        // printf takes the very escapes that Rust writes, but % is its own.
        let sent = self.sent.escape_ascii().to_string().replace('%', "%%");
        let sent = sent.replace("\\'", "\\047").replace("\\\"", "\"");
        format!("printf '{sent}' | {nc}{curl}")
    }
}
