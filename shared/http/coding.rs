//! Enters in step 17: in which coding a client would like to have a file.
//!
//! RFC 9110 sections 8.4 and 12.5.3.

use std::cmp::Reverse;

use httparse::Header;

use super::fields;

/// How the bytes of a representation are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// RFC 8878.
    Zstd,
    /// RFC 7932.
    Brotli,
    /// RFC 1952.
    Gzip,
}

/// All of them. Of two that a client likes equally, it gets the first.
pub const CODINGS: [Coding; 3] = [Coding::Zstd, Coding::Brotli, Coding::Gzip];

impl Coding {
    /// As Content-Encoding says it.
    pub fn name(self) -> &'static str {
        match self {
            Coding::Zstd => "zstd",
            Coding::Brotli => "br",
            Coding::Gzip => "gzip",
        }
    }

    /// What the name of a file in this coding ends in.
    pub fn suffix(self) -> &'static [u8] {
        match self {
            Coding::Zstd => b".zst",
            Coding::Brotli => b".br",
            Coding::Gzip => b".gz",
        }
    }

    fn from_name(name: &[u8]) -> Option<Self> {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        // An old name: RFC 9110 section 8.4.1.3.
        if is("x-gzip") {
            return Some(Coding::Gzip);
        }
        CODINGS.into_iter().find(|coding| is(coding.name()))
    }
}

/// The codings that a client likes better than none, the best first. Not
/// coded at all it gets a file in any case: to refuse that, as `identity;q=0`
/// asks, would help nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Preference([Option<Coding>; CODINGS.len()]);

impl Preference {
    /// What the Accept-Encoding fields say. Their malformed members are
    /// skipped.
    pub fn from_fields(fields: &[Header]) -> Self {
        let mut weights = [None; CODINGS.len()];
        let (mut identity, mut others) = (None, None);
        let lines = fields::lines(fields, "Accept-Encoding");
        for (name, weight) in lines.flat_map(fields::list).filter_map(member) {
            let known = if let Some(coding) = Coding::from_name(name) {
                &mut weights[coding as usize]
            } else if name == b"*" {
                &mut others
            } else if name.eq_ignore_ascii_case(b"identity") {
                &mut identity
            } else {
                continue;
            };
            // Of two weights the higher: the order of a list says nothing.
            *known = (*known).max(Some(weight));
        }
        // Who names nothing takes it as it is, and so does who names others:
        // but as the last.
        let none = identity.or(others).unwrap_or(0);
        let weight = |it: Coding| weights[it as usize].or(others).unwrap_or(0);
        let mut codings = CODINGS;
        codings.sort_by_key(|coding| Reverse(weight(*coding)));
        Preference(codings.map(|coding| {
            let weight = weight(coding);
            (weight > 0 && weight >= none).then_some(coding)
        }))
    }

    /// The best first.
    pub fn codings(self) -> impl Iterator<Item = Coding> {
        self.0.into_iter().flatten()
    }
}

/// A member of the list: the name, and its weight in thousandths.
fn member(text: &[u8]) -> Option<(&[u8], u16)> {
    let Some(semicolon) = text.iter().position(|&byte| byte == b';') else {
        return Some((text, 1000));
    };
    let (name, weight) = (&text[..semicolon], &text[semicolon + 1..]);
    match weight.trim_ascii() {
        [b'q' | b'Q', b'=', weight @ ..] => {
            Some((name.trim_ascii_end(), thousandths(weight)?))
        }
        _ => None,
    }
}

/// `0`, `0.5`, `1.000`: RFC 9110 section 12.4.2.
fn thousandths(weight: &[u8]) -> Option<u16> {
    let (whole, decimals) = match weight {
        [whole] => (whole, &b""[..]),
        [whole, b'.', decimals @ ..] if decimals.len() <= 3 => {
            (whole, decimals)
        }
        _ => return None,
    };
    let digits = decimals.iter().chain(b"000").take(3);
    let mut value = 0;
    for digit in std::iter::once(whole).chain(digits) {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value * 10 + u16::from(digit - b'0');
    }
    (value <= 1000).then_some(value)
}
