//! The table over the wire, put to every step that claims to understand it:
//! whole, byte by byte, and cut in two.

use crate::cases::{self, Case, Expected, Feature, Then};
use crate::common::steps::step;
use crate::common::{Server, eventually, proc};
use crate::outcome::{Event, Outcome};
use crate::replies::{Replies, Reply};
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
            fn bytewise() {
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
    step06: &[
        Feature::Head,
        Feature::Host,
        Feature::Persist,
    ],
    step07: ALL,
    step08: ALL,
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
        // What closes after every response, does so whatever the case says.
        if !keeps && !case.responses.is_empty() {
            case.then = Then::Closes;
        }
        let whole: &[&[u8]] = &[&case.bytes];
        let expected = match keeps {
            true => core::outcome(whole, case.finish),
            false => by_hand::outcome(whole, case.finish),
        };
        println!("{name}: {case}");
        let pieces = pieces(&case);
        exchange(&server, &case, &expected, &pieces);
    }
}

/// One case, on a connection of its own.
fn exchange(server: &Server, case: &Case, core: &Outcome, pieces: &[&[u8]]) {
    let mut client = server.connect();
    for (number, piece) in pieces.iter().enumerate() {
        if number > 0 && pieces.len() == 2 {
            client.wait_until_read();
        }
        // Who refuses early need not take the rest.
        if !client.try_send(piece) {
            break;
        }
    }
    if case.finish {
        client.finish();
    }
    let mut replies = Replies::new(&mut client);
    for (number, response) in case.responses.iter().enumerate() {
        let head = is_head(core.events.get(number));
        let Some(reply) = replies.next(head) else {
            panic!("{number} responses, expected {:?}", case.responses);
        };
        expect(&reply, response);
    }
    match case.then {
        Then::Closes => match case.responses.last() {
            Some(Expected::Accepted { .. }) => replies.expect_end_or_reset(),
            _ => replies.expect_end(),
        },
        Then::Waits => {
            replies.expect_nothing();
            client.wait_until_read();
            eventually("the server waits", || {
                let waits = proc::sleeps_in(server.pid(), libc::SYS_read);
                waits.then_some(())
            });
            assert!(!client.has_something(), "one response too many");
        }
    }
}

fn is_head(event: Option<&Event>) -> bool {
    matches!(event, Some(Event::Request { method, .. }) if method == "HEAD")
}

fn expect(reply: &Reply, response: &Expected) {
    let fits = match response {
        Expected::Continue => reply.status == 100,
        Expected::Refused(statuses) => {
            // Who refuses says that it closes.
            statuses.contains(&reply.status) && reply.closes
        }
        Expected::Accepted { statuses, body } => {
            let same = body.as_ref().is_none_or(|body| *body == reply.body);
            statuses.contains(&reply.status) && same
        }
    };
    assert!(fits, "expected {response:?}, got {reply:?}");
}
