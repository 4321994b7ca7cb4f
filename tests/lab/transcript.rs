//! What a check has done so far, for the report of a failure.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// A record that all clients of a check share.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    lines: Arc<Mutex<Vec<(Instant, Line)>>>,
    clients: Arc<AtomicU32>,
}

#[derive(Clone, Debug)]
enum Line {
    /// Something begins: a program, a connection.
    Head(String),
    /// Something happens at a certain time.
    Event(String),
}

impl Transcript {
    /// Records the start of something, without a time.
    pub fn head(&self, text: impl Into<String>) {
        self.push(Line::Head(text.into()));
    }

    /// Records what happens now.
    pub fn event(&self, text: impl Into<String>) {
        self.push(Line::Event(text.into()));
    }

    /// The number of a new client, from 1.
    pub fn next_client(&self) -> u32 {
        self.clients.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn push(&self, line: Line) {
        let mut lines =
            self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push((Instant::now(), line));
    }

    /// The lines as they are printed: at most `most` of them, those in the
    /// middle left out first.
    pub fn lines(&self, most: usize) -> Vec<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((start, _)) = lines.first() else { return Vec::new() };
        let printed = lines.iter().map(|(time, line)| match line {
            Line::Head(text) => text.clone(),
            Line::Event(text) => {
                let passed = time.duration_since(*start).as_millis();
                format!("[{passed:5} ms] {text}")
            }
        });
        let mut printed: Vec<String> = printed.collect();
        if printed.len() > most {
            let left_out = printed.len() - most + 1;
            let middle = 2..2 + left_out;
            printed.splice(middle, [format!("… {left_out} lines left out …")]);
        }
        printed
    }
}
