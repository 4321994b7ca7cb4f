//! Where hyper and we disagree, and why.
//!
//! hyper is a library: what can be left to the application, it leaves to
//! it. We are the application. Where it is more generous than we are, the
//! RFC lets us be strict.

use crate::cases::{self, Feature};
use crate::outcome::{Event, Outcome};
use crate::{other, shell};

/// A reason to disagree, and the cases that it holds for, `|` between them. A
/// star stands for the rest of a name.
const REASONS: &[(&str, &str)] = &[
    (
        "LF alone may be taken for CRLF (RFC 9112 section 2.2). Where one \
         server takes it and the next does not, requests can be smuggled",
        "LF for CRLF everywhere|LF after the request line|LF and LF at the end|\
         CRLF and LF at the end|LF before the request|an LF that hides a field|\
         LF at the end|a trailer that ends in LF",
    ),
    ("which methods there are, hyper leaves to us", "the method *"),
    (
        "a target is ASCII (RFC 3986); hyper takes UTF-8 as well",
        "UTF-8 in the target",
    ),
    (
        "hyper's targets may not hold what browsers send all the same",
        "what browsers leave raw",
    ),
    (
        "lengths that agree may be accepted or refused (RFC 9110 section 8.6)",
        "two equal lengths|two lengths of 0",
    ),
    (
        "how large a body may be, hyper leaves to us",
        "a body one byte too large|a number of 33 bits|\
         a chunk one byte too large|chunks that are too large together|\
         the largest size|100-continue and too large a body",
    ),
    (
        "a list may have empty elements (RFC 9110 section 5.6.1); hyper looks \
         at its last word only",
        "the coding 'chunked,'|the coding ' , \\tchunked ,, '",
    ),
    (
        "hyper undoes chunked and leaves other codings to us; we have none, \
         and chunked twice must not be (RFC 9112 section 6.1)",
        "the coding 'chunked, chunked'|the coding 'gzip, chunked'|\
         the coding 'x, chunked'|the coding 'identity, chunked'|\
         the coding 'chunked;a=b, chunked'|chunked in two fields|\
         a coding in a field before chunked",
    ),
    (
        "with a length and a coding, the coding may win (RFC 9112 section 6.3) \
         or the request be refused",
        "a length and chunked|chunked and a length|chunked and a length of 0",
    ),
    (
        "in the line of a chunk's size hyper allows more",
        "a blank after the size|a tab after the size|a NUL in an extension|\
         seventeen digits|a long extension|many long extensions|\
         an extension without a name|two semicolons|\
         an extension with a bracket|an extension without its value|\
         two values of an extension|a word after an extension's value|\
         an open quotation mark|a word after a quotation|\
         a blank at the end of an extension|many short extensions",
    ),
    (
        "a later HTTP/1 is to be treated as 1.1 (RFC 9110 section 2.5)",
        "the version HTTP/1.*",
    ),
    ("CONNECT is for proxies: not implemented here", "CONNECT"),
    (
        "how many empty lines may come before a request, each decides",
        "empty lines without an end",
    ),
    (
        "other expectations may be ignored (RFC 9110 section 10.1.1)",
        "another expectation|an expectation in quotes|100-continue and another",
    ),
];

/// How much was accepted, in which bodies, and whether it goes on.
fn verdict(outcome: &Outcome) -> (Vec<&[u8]>, bool) {
    let bodies = outcome.events.iter().filter_map(|event| match event {
        Event::Request { body, .. } => Some(body.as_slice()),
        _ => None,
    });
    (bodies.collect(), outcome.waits)
}

fn stands_for(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => pattern == name,
    }
}

#[test]
fn hyper_agrees_or_there_is_a_reason() {
    let mut unexplained = String::new();
    let mut used = Vec::new();
    for case in cases::all() {
        // What a target means and what is in the Host field, it leaves to us.
        if [Feature::Target, Feature::Host].contains(&case.needs) {
            continue;
        }
        let ours = shell::outcome(&[&case.bytes], case.finish);
        let theirs = other::outcome(&[&case.bytes], case.finish);
        if verdict(&ours) == verdict(&theirs) {
            continue;
        }
        let mut patterns = REASONS.iter().flat_map(|it| it.1.split('|'));
        match patterns.find(|pattern| stands_for(pattern, &case.name)) {
            Some(pattern) => used.push(pattern),
            None => unexplained.push_str(&format!(
                "{case}\n  we:    {ours:?}\n  hyper: {theirs:?}\n"
            )),
        }
    }
    assert!(unexplained.is_empty(), "{unexplained}");
    for (reason, patterns) in REASONS {
        for pattern in patterns.split('|') {
            let is_used = used.contains(&pattern);
            assert!(is_used, "no difference in '{pattern}' any more: {reason}");
        }
    }
}
