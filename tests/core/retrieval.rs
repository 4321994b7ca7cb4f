//! http/{entity_tag, preconditions, range, retrieval}.rs: what a request gets
//! of what there is. RFC 9110 sections 13 and 14, and every rule of the
//! step's own.

use shared::http::date::Date;
use shared::http::entity_tag::EntityTag;
use shared::http::head::{Head, HeaderStorage};
use shared::http::preconditions::{Representation, evaluate};
use shared::http::retrieval::retrieve;

/// The Last-Modified of what is requested here: Sun, 06 Nov 1994 08:49:37.
const MODIFIED: i64 = 784_111_777;

const SIZE: u64 = 10_000;

/// What a request with these lines gets of a representation with this tag:
/// the status, and the bytes if they are not all.
pub fn ask_of(
    tag: &str,
    size: u64,
    age: i64,
    method: &str,
    lines: &str,
) -> String {
    let bytes = format!("{method} / HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
    let mut bytes = bytes.into_bytes();
    let mut storage = HeaderStorage::default();
    let head = Head::parse(&mut bytes, &mut storage).unwrap();
    let state = Representation {
        tag: EntityTag::new(tag),
        modified: Date::from_unix_timestamp(MODIFIED),
        size,
        date: Date::from_unix_timestamp(MODIFIED + age),
    };
    if !matches!(method, "GET" | "HEAD") {
        return format!("{:?}", evaluate(head.method, head.fields, &state));
    }
    let (status, part) = retrieve(&head, &state);
    match status.code() {
        206 => format!("206 {}-{}", part.start, part.end - 1),
        200 => {
            assert_eq!(part, 0..size);
            "200".to_string()
        }
        code => code.to_string(),
    }
}

/// Each row: the lines of a request, `|` between them, and what it gets. EXACT
/// and BEFORE stand for dates: that of the change, and the second before it.
fn check(method: &str, rows: &[(&str, &str)]) {
    for (lines, expected) in rows {
        let dated = lines.replace("EXACT", EXACT).replace("BEFORE", BEFORE);
        let all = dated.split('|').filter(|line| !line.is_empty());
        let all: String = all.map(|line| format!("{line}\r\n")).collect();
        let got = ask_of("\"a\"", SIZE, 1000, method, &all);
        assert_eq!(got, *expected, "{method}: {lines}");
    }
}

const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
const EXACT: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

#[test]
fn conditions_in_their_order() {
    check(
        "GET",
        &[
            ("", "200"),
            // If-Match: strong, any of the list, `*`.
            ("If-Match: \"a\"", "200"),
            ("if-match: \"b\", \"a\"", "200"),
            ("If-Match: \"b\"|If-Match: \"a\"", "200"),
            ("If-Match: *", "200"),
            ("If-Match: \"b\"", "412"),
            ("If-Match: W/\"a\"", "412"),
            ("If-Match: ", "412"),
            // Malformed lists match nothing.
            ("If-Match: a", "412"),
            ("If-Match: \"a\" \"b\"", "412"),
            ("If-Match: \"a\", b", "412"),
            ("If-Match: *, \"a\"", "412"),
            ("If-Match: *|If-Match: *", "412"),
            // If-Unmodified-Since: only without If-Match.
            ("If-Unmodified-Since: EXACT", "200"),
            ("If-Unmodified-Since: Sunday, 06-Nov-94 08:49:37 GMT", "200"),
            ("If-Unmodified-Since: Fri, 01 Jan 2100 00:00:00 GMT", "200"),
            ("If-Unmodified-Since: BEFORE", "412"),
            ("If-Match: \"a\"|If-Unmodified-Since: BEFORE", "200"),
            ("If-Unmodified-Since: yesterday", "200"),
            ("If-Unmodified-Since: BEFORE, BEFORE", "200"),
            ("If-Unmodified-Since: BEFORE|If-Unmodified-Since: BEFORE", "200"),
            // If-None-Match: weak.
            ("If-None-Match: \"a\"", "304"),
            ("If-None-Match: W/\"a\"", "304"),
            ("If-None-Match: *", "304"),
            ("If-None-Match: , ,\"b\",\t\"a\" ,", "304"),
            ("If-None-Match: \"b,\", \"a\"", "304"),
            ("If-None-Match: \"b\"|If-None-Match: \"a\"", "304"),
            ("If-None-Match: \"b\"", "200"),
            ("If-None-Match: \"A\"", "200"),
            ("If-None-Match: \"a", "200"),
            ("If-None-Match: w/\"a\"", "200"),
            ("If-None-Match: \"a\"b", "200"),
            ("If-None-Match: \" a\", \"a\"", "200"),
            // If-Modified-Since: only without If-None-Match.
            ("If-Modified-Since: EXACT", "304"),
            ("If-Modified-Since: Sun Nov  6 08:49:37 1994", "304"),
            ("If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT", "304"),
            ("If-Modified-Since: BEFORE", "200"),
            ("If-None-Match: \"b\"|If-Modified-Since: EXACT", "200"),
            ("If-Modified-Since: EXACT|If-Modified-Since: EXACT", "200"),
            ("If-Modified-Since: 0", "200"),
            // The order: If-Match goes before If-None-Match.
            ("If-Match: \"b\"|If-None-Match: \"a\"", "412"),
            ("If-Match: \"a\"|If-None-Match: \"a\"", "304"),
            ("If-Unmodified-Since: BEFORE|If-Modified-Since: EXACT", "412"),
            // And conditions before ranges.
            ("If-None-Match: \"a\"|Range: bytes=0-0", "304"),
            ("If-Match: \"b\"|Range: bytes=0-0", "412"),
            ("If-Match: \"b\"|Range: bytes=99999-", "412"),
            ("If-None-Match: \"b\"|Range: bytes=0-0", "206 0-0"),
        ],
    );
    check(
        "HEAD",
        &[
            ("If-None-Match: \"a\"", "304"),
            ("If-Modified-Since: EXACT", "304"),
            ("If-Match: \"b\"", "412"),
            ("Range: bytes=0-0", "200"),
            ("Range: bytes=99999-", "200"),
        ],
    );
    // What would change it: 412 where a read gets 304, and dates of copies
    // mean nothing.
    for method in ["POST", "PUT", "DELETE"] {
        check(
            method,
            &[
                ("If-Match: \"a\"", "Perform"),
                ("If-Match: \"b\"", "Failed"),
                ("If-Unmodified-Since: BEFORE", "Failed"),
                ("If-None-Match: *", "Failed"),
                ("If-None-Match: \"a\"", "Failed"),
                ("If-None-Match: \"b\"", "Perform"),
                ("If-Modified-Since: EXACT", "Perform"),
            ],
        );
    }
}

#[test]
fn ranges() {
    let sixteen = format!("Range: bytes={}0-1", "0-1,".repeat(15));
    let seventeen = format!("Range: bytes={}0-1", "0-1,".repeat(16));
    check(
        "GET",
        &[
            ("Range: bytes=0-0", "206 0-0"),
            ("Range: bytes=1-9", "206 1-9"),
            ("Range: BYTES=9999-9999", "206 9999-9999"),
            ("Range: bytes=5-", "206 5-9999"),
            ("Range: bytes=0-", "206 0-9999"),
            ("Range: bytes=-1", "206 9999-9999"),
            ("Range: bytes=-99999", "206 0-9999"),
            ("Range: bytes=9990-20000", "206 9990-9999"),
            ("Range: bytes=0-18446744073709551616", "206 0-9999"),
            ("Range: bytes=0-99999999999999999999999999", "206 0-9999"),
            ("Range: bytes= 0-0 ", "206 0-0"),
            // There are no such bytes.
            ("Range: bytes=10000-", "416"),
            ("Range: bytes=18446744073709551616-", "416"),
            ("Range: bytes=-0", "416"),
            ("Range: bytes=10000-10001,-0", "416"),
            // Not understood: the whole.
            ("Range: bytes=5-2", "200"),
            ("Range: bytes=+1-2", "200"),
            ("Range: bytes=0-x", "200"),
            ("Range: bytes=", "200"),
            ("Range: bytes=,", "200"),
            ("Range: bytes=-", "200"),
            ("Range: bytes=1", "200"),
            ("Range: bytes=0 - 1", "200"),
            ("Range: bytes=1--2", "200"),
            ("Range: bytes=0x1-2", "200"),
            ("Range: bytes", "200"),
            ("Range: 0-1", "200"),
            ("Range: lines=0-1", "200"),
            ("Range: bytes=0-0,x", "200"),
            ("Range: bytes=0-0|Range: bytes=0-0", "200"),
            // Several: those that join are one.
            ("Range: bytes=0-0,,1-1,", "206 0-1"),
            ("Range: bytes=5-9, 0-6", "206 0-9"),
            ("Range: bytes=0-9,90-99", "206 0-99"),
            ("Range: bytes=0-9,91-99", "200"),
            ("Range: bytes=0-9,-1", "200"),
            ("Range: bytes=0-9,10000-", "206 0-9"),
            ("Range: bytes=-1,9990-", "206 9990-9999"),
            (&sixteen, "206 0-1"),
            (&seventeen, "200"),
            // If-Range: strong tags, and dates that are old enough.
            ("Range: bytes=0-0|If-Range: \"a\"", "206 0-0"),
            ("Range: bytes=0-0|If-Range: \"b\"", "200"),
            ("Range: bytes=0-0|If-Range: W/\"a\"", "200"),
            ("Range: bytes=0-0|If-Range: \"a\", \"b\"", "200"),
            ("Range: bytes=0-0|If-Range: \"a\"|If-Range: \"a\"", "200"),
            ("Range: bytes=99999-|If-Range: \"b\"", "200"),
            ("Range: bytes=99999-|If-Range: \"a\"", "416"),
            ("Range: bytes=0-0|If-Range: EXACT", "206 0-0"),
            ("Range: bytes=0-0|If-Range: BEFORE", "200"),
            ("Range: bytes=0-0|If-Range: Mon, 07 Nov 1994 08:49:37 GMT", "200"),
            ("Range: bytes=0-0|If-Range: *", "200"),
            ("If-Range: \"b\"", "200"),
        ],
    );
}

/// A weak tag is good for copies, and not for putting parts together; nor is
/// a date in the second of the change.
#[test]
fn what_may_still_change_is_not_resumed() {
    let ask = |age, lines: &str| ask_of("W/\"a\"", SIZE, age, "GET", lines);
    assert_eq!(ask(9, "If-None-Match: \"a\"\r\n"), "304");
    assert_eq!(ask(9, "If-None-Match: W/\"a\"\r\n"), "304");
    assert_eq!(ask(9, "If-Match: W/\"a\"\r\n"), "412");
    assert_eq!(ask(9, "If-Match: *\r\n"), "200");
    let range = "Range: bytes=0-0\r\nIf-Range:";
    assert_eq!(ask(9, &format!("{range} W/\"a\"\r\n")), "200");
    assert_eq!(ask(9, &format!("{range} \"a\"\r\n")), "200");
    for (age, expected) in [(0, "200"), (1, "206 0-0")] {
        assert_eq!(ask(age, &format!("{range} {EXACT}\r\n")), expected);
    }
}
