//! What is too much: 414 and 431.

use super::*;

/// The longest head.
const MAX_HEAD: usize = 16 * 1024;

/// `length` letters.
fn long(length: usize) -> String {
    "a".repeat(length)
}

/// A head of exactly `length` bytes: a field fills it.
fn head_of(length: usize) -> Vec<u8> {
    field(length - get("X: ").len())
}

/// A head with a field of `length` bytes.
fn field(length: usize) -> Vec<u8> {
    get(format!("X: {}", long(length)))
}

/// A head with so many fields.
fn fields(count: usize) -> Vec<u8> {
    get(vec!["X: b"; count - 1].join("\r\n"))
}

pub fn cases(t: &mut Table) {
    let target =
        |length: usize| line(format!("GET /{} HTTP/1.1", long(length - 1)));

    t.rfc = "9112 3";
    t.case("a target of 8,000 bytes", target(8000)).accepted(&[404]);
    t.case("a method without an end", long(MAX_HEAD + 1))
        .refused(&[400, 414, 501]);

    t.rfc = "9110 15.5.15";
    t.no(414, "a target of 17,000 bytes", target(17_000));
    t.no(414, "a target of 100,000 bytes", target(100_000));
    t.no(414, "a target without an end", format!("GET /{}", long(MAX_HEAD)));

    t.rfc = "9110 5.4";
    t.ok("one hundred fields", fields(100));
    t.ok("a field of 8,000 bytes", field(8000));
    t.ok("the longest head", head_of(MAX_HEAD));
    t.case("almost the longest head", &head_of(MAX_HEAD)[..MAX_HEAD - 1]);

    t.rfc = "6585 5";
    t.no(431, "one hundred and one fields", fields(101));
    t.no(431, "a thousand fields", fields(1000));
    t.no(431, "a byte more than the longest head", head_of(MAX_HEAD + 1));
    t.no(431, "a field of 20,000 bytes", field(20_000));
    let name = get(format!("{}: b", long(20_000)));
    t.no(431, "a name of 20,000 bytes", name);
    let endless = format!("GET / HTTP/1.1\r\nX: {}", long(MAX_HEAD));
    t.no(431, "a field without an end", endless);
}
