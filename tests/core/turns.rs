//! The shells that do not wait, over a pair of sockets: step 13's and the one
//! of 14 and later. The clock of the deadlines is the test's.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use nix::sys::socket::{setsockopt, sockopt};
use nix::unistd::dup2_stderr;
use shared::web::client::{self, Worker};
use shared::web::connection::Want;
use shared::web::site::{Limits, Site, Time};

use crate::fuzz::{PIECES, fuzz, seeds};
use crate::shell::{self, Recorder};

#[allow(dead_code, reason = "the step uses all of it")]
#[path = "../../steps/13-poll/client.rs"]
mod step13;

/// An idle client has all the time of a test: a turn that sends looks at the
/// real clock, which does not know what time it is here.
pub static LIMITS: Limits = Limits {
    keepalive: Duration::from_secs(1 << 20),
    header: Duration::from_secs(10),
    body: Duration::from_secs(60),
    send: Duration::from_secs(60),
    lingering: Duration::from_secs(2),
    min_rate: 1024,
};

/// A shell, with the site and the time that it works with.
pub trait Turns<S: Site> {
    fn new(site: S) -> Self;
    fn time(&mut self) -> &mut Time;
    fn add(&mut self, socket: UnixStream);
    /// What a client waits for after its turn, and until when; `None` if it
    /// has gone.
    fn turn(&mut self, index: usize, is_late: bool) -> Option<(Want, Instant)>;
}

pub struct Step13<S: Site>(S, Time, Vec<step13::Client<S>>);

pub struct Step14<S: Site>(Worker<S>, Vec<client::Client<S>>);

fn peer() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 1).into()
}

impl<S: Site> Turns<S> for Step13<S> {
    fn new(site: S) -> Self {
        Step13(site, Time::now(), Vec::new())
    }

    fn time(&mut self) -> &mut Time {
        &mut self.1
    }

    fn add(&mut self, socket: UnixStream) {
        let (socket, now) = (socket.into(), self.1.now);
        self.2.push(step13::Client::new(socket, peer(), &LIMITS, now));
    }

    fn turn(&mut self, index: usize, is_late: bool) -> Option<(Want, Instant)> {
        let Step13(site, time, clients) = self;
        let client = &mut clients[index];
        let stays = match is_late {
            true => client.timed_out(site, time),
            false => client.go_on(site, time),
        };
        stays.then(|| (client.waits_for(), client.deadline()))
    }
}

impl<S: Site> Turns<S> for Step14<S> {
    fn new(site: S) -> Self {
        Step14(Worker::new(site, &LIMITS), Vec::new())
    }

    fn time(&mut self) -> &mut Time {
        &mut self.0.time
    }

    fn add(&mut self, socket: UnixStream) {
        let now = self.0.time.now;
        self.1.push(client::Client::new(socket.into(), peer(), now));
    }

    fn turn(&mut self, index: usize, is_late: bool) -> Option<(Want, Instant)> {
        let Step14(worker, clients) = self;
        let client = &mut clients[index];
        let stays = match is_late {
            true => client.timed_out(worker),
            false => client.go_on(worker),
        };
        stays.then(|| (client.waits_for(), client.deadline(&LIMITS)))
    }
}

/// A client's socket; the other end is the shell's.
pub fn connect<S: Site>(shell: &mut impl Turns<S>) -> UnixStream {
    let (ours, theirs) = UnixStream::pair().unwrap();
    // A page of memory: not many responses fill it.
    setsockopt(&theirs, sockopt::SndBuf, &4096).unwrap();
    for socket in [&ours, &theirs] {
        socket.set_nonblocking(true).unwrap();
    }
    shell.add(theirs);
    ours
}

/// What there is to receive at this moment, at most so much.
pub fn receive(
    client: &mut UnixStream,
    most: u64,
    into: &mut Vec<u8>,
) -> usize {
    let before = into.len();
    match client.take(most).read_to_end(into) {
        Err(error) if error.kind() != ErrorKind::WouldBlock => {
            panic!("{error}")
        }
        _ => into.len() - before,
    }
}

