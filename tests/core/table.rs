//! The table, put to the protocol core and to step 05's parser: whole, cut
//! in two at every position, and byte by byte.

use std::collections::HashSet;

use crate::cases::{self, Case, Feature, Then};
use crate::outcome::Outcome;
use crate::shell::{self, Shell, late, spooling};
use crate::step05;

/// Somebody who makes something of bytes.
type Reader = fn(&[&[u8]], bool) -> Outcome;

fn cases_for_the_core() -> Vec<Case> {
    let mut cases = cases::all();
    cases.retain(|case| !case.about_the_site);
    cases
}

#[test]
fn there_are_enough_cases_and_no_two_alike() {
    let cases = cases::all();
    println!("{} cases", cases.len());
    assert!(cases.len() >= 200, "only {} cases", cases.len());
    let mut names = HashSet::new();
    let mut told = HashSet::new();
    let doubles: Vec<String> = cases
        .iter()
        .filter(|case| {
            let new_name = names.insert(&case.name);
            !told.insert((&case.bytes, case.finish)) || !new_name
        })
        .map(Case::to_string)
        .collect();
    assert!(doubles.is_empty(), "there before:\n{}", doubles.join("\n"));
}

/// Where to cut: everywhere; or, if there is much, near both ends, where it
/// matters most, and here and there between.
fn cuts(length: usize) -> Vec<usize> {
    const ALL: usize = 2000;
    const ENDS: usize = 60;
    if length <= ALL {
        return (1..length).collect();
    }
    let middle = (ENDS..length - ENDS).step_by(length / 20);
    (1..ENDS).chain(middle).chain(length - ENDS..length).collect()
}

/// The bytes of a case one by one; if there are many, in larger steps behind
/// the first.
pub fn bytewise(case: &Case) -> Vec<&[u8]> {
    let (first, rest) = case.bytes.split_at(case.bytes.len().min(2000));
    let size = (rest.len() / 500).max(1);
    first.chunks(1).chain(rest.chunks(size)).collect()
}

/// The outcome is as the case demands; and however the bytes arrive, it is the
/// same: not only a good one.
fn whole_and_in_pieces(reader: Reader, cases: &[Case]) {
    for case in cases {
        let whole = reader(&[&case.bytes], case.finish);
        if let Some(fault) = whole.fault(case) {
            panic!("{fault}");
        }
        for cut in cuts(case.bytes.len()) {
            let (first, second) = case.bytes.split_at(cut);
            let outcome = reader(&[first, second], case.finish);
            assert_eq!(outcome, whole, "{case}\n  cut at {cut}");
        }
        let outcome = reader(&bytewise(case), case.finish);
        assert_eq!(outcome, whole, "{case}\n  byte by byte");
    }
}

#[test]
fn the_core() {
    whole_and_in_pieces(shell::outcome, &cases_for_the_core());
}

/// The same bytes leave, whether or not the responses come late, and the
/// bodies in pieces.
#[test]
fn late_responses_are_the_same() {
    for case in cases_for_the_core() {
        for cut in cuts(case.bytes.len()) {
            let sent = |mut shell: Shell| {
                shell.receive(&case.bytes[..cut]);
                shell.receive(&case.bytes[cut..]);
                shell.sent
            };
            let at_once = sent(Shell::default());
            for shell in [late(true), spooling(true, usize::MAX)] {
                assert!(sent(shell) == at_once, "{case}\n  cut at {cut}");
            }
        }
    }
}

/// Step 05 responds to one request, and then closes.
#[test]
fn the_parser_of_step05() {
    let mut cases = cases::all();
    cases.retain(|case| case.needs == Feature::Head);
    for case in cases.iter_mut().filter(|it| !it.responses.is_empty()) {
        case.then = Then::Closes;
    }
    whole_and_in_pieces(step05::outcome, &cases);
}
