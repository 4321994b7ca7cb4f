//! http/coding.rs: which of the codings that there are a client gets.

use httparse::Header;
use shared::http::coding::{Coding, Preference};

use crate::entries;
use crate::fuzz::fuzz;

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
