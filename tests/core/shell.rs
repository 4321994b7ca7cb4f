//! The connection itself, without a socket: bytes in, events out.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use shared::http::date::{Date, DateCache};
use shared::http::head::Head;
use shared::http::method::Method;
use shared::http::status::Status;
use shared::web::connection::{self, End, Want};
use shared::web::log::{self, Buffers, Log};
use shared::web::site::{
    Body, Done, Limits, Request, Responder, Sink, Site, Takes, Time,
};

use super::outcome::{Event, Outcome};

pub type Connection = connection::Connection<Recorder>;

/// Those of steps 06 to 08.
pub static LIMITS: Limits = Limits {
    keepalive: Duration::from_secs(2),
    header: Duration::from_secs(5),
    body: Duration::from_secs(10),
    send: Duration::from_secs(5),
    lingering: Duration::from_secs(1),
    min_rate: 16 * 1024,
};

/// A site that takes every body, and writes down what it is asked for.
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    events: Arc<Mutex<Vec<Event>>>,
    /// Every response comes later.
    pub is_late: bool,
    /// Bodies come in pieces, of which the one with this number is refused.
    pub refused: Option<usize>,
}

/// What a head says, owned.
#[derive(Debug, Clone)]
pub struct Record {
    target: String,
    fields: Vec<(String, Vec<u8>)>,
    expects_continue: bool,
}

impl Site for Recorder {
    type Resource = Record;

    fn locate(&self, head: &Head, _: &Time) -> Record {
        Record {
            target: match head.target.query {
                Some(query) => format!("{}?{query}", head.target.path),
                None => head.target.path.to_string(),
            },
            fields: head
                .fields
                .iter()
                .map(|field| (field.name.to_string(), field.value.to_vec()))
                .collect(),
            expects_continue: head.expects_continue,
        }
    }

    fn takes(&self, _: Method, _: &Record) -> Takes {
        Takes::Memory(1024 * 1024)
    }

    fn sink(
        &self,
        method: Method,
        it: &Record,
    ) -> Option<(Box<dyn Sink>, u64)> {
        self.refused?;
        let spool = Spool(self.clone(), method, it.clone(), Vec::new());
        Some((Box::new(spool), 1024 * 1024))
    }

    fn respond(
        &self,
        request: Request<Record>,
        content: &[u8],
        out: Responder,
    ) -> Body {
        let Request { method, resource, .. } = request;
        let Record { target, fields, expects_continue } = resource;
        let mut events = self.events.lock().unwrap();
        if expects_continue {
            events.push(Event::Continue);
        }
        events.push(Event::Request {
            method: format!("{method:?}").to_uppercase(),
            target,
            fields,
            body: content.to_vec(),
        });
        if self.is_late {
            let content = content.to_vec();
            return Body::Later(Box::new(|_| {
                Done::response(move |out| {
                    out.start(Status::Ok).body(&content);
                })
            }));
        }
        if content == b"file" {
            let file = File::open("/dev/null").unwrap();
            out.start(Status::Ok).length(1000);
            return Body::File(Arc::new(file.into()), 0..1000);
        }
        out.start(Status::Ok).body(content);
        Body::Written
    }
}

fn refuse(out: Responder) {
    out.start(Status::InsufficientStorage).body(b"");
}

/// A body that comes in pieces.
struct Spool(Recorder, Method, Record, Vec<u8>);

impl Sink for Spool {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Done> {
        let Spool(Recorder { refused, .. }, .., body) = self;
        let left = refused.and_then(|left| left.checked_sub(1));
        *refused = Some(left.ok_or_else(|| Done::response(refuse))?);
        body.extend_from_slice(bytes);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Done {
        let Spool(site, method, resource, body) = *self;
        Done::response(move |out| {
            let (number, persistence) = (0, out.persistence);
            let request = Request { method, resource, number, persistence };
            site.respond(request, &body, out);
        })
    }
}

/// A connection in the hands of a shell that never waits.
pub struct Shell {
    pub connection: Connection,
    pub site: Recorder,
    pub time: Time,
    /// What it last wanted, after everything was sent.
    pub want: Want,
    /// Everything that was sent.
    pub sent: Vec<u8>,
    /// How many more bytes the client takes: without a limit, at first.
    pub room: usize,
    /// Whether the jobs of late responses are done at once, or never.
    pub works: bool,
    /// The changes of state that were seen, by their names.
    pub changes: BTreeSet<(String, String)>,
}

impl Default for Shell {
    fn default() -> Self {
        let now = Instant::now();
        let date = DateCache::new(Date::from_unix_timestamp(0));
        let mut shell = Shell {
            connection: Connection::new(&LIMITS, now),
            site: Recorder::default(),
            time: Time { now, date },
            want: Want::Close,
            sent: Vec::new(),
            room: usize::MAX,
            works: true,
            changes: BTreeSet::new(),
        };
        shell.go_on();
        shell
    }
}

impl Shell {
    /// Does what the connection wants, until it wants bytes, the client takes
    /// no more, or it is closed.
    pub fn go_on(&mut self) {
        loop {
            self.want = self.see(|shell| {
                shell.connection.advance(&shell.time, &shell.site)
            });
            match self.want {
                Want::Write if self.room == 0 => return,
                Want::Write => self.see(|shell| {
                    let (output, file) = shell.connection.output();
                    let file = file.map_or(0, |(_, it)| it.end - it.start);
                    let count = output.len().min(shell.room);
                    let file = file.min((shell.room - count) as u64);
                    shell.room -= count + file as usize;
                    shell.sent.extend_from_slice(&output[..count]);
                    shell.sent.resize(shell.sent.len() + file as usize, 0);
                    shell.connection.sent(count, file, &shell.time);
                }),
                Want::Shutdown => {}
                Want::Read if self.works && self.connection.is_waiting() => {
                    let (job, ticket) = self.connection.job().unwrap();
                    assert!(
                        ticket.is_good() && self.connection.job().is_none()
                    );
                    let done = job(&ticket);
                    self.see(|it| it.connection.complete(done, &it.time));
                }
                Want::Read | Want::Close => return,
            }
        }
    }

