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
    let rest = get("X: \r\n").len();
    get(format!("X: {}\r\n", long(length - rest)))
}

/// A head with so many fields.
fn fields(count: usize) -> Vec<u8> {
    get("X: b\r\n".repeat(count - 1))
}

pub fn cases() -> Vec<Case> {
    let target =
        |length: usize| line(format!("GET /{} HTTP/1.1", long(length - 1)));
    vec![
        case("a target of 8,000 bytes", "9112 3", target(8000))
            .accepted(&[404]),
        no(414, "a target of 17,000 bytes", "9110 15.5.15", target(17_000)),
        no(414, "a target of 100,000 bytes", "9110 15.5.15", target(100_000)),
        no(
            414,
            "a target without an end",
            "9110 15.5.15",
            format!("GET /{}", long(MAX_HEAD)),
        ),
        case("a method without an end", "9112 3", long(MAX_HEAD + 1))
            .refused(&[400, 414, 501]),
        ok("one hundred fields", "9110 5.4", fields(100)),
        no(431, "one hundred and one fields", "6585 5", fields(101)),
        no(431, "a thousand fields", "6585 5", fields(1000)),
        ok(
            "a field of 8,000 bytes",
            "9110 5.4",
            get(format!("X: {}\r\n", long(8000))),
        ),
        ok("the longest head", "9110 5.4", head_of(MAX_HEAD)),
        no(
            431,
            "a byte more than the longest head",
            "6585 5",
            head_of(MAX_HEAD + 1),
        ),
        no(
            431,
            "a field of 20,000 bytes",
            "6585 5",
            get(format!("X: {}\r\n", long(20_000))),
        ),
        no(
            431,
            "a name of 20,000 bytes",
            "6585 5",
            get(format!("{}: b\r\n", long(20_000))),
        ),
        no(
            431,
            "a field without an end",
            "6585 5",
            format!("GET / HTTP/1.1\r\nX: {}", long(MAX_HEAD)),
        ),
        waits(
            "almost the longest head",
            "9110 5.4",
            &head_of(MAX_HEAD)[..MAX_HEAD - 1],
        ),
    ]
}
