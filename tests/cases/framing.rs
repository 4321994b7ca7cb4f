//! Where a body ends: RFC 9112 section 6.

use super::*;

/// A request that must never get a response when it stands in a body.
const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

const MAX_BODY: usize = 1024 * 1024;

/// Fields that say where a body ends, or do not.
const LENGTH: &str = "Content-Length: 5";
const CHUNKED: &str = "Transfer-Encoding: chunked";
const GZIP: &str = "Transfer-Encoding: gzip";

pub fn cases(t: &mut Table) {
    good(t);
    lengths(t);
    codings(t);
    cuts(t);
}

fn length(length: impl Display, body: impl AsRef<[u8]>) -> Vec<u8> {
    post(format!("Content-Length: {length}"), body)
}

fn good(t: &mut Table) {
    t.rfc = "9112 6.2";
    t.case("a body", length(5, "hello")).echoes("hello");
    t.case("an empty body", length(0, "")).echoes("");
    let every: Vec<u8> = (0..=255).collect();
    t.case("a body of every byte", length(256, &every)).echoes(&every);
    let nested = length(SMUGGLED.len(), SMUGGLED);
    t.case("a body that looks like a request", nested).echoes(SMUGGLED);

    t.rfc = "9112 6.3";
    t.case("no body", post("", "")).echoes("");
    t.case("a request after a body", length(5, "hello")).echoes("hello").next();
    t.case("a request after no body", post("", "")).echoes("").next();
    let nowhere = head("POST /nowhere HTTP/1.1\r\nHost: a", LENGTH);
    t.case("a body for nowhere", join(&[&nowhere, b"hello"]))
        .accepted(&[404, 405])
        .next();
    t.case("a body in HTTP/1.0", old_post(LENGTH, "hello"))
        .echoes("hello")
        .closes();

    t.rfc = "9110 8.6";
    t.case("zeros before the length", length("0005", "hello")).echoes("hello");

    t.rfc = "9112 5.1";
    t.case("blanks around the length", length(" \t5\t ", "hello"))
        .echoes("hello");

    t.rfc = "9112 2.2";
    t.case("an empty line after a body", length(5, "hello\r\n"))
        .echoes("hello")
        .next();

    t.rfc = "9110 15.5.14";
    let large = "x".repeat(MAX_BODY);
    t.case("the largest body", length(MAX_BODY, &large)).echoes(&large);

    t.rfc = "9110 9.3.1";
    t.ok("GET with a body", join(&[&get(LENGTH), b"hello"])).next();

    t.rfc = "9110 9.3.2";
    let head = head("HEAD / HTTP/1.1\r\nHost: a", LENGTH);
    t.ok("HEAD with a body", join(&[&head, b"hello"])).next();

    t.rfc = "9110 5.1";
    t.case("an underscore is another field", post("Content_Length: 5", ""))
        .echoes("")
        .next();
}

/// Whatever is not one number is refused, and what follows is not run.
fn lengths(t: &mut Table) {
    let strange = [
        "+5", "-5", "-0", "5 5", "5,5", "5, 5", "5, 6", "5,", ",5", "0x5",
        "5.0", "5e0", "", "five", "５", "5;", "5x", "\"5\"", "1_0", "0 0",
    ];
    let too_many_bits = [
        "18446744073709551616",
        "36893488147419103237",
        "99999999999999999999999999999999999999",
    ];

    t.rfc = "9112 6.3";
    for value in strange.iter().chain(&too_many_bits) {
        t.bad(format!("the Content-Length '{value}'"), length(value, SMUGGLED));
    }
    for (name, fields) in [
        ("two different lengths", [LENGTH, "Content-Length: 6"]),
        ("two lengths spelt differently", [LENGTH, "content-length: 6"]),
        ("a bad length and a good one", ["Content-Length: x", LENGTH]),
    ] {
        t.bad(name, post(fields.join("\r\n"), SMUGGLED));
    }
    t.bad("GET with a bad length", get("Content-Length: -1"));
    t.bad("HTTP/1.0 with a bad length", old_post("Content-Length: x", ""));

    t.rfc = "9110 8.6";
    for (name, field) in [
        ("two equal lengths", LENGTH),
        ("two lengths of 0", "Content-Length: 0"),
    ] {
        t.bad(name, post([field, field].join("\r\n"), SMUGGLED));
    }

    t.rfc = "9110 15.5.14";
    for (name, number) in [
        ("a body one byte too large", MAX_BODY as u64 + 1),
        ("a number of 33 bits", 1 << 32),
        ("the largest number", u64::MAX),
    ] {
        t.no(413, name, length(number, SMUGGLED));
    }
}

