//! http/{media, validators, coding}.rs: what is said of a file, and which of
//! the codings that there are a client gets.

use httparse::Header;
use shared::http::coding::{Coding, Preference};
use shared::http::date::Date;
use shared::http::media;
use shared::http::validators::Validators;

use crate::entries;
use crate::fuzz::fuzz;

/// The table is a library's; what we add to it is `charset`, and what we say
/// of names that are in no table.
#[test]
fn media_types() {
    let cases = [
        ("index.html", "text/html; charset=utf-8"),
        ("A.HTML", "text/html; charset=utf-8"),
        ("deep/er/style.css", "text/css; charset=utf-8"),
        ("app.js", "text/javascript; charset=utf-8"),
        ("app.mjs", "application/javascript; charset=utf-8"),
        ("subtitles.vtt", "text/vtt; charset=utf-8"),
        ("data.json", "application/json"),
        ("feed.xml", "text/xml"),
        ("picture.svg", "image/svg+xml"),
        ("program.wasm", "application/wasm"),
        ("archive.tar.gz", "application/gzip"),
        ("unknown.zzz", "application/octet-stream"),
        ("Makefile", "application/octet-stream"),
        ("png", "application/octet-stream"),
        (".html", "application/octet-stream"),
        ("dir.html/file", "application/octet-stream"),
        ("a.", "application/octet-stream"),
        ("", "application/octet-stream"),
        ("a.html/", "application/octet-stream"),
        ("a.html.", "application/octet-stream"),
        ("a.html ", "application/octet-stream"),
    ];
    for (name, expected) in cases {
        assert_eq!(media::content_type(name.as_bytes()), expected, "{name}");
    }
    let no_text = media::content_type(b"a.ht\xffml");
    assert_eq!(no_text, "application/octet-stream");
}

const REVISION: Validators = Validators {
    seconds: 784_111_777,
    nanoseconds: 123_456_789,
    size: 4096,
    inode: 255,
};

/// RFC 9110 section 8.8.3: quotes around visible letters. Whatever changes
/// changes them.
#[test]
fn the_tag_says_all_there_is() {
    for (revision, tag) in [
        (REVISION, "\"2ebc98a1.75bcd15-1000-ff\""),
        (Validators { seconds: 1, ..REVISION }, "\"1.75bcd15-1000-ff\""),
        (
            Validators { seconds: -1, ..REVISION },
            "\"ffffffffffffffff.75bcd15-1000-ff\"",
        ),
        (Validators { nanoseconds: 0, ..REVISION }, "\"2ebc98a1.0-1000-ff\""),
        (Validators { size: 1, ..REVISION }, "\"2ebc98a1.75bcd15-1-ff\""),
        (Validators { inode: 1, ..REVISION }, "\"2ebc98a1.75bcd15-1000-1\""),
    ] {
        assert_eq!(revision.etag(), tag);
    }
}

#[test]
fn nothing_was_modified_later_than_now() {
    let at = |seconds| Date::from_unix_timestamp(REVISION.seconds + seconds);
    assert_eq!(REVISION.last_modified(at(10)), at(0));
    assert_eq!(REVISION.last_modified(at(0)), at(0));
    assert_eq!(REVISION.last_modified(at(-10)), at(-10));
    let old = Validators { seconds: i64::MIN, ..REVISION };
    assert!(
        old.last_modified(at(0)) < Date::from_unix_timestamp(-60_000_000_000)
    );
}

/// The names in order, as the field lines (`|` between them) have them.
fn order(lines: &str) -> String {
    let lines = lines.split('|').filter(|line| *line != "none");
    let fields: Vec<_> = lines
        .map(|line| Header { name: "accept-encoding", value: line.as_bytes() })
        .collect();
    let codings = Preference::from_fields(&fields).codings();
    codings.map(Coding::name).collect::<Vec<_>>().join(" ")
}

/// Field lines, and the codings that they choose.
const CHOICES: &[(&str, &str)] = &[
    ("none", ""),
    ("", ""),
    ("gzip", "gzip"),
    ("GZip", "gzip"),
    ("x-gzip", "gzip"),
    ("gzip, deflate, br, zstd", "zstd br gzip"),
    ("gzip|br", "br gzip"),
    ("br;q=0.5, gzip", "gzip br"),
    ("br;q=0.001, gzip ; Q=0.01", "gzip br"),
    ("gzip;q=0", ""),
    ("gzip;q=0.000, br", "br"),
    ("*", "zstd br gzip"),
    ("*;q=0.1, gzip", "gzip zstd br"),
    ("*;q=0, gzip", "gzip"),
    ("*;q=0", ""),
    ("identity;q=0", ""),
    ("identity;q=0, gzip", "gzip"),
    ("identity, gzip;q=0.5", ""),
    ("identity;q=0.5, gzip;q=0.5", "gzip"),
    // Malformed members are skipped, and the others count.
    ("gzip;q=1.001, br", "br"),
    ("gzip;q=2", ""),
    ("gzip;q=0.1234", ""),
    ("gzip;q=", ""),
    ("gzip;q=.5", ""),
    ("gzip;level=9", ""),
    ("gzip;q=-1, br;q=1.", "br"),
    (",,gzip,,", "gzip"),
    ("gzip;q=0, gzip", "gzip"),
    ("gzip, x-gzip;q=0, *;q=0, *", "zstd br gzip"),
];

#[test]
fn what_a_client_accepts() {
    for (lines, expected) in CHOICES {
        assert_eq!(order(lines), *expected, "{lines}");
    }
}

#[test]
fn fuzz_codings() {
    let pieces = [",", ";q=", "0", ".5", "1.", "gzip", "br", "*", "identity"];
    let seeds = CHOICES.iter().map(|(lines, _)| lines.as_bytes().to_vec());
    fuzz(seeds, 500, &pieces, entries::coding);
}
