//! What a client that drips costs: each byte is looked at once. And what a
//! request costs the connection, in instructions, so that no change makes it
//! dearer without anybody knowing.

use std::env;
use std::process::Command;

use shared::http::head::HeadScanner;
use shared::web::connection::{Connection, Want};
use shared::web::site::Time;

use crate::allocations::Echo;
use crate::parser::{Parse, Parser};
use crate::shell::LIMITS;
use crate::skip::skip;

/// Heads of about `size` bytes, each long in another place.
fn heads(size: usize) -> [Vec<u8>; 4] {
    let long = "a".repeat(size);
    let fields = "X-Name: value\r\n".repeat((size / 15).min(90));
    [
        format!("GET /{long} HTTP/1.1\r\n\r\n").into(),
        format!("GET / HTTP/1.1\r\nX: {long}\r\n\r\n").into(),
        format!("GET / HTTP/1.1\r\n{long}: b\r\n\r\n").into(),
        format!("GET / HTTP/1.1\r\n{fields}\r\n").into(),
    ]
}

/// A head byte by byte, through step 05's parser and through the core.
/// What has been seen is overwritten before the next byte comes: whoever
/// looks at it again sees nonsense.
fn drip_head(bytes: &[u8]) {
    let mut parser = Parser::new();
    let mut scanner = HeadScanner::default();
    let mut memory = bytes.to_vec();
    // The parser compares the method when it is whole, and the scanner
    // the first byte: once each, and it is the same byte. An LF makes
    // one look back at its CR.
    let target = bytes.windows(2).position(|w| w == b" /").unwrap() + 1;
    for end in 1..bytes.len() {
        let seen = &memory[..end];
        assert!(matches!(parser.parse(seen), Parse::Partial));
        assert_eq!(scanner.scan(seen), Ok(None));
        if end > target + 1 {
            memory[end - 2] = 0;
        }
    }
    assert!(matches!(parser.parse(&memory), Parse::Complete(_)));
    assert_eq!(scanner.scan(&memory), Ok(Some(bytes.len())));
}

#[test]
fn what_has_been_seen_is_not_looked_at_again() {
    for bytes in heads(2000) {
        drip_head(&bytes);
    }
}

/// Where a child of a test finds what to do.
const WORK: &str = "HTTP_COST_WORK";

/// How many instructions `test` takes for this work, with all that is around
/// it. `None` without valgrind.
fn instructions(test: &str, work: &str) -> Option<i64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe().unwrap())
        .args(["--exact", test, "--test-threads=1"])
        .env(WORK, work)
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "valgrind: {text}");
    let count = text.split_once("Collected : ").expect("a count").1;
    Some(count.split_whitespace().next()?.parse().unwrap())
}

/// With which compiler the numbers below were counted, without optimisation:
/// another one makes others.
const COMPILER: &str = "rustc 1.95.";

const SHORT: &str = "GET /a HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n";

const BROWSER: &str = "GET /a HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, \
    like Gecko) Chrome/120.0.0.0 Safari/537.36\r\n\
    Accept: text/html,application/xhtml+xml;q=0.9,image/webp,*/*;q=0.8\r\n\
    Accept-Encoding: gzip, deflate, br\r\nAccept-Language: en-US\r\n\
    Connection: keep-alive\r\nReferer: http://127.0.0.1:8080/\r\n\
    Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n\
    Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\n\
    Sec-Fetch-Site: same-origin\r\nUpgrade-Insecure-Requests: 1\r\n\r\n";

/// The requests, and what each of them costs.
const RECORDED: [(&str, &str, i64); 2] =
    [("short", SHORT, 32_199), ("browser", BROWSER, 102_719)];

/// No test: what the next one counts the instructions of.
#[test]
fn serve_for_the_count() {
    let Ok(work) = env::var(WORK) else { return };
    let (name, count) = work.split_once(' ').unwrap();
    let of = |it: &&(&str, &str, i64)| it.0 == name;
    let request = RECORDED.iter().find(of).unwrap().1.as_bytes();
    let time = Time::now();
    let mut connection = Connection::new(&LIMITS, time.now);
    for _ in 0..count.parse().unwrap() {
        connection.space()[..request.len()].copy_from_slice(request);
        connection.received(request.len(), &time);
        assert_eq!(connection.advance(&time, &Echo), Want::Write);
        let count = connection.output().0.len();
        connection.sent(count, 0, &time);
        assert_eq!(connection.advance(&time, &Echo), Want::Read);
    }
}

#[test]
fn a_request_costs_what_it_did() {
    let test = "a_request_costs_what_it_did";
    let version = Command::new("rustc").arg("--version").output();
    let version = version.map(|it| String::from_utf8_lossy(&it.stdout).into());
    if !version.is_ok_and(|it: String| it.starts_with(COMPILER)) {
        let what = format!("no {COMPILER}x, with which it was counted");
        return skip(test, &what, "count anew, with this compiler");
    }
    for (name, _, recorded) in RECORDED {
        let count = |count| {
            let work = format!("{name} {count}");
            instructions("cost::serve_for_the_count", &work)
        };
        let (Some(few), Some(many)) = (count(100), count(300)) else {
            return skip(test, "no valgrind", "apt install valgrind");
        };
        let each = (many - few) / 200;
        println!("{name}: {each} instructions, {recorded} recorded");
        let (least, most) = (recorded * 95 / 100, recorded * 105 / 100);
        assert!((least..=most).contains(&each), "{name}: {each}");
    }
}
