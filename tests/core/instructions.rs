//! What a request costs the connection, in instructions: so that no change
//! makes it dearer without anybody knowing.

use std::env;
use std::process::Command;
use std::time::Instant;

use shared::http::date::{Date, DateCache};
use shared::web::connection::{Connection, Want};
use shared::web::site::Time;

use crate::allocations::Echo;
use crate::cost::{WORK, instructions};
use crate::shell::LIMITS;
use crate::skip::skip;

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
    let date = DateCache::new(Date::from_unix_timestamp(0));
    let time = Time { now: Instant::now(), date };
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
            instructions("instructions::serve_for_the_count", &work)
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
