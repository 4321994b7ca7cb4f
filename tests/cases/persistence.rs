//! Whether a connection stays, and what comes through it in a row: RFC 9112
//! section 9.3.

use super::*;

/// Lines of fields, `|` between them.
const STAY_IN_1_1: &str = "Connection: keep-alive|Connection:|Connection: x|\
    Connection: closed|Connection: xclose|Connection: \"close\"|\
    Connection: not close|Connection: close;x|X-Connection: close|\
    Proxy-Connection: close|Connection: upgrade\r\nUpgrade: websocket";
const STAY_IN_1_0: &str = "Connection: keep-alive|Connection: Keep-Alive|\
    Connection: x, keep-alive|Connection: x\r\nConnection: keep-alive";
const CLOSE_IN_1_0: &str = "Connection: close|Connection: x|Connection:|\
    Connection: keep-alive, close|Connection: keepalive|Keep-Alive: timeout=5";
const CLOSE_IN_1_1: &str = "Connection: close|Connection: Close|\
    Connection: CLOSE|connection: close|Connection: x, close|\
    Connection: close, x|Connection: ,,close,|Connection: keep-alive, close|\
    Connection: close\r\nConnection: keep-alive|\
    Connection: x\r\nConnection: \t close \t";

pub fn cases(t: &mut Table) {
    for (rfc, version, stays, rows) in [
        ("9112 9.3", "1.1", true, STAY_IN_1_1),
        ("9112 9.3", "1.0", true, STAY_IN_1_0),
        ("9112 9.3", "1.0", false, CLOSE_IN_1_0),
        ("9112 9.6", "1.1", false, CLOSE_IN_1_1),
    ] {
        t.rfc = rfc;
        for fields in rows.split('|') {
            let then = if stays { "stays" } else { "closes" };
            let shown = fields.escape_debug();
            let head = if version == "1.1" { get } else { old_get };
            let name = format!("{version} {then} with '{shown}'");
            let case = t.ok(name, head(fields));
            case.then = if stays { Then::Waits } else { Then::Closes };
        }
    }
    pipelines(t);
}

fn pipelines(t: &mut Table) {
    let page = line("GET / HTTP/1.1");
    let half = &page[..20];
    let close = get("Connection: close");

    t.rfc = "9112 9.3.2";
    t.ok("two requests", &page).next();
    let fifty = t.ok("fifty requests", &page);
    for _ in 1..50 {
        fifty.next();
    }
    t.ok("HEAD between two GETs", join(&[&page, &line("HEAD / HTTP/1.1")]))
        .accepted(&[200])
        .next();
    t.ok("a request and a half", join(&[&page, half]));

    t.rfc = "9112 2.2";
    // They cost nothing to keep, and the time for a request is bounded.
    t.case("empty lines without an end", "\r\n".repeat(16 * 1024));
    t.ok("empty lines between requests", join(&[&page, b"\r\n\r\n"])).next();
    let dropped = join(&[&get("Content-Length: 5"), b"hello\r\n"]);
    t.ok("a CRLF behind a body", &dropped);
    t.ok("a CRLF behind a body, and the end", &dropped).finished().closes();

    t.rfc = "9112 9.3";
    let nowhere = line("GET /nowhere HTTP/1.1");
    t.case("not found is no reason to close", nowhere).accepted(&[404]).next();
    let wrong = line("DELETE /api/ HTTP/1.1");
    t.case("nor is a wrong method", wrong).accepted(&[405]).next();
    t.ok("nothing after HTTP/1.0", join(&[&old_get(""), &page])).closes();
    let keeps = old_get("Connection: keep-alive");
    t.ok("HTTP/1.0 may be asked to stay", keeps).next();

    t.rfc = "9112 9.6";
    t.ok("nothing after a close", join(&[&close, &page])).closes();
    let middle = join(&[&page, &close, &page]);
    t.ok("nothing after a close in the middle", middle)
        .accepted(&[200])
        .closes();
    let nonsense = join(&[&page, &line("NONSENSE"), &page]);
    t.ok("nothing after a refusal", nonsense).refused(&[400]);
    t.ok("the end after two requests", &page).next().finished().closes();
    t.ok("the end after a request and a half", join(&[&page, half]))
        .finished()
        .refused(&[400]);
}

/// Bodies in a row: their ends must be found exactly.
pub fn with_bodies(t: &mut Table) {
    let page = line("GET / HTTP/1.1");
    let echo = post("Content-Length: 5", "hello");
    let chunks = post("Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n");
    t.rfc = "9112 9.3.2";
    t.ok("a body between two GETs", join(&[&page, &echo]))
        .echoes("hello")
        .next();
    t.case("two ways to frame a body", join(&[&chunks, &echo, &chunks]))
        .echoes("hello")
        .echoes("hello")
        .echoes("hello");
}
