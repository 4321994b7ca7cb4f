//! What a program is doing.

use std::time::Duration;

use super::{Program, describe};
use crate::lab::{proc, show, time};

impl Program {
    /// What it is doing now, in words.
    pub fn state(&self) -> String {
        let pid = self.pid();
        let call = proc::sleeps_in(pid);
        // A program that is just ending is better seen when it has ended.
        let patience = match call {
            Some(_) => Duration::ZERO,
            None => Duration::from_millis(500),
        };
        let status = time::eventually(patience, pid, || self.ended());
        if let Some(status) = status {
            let stderr = said(&self.inner.stderr.whole());
            return format!("has ended: {}{stderr}", describe(status));
        }
        let threads = proc::threads(pid);
        let sleeping = threads.iter().all(|thread| thread.state != 'R');
        let doing = match call {
            Some(call) if sleeping => format!("is waiting in {call}"),
            _ => "is running".to_string(),
        };
        let sockets = proc::socket_count(pid);
        let children = proc::children(pid).len();
        let plural = if sockets == 1 { "" } else { "s" };
        let mut text = format!(
            "{doing} ({sockets} socket{plural} open, {children} children)"
        );
        if threads.len() > 1 {
            text.push_str(&format!(", {} threads", threads.len()));
        }
        text + &said(&self.inner.stderr.bytes())
    }
}

/// What the program complained about last, if it did.
fn said(stderr: &[u8]) -> String {
    match show::tail(stderr) {
        words if words.is_empty() => words,
        words => format!("; on stderr: {words}"),
    }
}
