//! One end of a link, driven as a node's loop does it, but without sockets.

use std::time::{Duration, Instant};

use peer::frame::encode;
use peer::hello::Hello;
use peer::kind::Kind;
use peer::link::{Link, MAX_OUTPUT, Want};

pub struct Side {
    pub link: Link,
    /// The time: it passes by being told.
    pub now: Instant,
    /// What is on its way to this end, and whether the stream ends then.
    pub input: Vec<u8>,
    pub is_eof: bool,
    /// What waits to be sent, and how many bytes of it can be.
    pub unsent: Vec<u8>,
    pub room: usize,
    /// What it has said and wanted, and how it has ended.
    pub log: Vec<String>,
    pub is_closed: bool,
}

impl Side {
    /// A node of which all is 0, at the beginning of a link.
    pub fn start() -> Self {
        let (now, room) = (Instant::now(), usize::MAX);
        let link = Link::new(&Hello::parse(&[0; 108]).unwrap(), true, now);
        let (input, unsent, log) = (vec![], vec![], vec![]);
        let (is_eof, is_closed) = (false, false);
        Side { link, now, input, is_eof, unsent, room, log, is_closed }
    }

    pub fn receive(&mut self, bytes: &[u8]) {
        self.input.extend(bytes);
        while !self.is_closed {
            let want = self.link.advance(self.now);
            let trace = self.link.take_trace().into_iter();
            for (_, kind, payload) in trace.filter(|it| !it.0) {
                encode(kind, &payload, &mut self.unsent);
                let reason = payload.first().filter(|_| kind == Kind::Bye);
                let reason = reason.map(u8::to_string).unwrap_or_default();
                self.log.push(format!("{kind}{reason}"));
            }
            match want {
                Want::Wait if self.pass() => {}
                Want::Wait => return,
                Want::Decision(_) => self.link.admit(self.now),
                Want::Line(line) => self.log.push(line),
                Want::Close => {
                    self.log.push(format!("{:?}", self.link.end().unwrap()));
                    self.is_closed = true;
                }
                Want::Shutdown => self.log.push("FIN".to_string()),
                want => self.log.push(format!("{want:?}")),
            }
        }
    }

    /// Whether anything could be sent or received.
    fn pass(&mut self) -> bool {
        assert!(self.link.output() == self.unsent, "{:?}", self.link);
        assert!(self.unsent.len() < MAX_OUTPUT + 2048);
        let count = self.unsent.len().min(self.room);
        let reads =
            self.link.reads() && (self.is_eof || !self.input.is_empty());
        if count > 0 {
            self.room -= count;
            self.unsent.drain(..count);
            self.link.sent(count, self.now);
        } else if reads {
            let space = self.link.space();
            assert!((1..=66_128).contains(&space.len()));
            let count = self.input.len().min(space.len());
            space[..count].copy_from_slice(&self.input[..count]);
            self.input.drain(..count);
            self.link.received(count, self.now);
        }
        count > 0 || reads
    }

    /// Time passes, and each deadline comes in it.
    pub fn wait(&mut self, time: Duration) {
        let (end, mut late) = (self.now + time, 0);
        while !self.is_closed && self.link.deadline() <= end {
            late = if self.link.deadline() > self.now { 0 } else { late + 1 };
            assert!(late < 3, "its deadline stays in the past");
            self.now = self.now.max(self.link.deadline());
            self.link.timed_out(self.now);
            self.receive(b"");
        }
        self.now = end;
    }
}
