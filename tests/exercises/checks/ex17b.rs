//! 17b Accepted codings: Accept-Encoding, and what depends on it.

use super::parts::{TYPE, content, get, rows, start, talk};
use super::prelude::*;

const PLAIN: &str = "sends the file to those who accept no coding";
const CODED: &str = "sends it in the coding that weighs most";

pub const CHECKS: &[Check] = checks![
    PLAIN, 1, needs [], Passes, read "The same, smaller",
        |lab| talk(&mut server(lab)?.connect()?);
    CODED, 4, needs [PLAIN], Fails, read "The same, smaller",
        |lab| coded(lab, WEIGHTS);
    "reads all of the field", 4, needs [CODED], Waits,
        read "The same, smaller", |lab| coded(lab, MEMBERS);
    "tells the codings apart, and sends parts of none", 3, needs [CODED],
        Waits, read "The same, smaller", |lab| coded(lab, TAGS);
    TIDY, 1, needs [PLAIN], Passes, read "The same, smaller",
        |lab| tidy::check(lab, &server(lab)?, talk);
];

/// The program with a file in three codings.
fn server(lab: &Lab) -> Outcome<Program> {
    let tree = Tree::new(lab);
    tree.file("README.md.gz", body("gzip"))?;
    tree.file("README.md.br", body("br"))?;
    start(lab, &content())
}

/// What the file in this coding has in it: nobody decodes it.
fn body(coding: &str) -> String {
    match coding {
        "br" | "gzip" => format!("in {coding}: {}", &content()[..500]),
        _ => content(),
    }
}

/// Rows as in `parts::table`, but with the coding behind 200 and 304; TAG is
/// that of the file in gzip.
fn coded(lab: &Lab, table: &str) -> Outcome {
    let mut client = server(lab)?.connect()?;
    let gzip = "Accept-Encoding: gzip";
    let first = get(&mut client, &body("gzip"), "200", gzip)
        .likely("a coding that is named is accepted")?;
    let tag = first.field("ETag").unwrap_or_default();
    for (rule, wanted, fields) in rows(table) {
        let request = fields.replace("TAG", tag);
        let coding = &wanted[4..];
        let response = get(&mut client, &body(coding), wanted, &request)
            .about(fields)
            .likely(rule)?;
        let is_coded = matches!(coding, "br" | "gzip");
        let count = if wanted.starts_with("304") { 1 } else { 3 };
        let all = [
            ("Vary", "Accept-Encoding"),
            ("Content-Type", TYPE),
            ("Content-Encoding", if is_coded { coding } else { "none" }),
        ];
        // With 304 only the first: the client knows what it has.
        for (name, wanted) in all.into_iter().take(count) {
            let value = response.field(name).unwrap_or("none");
            ensure(value.eq_ignore_ascii_case(wanted), || {
                client.failed(format!("{name}: {wanted}"), response.head())
            })
            .about(fields)
            .likely("another request may get another coding of it")?;
        }
    }
    Ok(())
}

const WEIGHTS: &str = "\
# names are compared as a whole, and case-insensitively: RFC 9110, 8.4.1
200 file | Accept-Encoding: gzipped, brotli
200 gzip | Accept-Encoding: GZip
# the highest weight wins, wherever it is in the list
200 br   | Accept-Encoding: deflate, gzip, br
200 gzip | Accept-Encoding: br;q=0.45, gzip ; Q=0.5
# a list may be in several lines
200 gzip | Accept-Encoding: deflate&Accept-Encoding: gzip
# what weighs 0 is not accepted
200 file | Accept-Encoding: gzip;q=0, br;q=0.000
200 file | Accept-Encoding: ";
const MEMBERS: &str = "\
# `*` is every coding that is not named
200 br   | Accept-Encoding: *
200 gzip | Accept-Encoding: br;q=0, *
# x-gzip is an old name of gzip: RFC 9110, 8.4.1.3
200 gzip | Accept-Encoding: x-gzip
# identity is the file itself; `*` is that as well
200 file | Accept-Encoding: gzip;q=0.5, identity
200 gzip | Accept-Encoding: gzip;q=0.5, identity;q=0.5
200 file | Accept-Encoding: gzip;q=0.2, br;q=0, *;q=0.9
# where nothing is accepted, the file helps more than 406
200 file | Accept-Encoding: identity;q=0
# one malformed member says nothing about the others
200 gzip | Accept-Encoding: br;q=+1, gzip
200 gzip | Accept-Encoding: br;level=3, br;q=, ;q=1,, gzip;q=0.001
# a weight is from 0 to 1, with three decimals at most: RFC 9110, 12.4.2
200 file | Accept-Encoding: br;q=1.5, gzip;q=0.1234
200 file | Accept-Encoding: br;q=.5, gzip;q=1.001";
const TAGS: &str = "\
# the tag is that of the bytes which are sent
304 gzip | Accept-Encoding: gzip&If-None-Match: TAG
200 br   | Accept-Encoding: br&If-None-Match: TAG
200 file | If-None-Match: TAG
# a part is one of the file itself
206 0-9  | Accept-Encoding: gzip&Range: bytes=0-9
200 file | Accept-Encoding: gzip&Range: lines=1-2";
