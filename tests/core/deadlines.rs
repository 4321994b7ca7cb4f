//! The limits of a connection, to the nanosecond: time passes by being told.

use std::time::Duration;

use nix::errno::Errno;
use shared::web::connection::{End, Want};

use crate::shell::{LIMITS, Shell, late, spooling};
use crate::turns::{GET, POST};

const CHUNKED: &[u8] =
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

const NANOSECOND: Duration = Duration::from_nanos(1);
const SECOND: Duration = Duration::from_secs(1);

/// A connection that has received these bytes, if any.
fn receiving(bytes: &[u8], mut shell: Shell) -> Shell {
    if !bytes.is_empty() {
        shell.receive(bytes);
    }
    shell
}

/// The status line that was sent; empty if nothing was.
fn status_line(shell: &Shell) -> &str {
    let text = str::from_utf8(&shell.sent).unwrap();
    text.lines().next().unwrap_or_default()
}

/// What was received, the limit, what is sent then, and the state after it.
const STATES: &[(&[u8], Duration, &str, &str)] = &[
    (b"", LIMITS.keepalive, "", "Closed"),
    (b"\r\n", LIMITS.keepalive, "", "Closed"),
    (b"G", LIMITS.header, TIMEOUT, "Lingering"),
    (POST, LIMITS.body, TIMEOUT, "Lingering"),
    // Its response never comes.
    (GET, LIMITS.send, UNAVAILABLE, "Lingering"),
    (CHUNKED, LIMITS.body, TIMEOUT, "Lingering"),
    (b"nonsense\r\n\r\n", LIMITS.lingering, BAD, "Closed"),
];
const TIMEOUT: &str = "HTTP/1.1 408 Request Timeout";
const UNAVAILABLE: &str = "HTTP/1.1 503 Service Unavailable";
const BAD: &str = "HTTP/1.1 400 Bad Request";

#[test]
fn each_state_has_its_limit() {
    let shells = [late, |works| spooling(works, 0)];
    let cases = STATES.iter().flat_map(|it| shells.map(|shell| (it, shell)));
    for ((bytes, limit, line, next), shell) in cases {
        let name = bytes.escape_ascii();
        let mut shell = receiving(bytes, shell(false));
        let state = shell.state();
        shell.wait(*limit - NANOSECOND);
        assert_eq!(shell.state(), state, "too early: {name}");
        shell.wait(NANOSECOND);
        assert_eq!(shell.state(), *next, "{name}");
        assert_eq!(status_line(&shell), *line, "{name}");
    }
}

/// What was received, what then drips, and the limit all the same.
#[test]
fn dripping_does_not_renew_a_limit() {
    let drips: [(&[u8], &[u8], Duration); 5] = [
        (b"", b"\r\n", LIMITS.keepalive),
        (b"GET / HTTP/1.1\r\nHost: ", b"a", LIMITS.header),
        (POST, b"x", LIMITS.body),
        (CHUNKED, b"1\r\nx\r\n", LIMITS.body),
        (b"nonsense\r\n\r\n", b"x", LIMITS.lingering),
    ];
    for (start, drop, limit) in drips {
        let mut shell = receiving(start, Shell::default());
        let (state, begin) = (shell.state(), shell.time.now);
        while shell.state() == state {
            shell.receive(drop);
            shell.wait(Duration::from_millis(100));
        }
        let time = shell.time.now - begin;
        let name = start.escape_ascii();
        assert!(time >= limit, "too early: {name}: {time:?}");
        // The bytes of a body earn a little.
        assert!(time <= limit + SECOND / 5, "too late: {name}: {time:?}");
    }
}

