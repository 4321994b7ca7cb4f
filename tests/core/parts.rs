//! http/{entity_tag, preconditions, range}.rs: what no table of requests
//! shows.

use std::time::{Duration, UNIX_EPOCH};

use httparse::Header;
use shared::http::date::Date;
use shared::http::entity_tag::EntityTag;
use shared::http::method::Method;
use shared::http::preconditions::{Representation, evaluate};
use shared::http::range::{Selection, select};
use shared::http::validators::Validators;

use crate::fuzz::fuzz;
use crate::retrieval::ask_of;

#[test]
fn a_tag_is_weak_while_the_clock_stands() {
    let at = |seconds, nanoseconds| Validators {
        seconds,
        nanoseconds,
        size: 1,
        inode: 1,
    };
    let is_weak = |file: Validators, seconds, nanoseconds| {
        let now = UNIX_EPOCH + Duration::new(seconds, nanoseconds);
        let tag = file.entity_tag(now);
        // A weak one must not match what the strong one is a name for.
        let (tag, own) = (EntityTag::new(&tag), file.etag());
        let is_weak = !tag.strong_eq(&EntityTag::new(&own));
        assert_eq!(is_weak, !tag.weak_eq(&EntityTag::new(&own)));
        is_weak
    };
    const TICK: u32 = 10_000_000;
    for (file, seconds, nanoseconds, expected) in [
        (at(5, 1), 5, 1, true),
        (at(5, 1), 5, 1 + TICK, true),
        (at(5, 1), 5, 2 + TICK, false),
        (at(5, 1), 4, 0, true),
        // Whole seconds: the file system may know no others.
        (at(5, 0), 6, 0, true),
        (at(5, 0), 7, 0, true),
        (at(5, 0), 7, 1, false),
        (at(-5, 1), 5, 0, false),
        (at(i64::MAX, 1), 5, 0, true),
    ] {
        let got = is_weak(file, seconds, nanoseconds);
        assert_eq!(got, expected, "{file:?} at {seconds}.{nanoseconds}");
    }
}

#[test]
fn the_ends_of_sizes() {
    let ask = |size, spec: &str| {
        let line = format!("Range: bytes={spec}\r\n");
        ask_of("\"a\"", size, 1000, "GET", &line)
    };
    let all = u64::MAX;
    for (size, spec, expected) in [
        (0, "0-", "416"),
        (0, "-0", "416"),
        (0, "-5", "200"),
        (0, "0-0,-5", "200"),
        (1, "0-", "206 0-0"),
        (1, "-1", "206 0-0"),
        (1, "1-", "416"),
        // Of nearly all the numbers that there are: N stands for most digits.
        (all, "N14-", "206 N14-N14"),
        (all, "N15-", "416"),
        (all, "-1,N00-N05", "206 N00-N14"),
    ] {
        let [spec, expected] =
            [spec, expected].map(|it| it.replace('N', "184467440737095516"));
        assert_eq!(ask(size, &spec), expected, "{spec} of {size}");
    }
}

/// Random lists of ranges against a look at each byte.
#[test]
fn ranges_byte_by_byte() {
    const SIZE: usize = 300;
    let mut random = fastrand::Rng::with_seed(16);
    for _ in 0..20_000 {
        let mut had = [false; SIZE];
        let specs = random.usize(1..=4);
        let specs: Vec<String> = std::iter::repeat_with(|| {
            let first = random.usize(..SIZE + 20);
            let last = first + random.usize(..40);
            let end = (last + 1).min(SIZE);
            match random.u8(..4) {
                0 => {
                    had[SIZE.saturating_sub(first)..].fill(true);
                    format!("-{first}")
                }
                1 if first >= SIZE => format!("{first}-"),
                1 => {
                    had[first..].fill(true);
                    format!("{first}-")
                }
                _ if first >= SIZE => format!("{first}-{last}"),
                _ => {
                    had[first..end].fill(true);
                    format!("{first}-{last}")
                }
            }
        })
        .take(specs)
        .collect();
        let value = format!("bytes={}", specs.join(","));
        let fields = [Header { name: "Range", value: value.as_bytes() }];
        let first = had.iter().position(|had| *had);
        let last = had.iter().rposition(|had| *had);
        let expected = match first.zip(last) {
            None => Selection::Unsatisfiable,
            Some((first, last)) => {
                let mut gaps = had[first..=last].split(|had| *had);
                match gaps.any(|gap| gap.len() > 80) {
                    true => Selection::Whole,
                    false => Selection::Part(first as u64..last as u64 + 1),
                }
            }
        };
        assert_eq!(select(&fields, SIZE as u64), expected, "{value}");
    }
}

/// Whatever is sent, what comes is a part of what there is.
#[test]
fn any_bytes() {
    let seeds = [
        "bytes=0-9, 5-,-3",
        "\"a\", W/\"b\" ,*",
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ];
    let pieces = ["-", ",", "W/", "\"", "bytes=", "18446744073709551615", "0"];
    let seeds = seeds.iter().map(|seed| seed.as_bytes().to_vec());
    fuzz(seeds, 20_000, &pieces, |value| {
        let field = |name| Header { name, value };
        if let Selection::Part(part) = select(&[field("Range")], 100) {
            assert!(part.start < part.end && part.end <= 100);
        }
        let state = Representation {
            tag: EntityTag::new("\"a\""),
            modified: Date::from_unix_timestamp(0),
            size: 100,
            date: Date::from_unix_timestamp(9),
        };
        for name in ["If-Match", "If-None-Match", "If-Modified-Since"] {
            evaluate(Method::Get, &[field(name)], &state);
        }
    });
}