/// `bytes` in three pieces, and the end of the stream. What comes back is
/// what the connection sends by itself, but for the dates.
fn converse<S: Turns<Recorder>>(bytes: &[u8]) {
    let mut shell = S::new(Recorder::default());
    let (mut client, mut got) = (connect(&mut shell), Vec::new());
    let pieces = bytes.chunks(bytes.len() / 3 + 1).map(Some);
    let mut state = None;
    for piece in pieces.chain([None]) {
        let sent = match piece {
            Some(piece) => client.write_all(piece),
            None => client.shutdown(Shutdown::Write),
        };
        // Who has been refused may be gone.
        if sent.is_err() {
            break;
        }
        loop {
            state = shell.turn(0, false);
            let is_moved = receive(&mut client, u64::MAX, &mut got) > 0;
            if state.is_none() || !is_moved {
                break;
            }
        }
        if state.is_none() {
            break;
        }
    }
    assert_eq!(state, None, "the client has ended, and waits");
    let mut core = shell::Shell::default();
    for bytes in [bytes, b""] {
        core.receive(bytes);
    }
    assert_eq!(without_dates(got), without_dates(core.sent));
}

fn without_dates(mut bytes: Vec<u8>) -> String {
    let field = b"\r\nDate: ";
    for at in 0..bytes.len() {
        if bytes[at..].starts_with(field) {
            let end = bytes.len().min(at + field.len() + 29);
            bytes[at + field.len()..end].fill(b'x');
        }
    }
    bytes.escape_ascii().to_string()
}

/// The shells log how each connection ends: what this thread says on standard
/// error, nobody reads.
pub fn be_quiet() {
    let null = File::options().write(true).open("/dev/null").unwrap();
    // SAFETY: unshare(2) takes flags: from now on the descriptors are this
    // thread's own, where that is allowed.
    if unsafe { libc::unshare(libc::CLONE_FILES) } == 0 {
        dup2_stderr(null).unwrap();
    }
}

#[test]
fn whatever_comes_in_pieces() {
    be_quiet();
    let count = seeds().count() as u64;
    let rounds = 10_000 / count + 1;
    fuzz(seeds(), rounds, PIECES, |bytes| {
        converse::<Step13<_>>(bytes);
        converse::<Step14<_>>(bytes);
    });
}

pub const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
pub const POST: &[u8] =
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n";

/// Another client has its turn, although this one has sent more.
fn gives_way<S: Turns<Recorder>>() {
    let mut shell = S::new(Recorder::default());
    let (mut client, mut theirs) = UnixStream::pair().unwrap();
    setsockopt(&client, sockopt::SndBuf, &(1 << 20)).unwrap();
    for socket in [&client, &theirs] {
        socket.set_nonblocking(true).unwrap();
    }
    shell.add(theirs.try_clone().unwrap());
    client.write_all(POST).unwrap();
    let sent = client.write(&[b'x'; 1 << 20]).unwrap() as u64;
    let (want, _) = shell.turn(0, false).unwrap();
    assert_eq!(want, Want::Read);
    let left = receive(&mut theirs, sent, &mut Vec::new()) as u64;
    assert!(left > 0 && left < sent, "{left} of {sent} bytes are left");
}

/// The same for one that is sent a file, and takes it as fast as it comes: this
/// would be all of it in 17 calls.
fn is_not_sent_all() {
    let mut shell = Step14::new(Recorder::default());
    shell.0.transmit = |_, connection, time| {
        let (bytes, file) = connection.output();
        let (count, file) = (bytes.len(), file.map_or(0..0, |it| it.1));
        connection.sent(count, (file.end - file.start).min(60), time);
        Ok(())
    };
    let mut client = connect(&mut shell);
    let fields = "Host: a\r\nContent-Length: 4";
    write!(client, "POST / HTTP/1.1\r\n{fields}\r\n\r\nfile").unwrap();
    assert_eq!(shell.turn(0, false).unwrap().0, Want::Write);
    assert_eq!(shell.turn(0, false).unwrap().0, Want::Read);
}

#[test]
fn a_turn_has_an_end() {
    be_quiet();
    gives_way::<Step13<_>>();
    gives_way::<Step14<_>>();
    is_not_sent_all();
}
