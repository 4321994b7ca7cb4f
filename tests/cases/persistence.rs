//! Whether a connection stays, and what comes through it in a row: RFC 9112
//! section 9.3.

use super::*;

fn old(fields: &str) -> Vec<u8> {
    join(&[b"GET / HTTP/1.0\r\n", fields.as_bytes(), b"\r\n"])
}

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for fields in [
        "Connection: keep-alive\r\n",
        "Connection:\r\n",
        "Connection: x\r\n",
        "Connection: closed\r\n",
        "Connection: xclose\r\n",
        "Connection: \"close\"\r\n",
        "Connection: not close\r\n",
        "Connection: close;x\r\n",
        "X-Connection: close\r\n",
        "Proxy-Connection: close\r\n",
        "Connection: upgrade\r\nUpgrade: websocket\r\n",
    ] {
        let name =
            format!("1.1 stays with '{}'", fields.trim_end().escape_debug());
        cases.push(ok(name, "9112 9.3", get(fields)));
    }
    for fields in [
        "Connection: close\r\n",
        "Connection: Close\r\n",
        "Connection: CLOSE\r\n",
        "connection: close\r\n",
        "Connection: x, close\r\n",
        "Connection: close, x\r\n",
        "Connection: ,,close,\r\n",
        "Connection: keep-alive, close\r\n",
        "Connection: close\r\nConnection: keep-alive\r\n",
        "Connection: x\r\nConnection: \t close \t\r\n",
    ] {
        let name =
            format!("1.1 closes with '{}'", fields.trim_end().escape_debug());
        cases.push(ok(name, "9112 9.6", get(fields)).closes());
    }
    for fields in [
        "Connection: keep-alive\r\n",
        "Connection: Keep-Alive\r\n",
        "Connection: x, keep-alive\r\n",
        "Connection: x\r\nConnection: keep-alive\r\n",
    ] {
        let name =
            format!("1.0 stays with '{}'", fields.trim_end().escape_debug());
        cases.push(ok(name, "9112 9.3", old(fields)));
    }
    for fields in [
        "Connection: close\r\n",
        "Connection: x\r\n",
        "Connection:\r\n",
        "Connection: keep-alive, close\r\n",
        "Connection: keepalive\r\n",
        "Keep-Alive: timeout=5\r\n",
    ] {
        let name =
            format!("1.0 closes with '{}'", fields.trim_end().escape_debug());
        cases.push(ok(name, "9112 9.3", old(fields)).closes());
    }
    cases.extend(pipelines());
    cases
}

fn pipelines() -> Vec<Case> {
    let page = line("GET / HTTP/1.1");
    let head = line("HEAD / HTTP/1.1");
    let close = get("Connection: close\r\n");
    let dropped = join(&[&get("Content-Length: 5\r\n"), b"hello"]);
    let nowhere = line("GET /nowhere HTTP/1.1");
    let wrong = line("DELETE /api/ HTTP/1.1");
    let nonsense = line("NONSENSE");
    vec![
        ok("two requests", "9112 9.3.2", join(&[&page, &page]))
            .accepted(&[200]),
        (0..49).fold(
            ok("fifty requests", "9112 9.3.2", page.repeat(50)),
            |case, _| case.accepted(&[200]),
        ),
        ok("HEAD between two GETs", "9112 9.3.2", join(&[&page, &head, &page]))
            .accepted(&[200])
            .accepted(&[200]),
        ok(
            "a CRLF behind a body, and the end",
            "9112 2.2",
            join(&[&dropped, b"\r\n"]),
        )
        .finished()
        .closes(),
        // They cost nothing to keep, and the time for a request is bounded.
        waits(
            "empty lines without an end",
            "9112 2.2",
            "\r\n".repeat(16 * 1024),
        ),
        ok("a CRLF behind a body", "9112 2.2", join(&[&dropped, b"\r\n"])),
        case(
            "not found is no reason to close",
            "9112 9.3",
            join(&[&nowhere, &page]),
        )
        .accepted(&[404])
        .accepted(&[200]),
        case("nor is a wrong method", "9112 9.3", join(&[&wrong, &page]))
            .accepted(&[405])
            .accepted(&[200]),
        ok("nothing after a close", "9112 9.6", join(&[&close, &page]))
            .closes(),
        ok(
            "nothing after a close in the middle",
            "9112 9.6",
            join(&[&page, &close, &page]),
        )
        .accepted(&[200])
        .closes(),
        ok(
            "nothing after a refusal",
            "9112 9.6",
            join(&[&page, &nonsense, &page]),
        )
        .refused(&[400]),
        ok("nothing after HTTP/1.0", "9112 9.3", join(&[&old(""), &page]))
            .closes(),
        ok(
            "HTTP/1.0 may be asked to stay",
            "9112 9.3",
            join(&[&old("Connection: keep-alive\r\n"), &page]),
        )
        .accepted(&[200]),
        ok("a request and a half", "9112 9.3.2", join(&[&page, &page[..20]])),
        ok("the end after two requests", "9112 9.6", join(&[&page, &page]))
            .finished()
            .accepted(&[200])
            .closes(),
        ok(
            "the end after a request and a half",
            "9112 9.6",
            join(&[&page, &page[..20]]),
        )
        .finished()
        .refused(&[400]),
        ok(
            "empty lines between requests",
            "9112 2.2",
            join(&[&page, b"\r\n\r\n", &page]),
        )
        .accepted(&[200]),
    ]
}

/// Bodies in a row: their ends must be found exactly.
pub fn with_bodies() -> Vec<Case> {
    let page = line("GET / HTTP/1.1");
    let echo = post("Content-Length: 5\r\n", "hello");
    let chunks =
        post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n");
    vec![
        ok(
            "a body between two GETs",
            "9112 9.3.2",
            join(&[&page, &echo, &page]),
        )
        .echoes(b"hello")
        .accepted(&[200]),
        case(
            "two ways to frame a body",
            "9112 9.3.2",
            join(&[&chunks, &echo, &chunks]),
        )
        .echoes(b"hello")
        .echoes(b"hello")
        .echoes(b"hello"),
    ]
}