/// Each transition begins a wait of its own, however long the one before
/// has lasted.
#[test]
fn a_transition_begins_a_new_limit() {
    // What arrives, how much of the output the client takes, and what the
    // connection then waits for: all of it passes but a nanosecond.
    let steps: [(&[u8], usize, Want, Duration); 7] = [
        (b"POST / HTTP/1.1\r\nHost: a\r\n", 0, Want::Read, LIMITS.header),
        (b"Content-Length: 5\r\n\r\n", 0, Want::Read, LIMITS.body),
        (b"hello", 0, Want::Write, LIMITS.send),
        (b"", usize::MAX, Want::Read, LIMITS.keepalive),
        (b"GET", 0, Want::Read, LIMITS.header),
        (b" nonsense\r\n\r\n", 0, Want::Write, LIMITS.send),
        (b"", usize::MAX, Want::Read, LIMITS.lingering),
    ];
    let mut shell = Shell::default();
    shell.wait(LIMITS.keepalive - NANOSECOND);
    for (bytes, room, want, limit) in steps {
        shell.room = room;
        match bytes {
            b"" => shell.go_on(),
            bytes => shell.receive(bytes),
        }
        let left = shell.connection.deadline() - shell.time.now;
        let name = bytes.escape_ascii();
        assert_eq!((shell.want, left), (want, limit), "after '{name}'");
        shell.wait(limit - NANOSECOND);
    }
}

/// A body that arrives with this many bytes a second: how long it took, and
/// what was sent first.
fn upload(rate: usize, shell: Shell) -> (Duration, String) {
    let mut shell = receiving(POST, shell);
    let mut begin = shell.time.now;
    let mut missing: usize = 1024 * 1024;
    while missing > 0 && shell.waits() {
        let count = missing.min(rate);
        shell.receive(&vec![b'x'; count]);
        missing -= count;
        if shell.connection.is_waiting() {
            // While a piece is taken, the client's time stands still.
            shell.wait(LIMITS.send - NANOSECOND);
            begin += LIMITS.send - NANOSECOND;
            shell.works = true;
            shell.go_on();
            shell.works = false;
        }
        shell.wait(SECOND);
    }
    (shell.time.now - begin, status_line(&shell).to_string())
}

#[test]
fn the_bytes_of_a_body_earn_time() {
    let rate = LIMITS.min_rate as usize;
    for shell in [Shell::default, || spooling(false, usize::MAX)] {
        let (time, line) = upload(rate, shell());
        assert_eq!(line, "HTTP/1.1 200 OK");
        assert!(time > 6 * LIMITS.body, "{time:?}");
        // Half the rate doubles the limit: each second earns half of one.
        let (time, line) = upload(rate / 2, shell());
        assert_eq!((time, &*line), (2 * LIMITS.body, TIMEOUT));
    }
}

/// A large response to a client that takes this many bytes, and then nothing
/// for so long. How long it took, and how the connection is then.
fn download(bytes: usize, pause: Duration) -> (Duration, Shell) {
    let mut shell = receiving(POST, Shell::default());
    shell.room = 0;
    shell.receive(&vec![b'x'; 1024 * 1024]);
    let begin = shell.time.now;
    while shell.want == Want::Write {
        shell.room = bytes;
        shell.go_on();
        if shell.want == Want::Write {
            shell.wait(pause);
        }
    }
    (shell.time.now - begin, shell)
}

/// The kernel lets a steady reader's progress come in jumps: what counts is
/// the rate of all of it.
#[test]
fn a_slow_steady_reader_gets_everything() {
    let rate = LIMITS.min_rate as usize;
    for seconds in [1, 12] {
        let pause = SECOND * seconds;
        let (time, shell) = download(rate * seconds as usize, pause);
        assert!(time >= LIMITS.send * 10, "{time:?}");
        assert!(shell.sent.len() > 1024 * 1024, "{}", shell.sent.len());
        assert_eq!(shell.state(), "Idle");
    }
}

#[test]
fn a_reader_that_is_too_slow_is_given_up() {
    for (bytes, limit) in [
        (0, LIMITS.send),
        (1, LIMITS.send),
        // Half the rate doubles the limit.
        (LIMITS.min_rate as usize / 2, 2 * LIMITS.send),
    ] {
        let (time, shell) = download(bytes, SECOND);
        assert!((limit..=limit + SECOND).contains(&time), "{time:?}");
        assert_eq!(shell.connection.end(), End::Failed(Errno::ETIMEDOUT));
        assert_eq!(shell.want, Want::Close);
    }
}

/// A refusal that the client does not take is given up as well.
#[test]
fn a_refusal_that_is_not_taken() {
    let mut shell = Shell { room: 0, ..Shell::default() };
    shell.receive(b"nonsense\r\n\r\n");
    shell.wait(LIMITS.send - NANOSECOND);
    assert_eq!(shell.want, Want::Write);
    shell.wait(NANOSECOND);
    assert_eq!(shell.want, Want::Close);
}
