//! The table over the wire, put to every step that claims to understand it:
//! whole, in crumbs, and cut in two.

use crate::cases::{self, Answer, Case, Feature, Then};
use crate::common::steps::step;
use crate::common::{Server, Wire, eventually, facts};
use crate::outcome::{Event, Outcome};
use crate::{core, step05 as by_hand};

/// All there is.
const ALL: &[Feature] = &[
    Feature::Head,
    Feature::Target,
    Feature::Host,
    Feature::Body,
    Feature::Persist,
    Feature::Expect,
];

/// The steps that speak HTTP: a later one joins by a line.
macro_rules! claims {
    ($($step:ident: $features:expr),* $(,)?) => {$(
        mod $step {
            use super::*;

            #[test]
            fn whole() {
                put(stringify!($step), $features, 1, |case| {
                    vec![&case.bytes]
                });
            }

            #[test]
            fn in_crumbs() {
                put(stringify!($step), $features, 1, |case| {
                    let size = case.bytes.len() / 200 + 1;
                    case.bytes.chunks(size).collect()
                });
            }

            #[test]
            fn cut_in_two() {
                // Waiting until the first half has been read takes time, and
                // the core knows all cuts: a third of the cases, another
                // for each step.
                put(stringify!($step), $features, 3, |case| {
                    // Anywhere, but in the same place on every run.
                    let sum = case.name.bytes().fold(7, |sum: usize, byte| {
                        sum.wrapping_mul(31).wrapping_add(byte.into())
                    });
                    let cut = sum % (case.bytes.len() + 1);
                    let (first, second) = case.bytes.split_at(cut);
                    vec![first, second]
                });
            }
        }
    )*};
}

claims! {
    step05: &[Feature::Head],
    step06: ALL,
    step07: ALL,
}

/// Puts the cases that `name` should understand to it, in such pieces: all
/// of them, or one in `every` so many.
fn put(
    name: &str,
    features: &[Feature],
    every: usize,
    pieces: fn(&Case) -> Vec<&[u8]>,
) {
    let first: usize = name.bytes().last().unwrap_or(0).into();
    let server = Server::start(step(name));
    let keeps = features.contains(&Feature::Persist);
    for (number, mut case) in cases::all().into_iter().enumerate() {
        let its_turn = (number + first).is_multiple_of(every);
        if !features.contains(&case.needs) || !its_turn {
            continue;
        }
        // What closes after every answer, does so whatever the case says.
        if !keeps && !case.answers.is_empty() {
            case.then = Then::Closes;
        }
        let whole: &[&[u8]] = &[&case.bytes];
        let expected = match keeps {
            true => core::outcome(whole, case.finish),
            false => by_hand::outcome(whole, case.finish),
        };
        println!("{name}: {case}");
        let pieces = pieces(&case);
        converse(&server, &case, &expected, &pieces);
    }
}

/// One case, on a connection of its own.
fn converse(server: &Server, case: &Case, core: &Outcome, pieces: &[&[u8]]) {
    let mut wire = server.connect();
    for (number, piece) in pieces.iter().enumerate() {
        if number > 0 && pieces.len() == 2 {
            wire.wait_until_read();
        }
        // Who refuses early need not take the rest.
        if !wire.try_send(piece) {
            break;
        }
    }
    if case.finish {
        wire.finish();
    }
    let mut replies = Replies::new(&mut wire);
    for (number, answer) in case.answers.iter().enumerate() {
        let head = is_head(core.events.get(number));
        let Some(reply) = replies.next(head) else {
            panic!("{number} answers, expected {:?}", case.answers);
        };
        reply.expect(answer);
    }
    match case.then {
        Then::Closes => replies.expect_end(),
        Then::Waits => {
            replies.expect_nothing();
            wire.wait_until_read();
            eventually("the server waits", || {
                let waits = facts::sleeps_in(server.pid(), libc::SYS_read);
                waits.then_some(())
            });
            assert!(!wire.has_something(), "one answer too many");
        }
    }
}

fn is_head(event: Option<&Event>) -> bool {
    matches!(event, Some(Event::Request { method, .. }) if method == "HEAD")
}

/// An answer, as read from the wire.
#[derive(Debug)]
struct Reply {
    status: u16,
    closes: bool,
    body: Vec<u8>,
}

impl Reply {
    fn expect(&self, answer: &Answer) {
        let fits = match answer {
            Answer::Continue => self.status == 100,
            Answer::Refused(statuses) => {
                // Who refuses says that it closes.
                statuses.contains(&self.status) && self.closes
            }
            Answer::Accepted { statuses, body } => {
                let same = body.as_ref().is_none_or(|body| *body == self.body);
                statuses.contains(&self.status) && same
            }
        };
        assert!(fits, "expected {answer:?}, got {self:?}");
    }
}

/// The answers on a connection, one after the other.
struct Replies<'w> {
    wire: &'w mut Wire,
    unused: Vec<u8>,
}

impl<'w> Replies<'w> {
    fn new(wire: &'w mut Wire) -> Self {
        Replies { wire, unused: Vec::new() }
    }

    /// The next answer, to a HEAD or not; `None` at the end of the stream.
    fn next(&mut self, is_head: bool) -> Option<Reply> {
        loop {
            if let Some((reply, length)) = parse(&self.unused, is_head) {
                self.unused.drain(..length);
                return Some(reply);
            }
            let (more, error) = self.wire.receive_until(|new| !new.is_empty());
            assert!(error.is_none(), "instead of an answer: {error:?}");
            if more.is_empty() {
                self.expect_nothing();
                return None;
            }
            self.unused.extend_from_slice(&more);
        }
    }

    fn expect_nothing(&self) {
        let rest = self.unused.escape_ascii();
        assert!(self.unused.is_empty(), "one answer too many: {rest}");
    }

    /// Not a byte more, and no reset, which could have destroyed answers.
    fn expect_end(&mut self) {
        self.expect_nothing();
        self.wire.expect_end();
    }
}

/// The first answer in `bytes` and its length, if it is whole.
fn parse(bytes: &[u8], is_head: bool) -> Option<(Reply, usize)> {
    let mut fields = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Response::new(&mut fields);
    let parsed = head.parse(bytes);
    let parsed = parsed.unwrap_or_else(|error| {
        panic!("no HTTP ({error}): {}", bytes.escape_ascii())
    });
    let httparse::Status::Complete(start) = parsed else { return None };
    let field = |name: &str| {
        let has_name =
            |field: &&httparse::Header| field.name.eq_ignore_ascii_case(name);
        let value = head.headers.iter().find(has_name)?.value;
        Some(std::str::from_utf8(value).expect("ASCII"))
    };
    let status = head.code.expect("a status");
    let length: usize = match field("Content-Length") {
        Some(length) => length.parse().expect("a length"),
        None => {
            // RFC 9110 section 8.6: these alone need none.
            assert!(matches!(status, 100 | 204), "no Content-Length");
            0
        }
    };
    let end = if is_head { start } else { start + length };
    let body = bytes.get(start..end)?.to_vec();
    let closes = field("Connection") == Some("close");
    Some((Reply { status, closes, body }, end))
}