/// Transfer-Encoding, before a chunked body and a request after it.
fn codings(t: &mut Table) {
    let body = format!("5\r\nhello\r\n0\r\n\r\n{SMUGGLED}");
    let with = |fields: &str| post(fields, &body);
    let coding = |value: &str| with(&format!("Transfer-Encoding: {value}"));
    t.rfc = "9112 6.1";
    let good = "chunked|Chunked|CHUNKED|, chunked|chunked,| , \tchunked ,, ";
    for value in good.split('|') {
        t.case(format!("the coding '{}'", value.escape_debug()), coding(value))
            .echoes("hello")
            .accepted(&[404]);
    }
    let others = "gzip, chunked|x, chunked|identity, chunked";
    for value in others.split('|').chain(["chunked;a=b, chunked"]) {
        t.no(501, format!("the coding '{value}'"), coding(value));
    }

    t.rfc = "9112 6.3";
    let bad = "identity|gzip|chunked, gzip|chunked, identity|chunked, chunked|\
        chunked;a=b|chunked ;a|chunked x|x chunked|xchunked|chunkedx|\
        \"chunked\"|'chunked'|chunked\u{e4}||,|chunked, x";
    for value in bad.split('|') {
        t.bad(format!("the coding '{value}'"), coding(value));
    }
    for (name, fields) in [
        ("a coding in a field after chunked", [CHUNKED, GZIP]),
        ("a length and chunked", [LENGTH, CHUNKED]),
        ("chunked and a length", [CHUNKED, LENGTH]),
        ("chunked and a length of 0", [CHUNKED, "Content-Length: 0"]),
        ("a length and an unknown coding", [LENGTH, "Transfer-Encoding: x"]),
    ] {
        t.bad(name, with(&fields.join("\r\n")));
    }

    t.rfc = "9112 6.1";
    let twice = [CHUNKED, CHUNKED].join("\r\n");
    t.bad("chunked in two fields", with(&twice));
    let both = [GZIP, CHUNKED].join("\r\n");
    t.no(501, "a coding in a field before chunked", with(&both));
    let chunks = "5\r\nhello\r\n0\r\n\r\n";
    t.bad("chunked in HTTP/1.0", old_post(CHUNKED, chunks));
    let both = [LENGTH, CHUNKED].join("\r\n");
    t.bad("chunked and a length in HTTP/1.0", old_post(&both, "hello"));

    for (rfc, name, rest) in [
        ("9112 5.1", "a blank before the coding's colon", " : chunked"),
        ("9112 5.2", "a coding on a folded line", ":\r\n chunked"),
        ("9110 5.5", "chunked after a vertical tab", ": \x0bchunked"),
    ] {
        t.rfc = rfc;
        t.bad(name, with(&format!("Transfer-Encoding{rest}")));
    }

    t.rfc = "9110 5.1";
    t.case("an underscore is no coding", with("Transfer_Encoding: chunked"))
        .echoes("")
        .refused(&[400]);
}

fn cuts(t: &mut Table) {
    t.rfc = "9112 6.2";
    t.case("nothing of the body", length(5, ""));
    t.case("a part of the body", length(5, "hell"));

    t.rfc = "9112 8";
    t.bad("the end before the body", length(5, "")).finished();
    t.bad("the end in the body", length(5, "hell")).finished();
    t.case("the end after the body", length(5, "hello"))
        .finished()
        .echoes("hello")
        .closes();
}
