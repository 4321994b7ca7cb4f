//! Clients that wait before they send a body: RFC 9110 section 10.1.1.

use super::*;

const CONTINUE: &str = "Expect: 100-continue";

pub fn cases(t: &mut Table) {
    let asks =
        |expect| post(format!("Expect: {expect}\r\nContent-Length: 5"), "");
    let sends = |expect| join(&[&asks(expect), b"hello"]);
    let with = |field| format!("{CONTINUE}\r\n{field}");

    t.rfc = "9110 10.1.1";
    t.case("100-continue", asks("100-continue")).continues();
    t.case("100-Continue", asks("100-Continue")).continues();
    let chunked = with("Transfer-Encoding: chunked");
    let chunks = "5\r\nhello\r\n0\r\n\r\n";
    for (name, count, bytes) in [
        ("100-continue and the body", 1, sends("100-continue")),
        ("100-continue in a list", 1, sends("100-continue, ,100-continue")),
        ("100-continue twice", 2, sends("100-continue").repeat(2)),
        ("100-continue before chunks", 1, post(chunked, chunks)),
    ] {
        let case = t.case(name, bytes);
        for _ in 0..count {
            case.continues().echoes("hello");
        }
    }
    t.case("100-continue without a body", post(CONTINUE, "")).echoes("");
    t.ok("100-continue and GET", get(CONTINUE));
    t.case("an empty list of expectations", asks(""));
    let bytes = old_post(&with("Content-Length: 5"), "hello");
    t.case("100-continue in HTTP/1.0", bytes).echoes("hello").closes();
    let bytes = old_post("Expect: x\r\nContent-Length: 5", "hello");
    t.case("another expectation in HTTP/1.0", bytes).echoes("hello").closes();
    let bytes = post(with("Content-Length: 9999999"), "");
    t.no(413, "100-continue and too large a body", bytes);
    let bytes = post(with("Content-Length: +5"), "");
    t.bad("100-continue and a bad length", bytes);
    let nowhere = "POST /nowhere HTTP/1.1\r\nHost: a";
    let bytes = head(nowhere, with("Content-Length: 5"));
    t.case("100-continue for nowhere", bytes)
        .accepted(&[404])
        .closes()
        .about_the_site();
    let bytes = get(with("Content-Length: 5"));
    t.ok("100-continue for GET with a body", bytes).closes().about_the_site();

    t.rfc = "9110 15.5.18";
    t.no(417, "another expectation", asks("200-ok"));
    t.no(417, "an expectation in quotes", asks("\"100-continue\""));
    t.no(417, "100-continue and another", asks("100-continue, x"));
}