    /// Gives it these bytes, as many at a time as it has space for; no bytes
    /// are the end of the stream.
    pub fn receive(&mut self, mut bytes: &[u8]) {
        let is_end = bytes.is_empty();
        // A shell does not read for who waits for another thread.
        if self.connection.is_waiting() {
            return;
        }
        while self.want == Want::Read && (is_end || !bytes.is_empty()) {
            let space = self.connection.space();
            let count = space.len().min(bytes.len());
            space[..count].copy_from_slice(&bytes[..count]);
            bytes = &bytes[count..];
            self.see(|shell| shell.connection.received(count, &shell.time));
            self.go_on();
        }
    }

    /// Lets this much time pass, and says so if a deadline has.
    pub fn wait(&mut self, time: Duration) {
        self.time.now += time;
        if self.time.now >= self.connection.deadline() {
            self.see(|shell| shell.connection.timed_out(&shell.time));
            self.go_on();
        }
    }

    /// What has been logged since this was last called.
    pub fn log(&mut self) -> String {
        let buffers = Arc::new(Buffers::default());
        let mut log = Some(Log::new(Arc::clone(&buffers)));
        log::take(&mut log, &mut self.connection, &self.time);
        log.unwrap().hand_over();
        buffers.close();
        String::from_utf8(buffers.take(None).unwrap_or_default()).unwrap()
    }

    /// Whether it waits for a request, or for more of one.
    pub fn waits(&self) -> bool {
        let lingers = self.state() == "Lingering";
        self.want == Want::Read && !lingers
    }

    /// What has been understood, a refusal included.
    pub fn events(&self) -> Vec<Event> {
        let mut events = self.site.events.lock().unwrap().clone();
        let told = events.iter().filter(|e| **e == Event::Continue).count();
        let line = b"HTTP/1.1 100 Continue\r\n\r\n";
        let sent = self.sent.windows(line.len()).filter(|w| w == line);
        // The last request's, whose body is not complete.
        if sent.count() > told {
            events.push(Event::Continue);
        }
        if let End::Refused(refusal) = self.connection.end() {
            events.push(Event::Refused(refusal.status.code()));
        }
        events
    }

    /// The name of its state: the first word that is no struct's or field's.
    pub fn state(&self) -> String {
        let mut start = [0; 64];
        // The formatting stops when the buffer is full.
        let _ = write!(&mut start[..], "{:?}", self.connection);
        let text = String::from_utf8_lossy(&start);
        let name = text.trim_start_matches("Connection { state: ");
        let mut words = name.split(|c: char| !c.is_alphabetic());
        words.next().unwrap_or_default().to_string()
    }

    pub fn see<R>(&mut self, verb: impl FnOnce(&mut Self) -> R) -> R {
        let before = self.state();
        let result = verb(self);
        let after = self.state();
        if before != after {
            self.changes.insert((before, after));
        }
        result
    }
}

/// A shell whose site responds late, if the jobs are done, or never.
pub fn late(works: bool) -> Shell {
    let mut shell = Shell { works, ..Shell::default() };
    shell.site.is_late = true;
    shell
}

/// A shell whose site takes bodies in pieces, which are taken at once or never,
/// and refuses the one with this number.
pub fn spooling(works: bool, refused: usize) -> Shell {
    let mut shell = Shell { works, ..Shell::default() };
    shell.site.refused = Some(refused);
    shell
}

/// The outcome of `pieces`, after which the client ends its direction, or
/// does not.
pub fn outcome(pieces: &[&[u8]], finish: bool) -> Outcome {
    after(Shell::default(), pieces, finish)
}

/// The same with this shell.
pub fn after(mut shell: Shell, pieces: &[&[u8]], finish: bool) -> Outcome {
    for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
        shell.receive(piece);
    }
    if finish && shell.waits() {
        shell.receive(b"");
    }
    Outcome { waits: shell.waits(), events: shell.events() }
}
