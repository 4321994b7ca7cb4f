//! The access log: which lines, how many bytes they say, and of whom.

use std::sync::Arc;
use std::time::Duration;

use httparse::Header;
use nix::errno::Errno;
use regex::Regex;
use shared::web::connection::End;
use shared::web::forwarded::{Networks, client};
use shared::web::log::{self, Buffers, Log};

use crate::shell::{Shell, late, spooling};

/// A line, of which the table has what is not the same in all of them.
const LINE: &str = "(?m)^2001:db8::1 - - \\[01/Jan/1970:00:00:00 \\+0000\\] \
    \"([ !#-~]*)\" ([0-9]{3} [0-9]+) \"([ !#-~]+)\" \"([ !#-~]+)\"\n";

/// What is logged of a client that does the pieces of `script`, and has room
/// for so many bytes; then it is gone. And how many it has got.
fn run(mut shell: Shell, script: &str, room: usize) -> (String, usize) {
    shell.room = room;
    shell.connection.keep_records("2001:db8::1".parse().ok());
    for piece in script.split('|') {
        match piece {
            "wait" => shell.wait(Duration::from_secs(60)),
            piece => shell.receive(piece.as_bytes()),
        }
    }
    shell.connection.close(End::Failed(Errno::EPIPE));
    let text = shell.log();
    let line = Regex::new(LINE).unwrap();
    let text = line.replace_all(&text, "$1 $2 $3 $4;");
    let text = text.replace(" HTTP/1.1", "").replace(" - -;", ";");
    (text, shell.sent.len())
}

/// Each row: which shell, what the client does, how many of all bytes it does
/// not get, and what is logged, in short.
#[test]
fn a_line_for_each_request() {
    let long = &*format!("GET /{}", "\"".repeat(16_379));
    let cut = &*format!("GET /{} 414 29;", r"\x22".repeat(510));
    let plain = &*format!("GET /~Referer: {}\r\n\r\n", "x".repeat(2049));
    let plain_cut = &*format!("GET / 200 0 {} -;", "x".repeat(2048));
    let shells: [fn() -> Shell; 4] =
        [Shell::default, || spooling(true, 9), || late(true), || late(false)];
    for (shell, script, missing, expected) in [
        (0, "GET /~Referer: \u{e9}\r\n\r\n", 0, r"GET / 200 0 \xC3\xA9 -;"),
        (0, "GET /~User-Agent: \\\r\n\r\n", 0, r"GET / 200 0 - \x5C;"),
        (0, "HEAD /~FILE", 0, "HEAD / 200 1000;"),
        (0, "POST /~FILE", 1001, "POST / 200 0;"),
        (0, "GET / HTTP/1.0\r\nFILE", 0, "GET / HTTP/1.0 200 1000;"),
        (0, "GET /~\r\nPOST /~FILE", 9, "GET / 200 0;POST / 200 991;"),
        (0, "\r\n|", 0, ""),
        (0, "\u{16}\u{7f}", 0, r"\x16\x7F 400 38;"),
        (0, "GET / HTTP/1.1\r\n\r\n", 1, "GET / 400 13;"),
        (0, "GET /|", 0, "GET / 400 23;"),
        (0, "GET /|wait", 0, "GET / 408 26;"),
        (0, "GET /", 0, "GET / 499 0;"),
        (0, long, 0, cut),
        (0, plain, 0, plain_cut),
        (0, "PUT /~Content-Length: 9\r\n\r\nab", 0, "PUT / 499 0;"),
        (1, "PUT /~EXPECT|abc", 2, "PUT / 200 1;"),
        (2, "GET /~\r\nGET /b~\r\n", 0, "GET / 200 0;GET /b 200 0;"),
        (3, "GET /~\r\n", 0, "GET / 499 0;"),
        (3, "GET /~\r\n|wait", 0, "GET / 503 27;"),
    ] {
        let expect = "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n";
        let script = script.replace('~', " HTTP/1.1\r\nHost: a\r\n");
        let script = script.replace("EXPECT", expect);
        let script = script.replace("FILE", "Content-Length: 4\r\n\r\nfile");
        let all = run(shells[shell](), &script, usize::MAX).1;
        let lines = run(shells[shell](), &script, all - missing).0;
        assert_eq!(lines, expected, "{script:?} {missing}");
    }
}

/// When there are 16 KiB of them, or when the first is a second old.
#[test]
fn lines_are_handed_over_together() {
    const LINE: &str = "unix: - - [01/Jan/1970:00:00:00 +0000] \
        \"GET / HTTP/1.1\" 200 0 \"-\" \"-\"\n";
    let buffers = Arc::new(Buffers::default());
    let mut log = Some(Log::new(Arc::clone(&buffers)));
    let mut shell = Shell::default();
    let second = shell.time.now + Duration::from_secs(1);
    let mut ask = |log: &mut Option<Log>| {
        shell.connection.keep_records(None);
        shell.receive(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        log::take(log, &mut shell.connection, &shell.time);
        log.as_ref().unwrap().or_next(None)
    };
    let expire = |log: &mut Option<Log>, now| {
        log.as_mut().unwrap().expire(now);
        log.as_ref().unwrap().or_next(None)
    };
    assert_eq!(ask(&mut log), Some(second));
    let before = second - Duration::from_millis(1);
    assert_eq!(expire(&mut log, before), Some(second));
    assert_eq!(expire(&mut log, second), None);
    let full = (16_usize << 10).div_ceil(LINE.len());
    for missing in (0..full).rev() {
        assert_eq!(ask(&mut log).is_none(), missing == 0);
    }
    buffers.close();
    for count in [1, full] {
        let lines = buffers.take(None).unwrap();
        assert!(lines == LINE.repeat(count).as_bytes());
    }
}

/// Who sends a request that a peer passes on: with which lines, `|` between
/// them, and which networks are believed.
#[test]
fn for_whom_a_proxy_speaks() {
    for (peer, lines, trusted, expected) in [
        ("10.0.0.1", "1.1.1.1", "10.0.0.2 ::/0", "10.0.0.1"),
        ("::ffff:10.9.9.9", "9.9.9.9, 1.1.1.1", "10.0.0.0/8", "1.1.1.1"),
        ("10.0.0.1", "9.9.9.9, 1.1.1.1|10.0.0.2,", "10.0.0.0/30", "1.1.1.1"),
        ("10.0.0.1", "10.1.1.1|::ffff:10.0.0.2", "0.0.0.0/0", "10.1.1.1"),
        ("10.0.0.1", "1.1.1.1, x, 10.0.0.2", "10.0.0.0/8", "10.0.0.2"),
        ("2001:db8::1", "1.1.1.1:80", "2001:db8::/32", "1.1.1.1"),
        ("", "1.1.1.1", "unix", "1.1.1.1"),
        ("", "1.1.1.1", "0.0.0.0/0 ::/0", ""),
    ] {
        let mut networks = Networks::default();
        assert!(trusted.split(' ').all(|it| networks.add(it)));
        let (name, lines) = ("x-Forwarded-For", lines.split('|'));
        let line = |it: &'static str| Header { name, value: it.as_bytes() };
        let lines: Vec<_> = lines.map(line).collect();
        let found = client(&lines, peer.parse().ok(), &networks);
        let found = found.map_or("".into(), |it| it.to_string());
        assert_eq!(found, expected, "{trusted}");
    }
    for bad in ["x", "10.0.0.0/33", "::/129", "::1/", "::ffff:1.1.1.1/95"] {
        assert!(!Networks::default().add(bad), "{bad}");
    }
}
