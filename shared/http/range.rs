//! Enters in step 16: a part of a representation.
//!
//! RFC 9110 section 14. Every server may ignore Range, so what is malformed
//! or not worth the trouble is no error: the whole is sent.

use std::ops::Range;

use httparse::Header;

use super::fields;

/// With more ranges the field is not read on: nobody needs as many, and they
/// are work. (In 2011 Apache was stopped by requests with a thousand.)
const MAX_RANGES: usize = 16;

/// Ranges that are so near to each other are one: what lies between them is
/// less than the head of another part would be.
const GAP: u64 = 80;

/// What is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// All: 200.
    Whole,
    /// These bytes: 206. There is at least one.
    Part(Range<u64>),
    /// Nothing, since there are no such bytes: 416.
    Unsatisfiable,
}

/// One range, as the client says it.
enum Spec {
    /// From this byte to that one, which belongs to it.
    Bytes(u64, u64),
    /// So many, at the end.
    Suffix(u64),
}

/// What the Range field selects out of `size` bytes.
pub fn select(fields: &[Header], size: u64) -> Selection {
    let specs = fields::only(fields, "Range").and_then(parse);
    let Some(specs) = specs else { return Selection::Whole };
    let ranges = specs.into_iter().filter_map(|spec| spec.within(size));
    match &join(ranges.collect())[..] {
        [] => Selection::Unsatisfiable,
        // An empty file has no bytes that a 206 could name.
        [range] if range.is_empty() => Selection::Whole,
        [range] => Selection::Part(range.clone()),
        // Several parts would need a body of their own type, in which each
        // has a head. Players and downloads do not ask for that.
        _ => Selection::Whole,
    }
}

/// The ranges that a field asks for; `None` if it is malformed, has another
/// unit or more than [`MAX_RANGES`].
fn parse(value: &[u8]) -> Option<Vec<Spec>> {
    let (unit, set) = value.split_at_checked(b"bytes=".len())?;
    if !unit.eq_ignore_ascii_case(b"bytes=") {
        return None;
    }
    let list = fields::list(set).take(MAX_RANGES + 1);
    let specs: Vec<Spec> = list.map(Spec::parse).collect::<Option<_>>()?;
    (1..=MAX_RANGES).contains(&specs.len()).then_some(specs)
}

impl Spec {
    /// `2-5`, `2-` or `-5`.
    fn parse(text: &[u8]) -> Option<Self> {
        let dash = text.iter().position(|&byte| byte == b'-')?;
        let (first, last) = (&text[..dash], &text[dash + 1..]);
        match (first, last) {
            ([], last) => number(last).map(Spec::Suffix),
            (first, []) => Some(Spec::Bytes(number(first)?, u64::MAX)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Spec::Bytes(first, last))
            }
        }
    }

    /// The bytes that there are of it; `None` without any. The end of an
    /// empty file is there, and empty.
    fn within(self, size: u64) -> Option<Range<u64>> {
        match self {
            Spec::Suffix(0) => None,
            Spec::Suffix(length) => Some(size.saturating_sub(length)..size),
            Spec::Bytes(first, last) => {
                (first < size).then(|| first..last.saturating_add(1).min(size))
            }
        }
    }
}

/// A number of any length: section 14.1.2. Beyond all sizes, one is as large
/// as another.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        Some(number.saturating_mul(10).saturating_add(digit))
    })
}

/// The same bytes in as few ranges as possible, and in order.
fn join(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(GAP) => {
                last.end = last.end.max(range.end);
            }
            _ => joined.push(range),
        }
    }
    joined
}
