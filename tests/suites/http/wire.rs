//! The table over the wire, put to every step that claims to understand it:
//! whole; and in pieces where the shell is new.

use std::time::{Duration, Instant};

use crate::cases::{self, Case, Expected, Feature, Then};
use crate::lab::client::Response;
use crate::lab::program::Program;
use crate::lab::{Outcome, proc};
use crate::steps::{Step, on_every, on_new_shells};

/// The shortest limit of time: between two requests.
const SHORTEST: Duration = Duration::from_secs(2);

/// What a step must bring to understand a case.
fn capability(feature: Feature) -> &'static str {
    match feature {
        Feature::Head => "refusals",
        Feature::Host | Feature::Persist => "keep-alive",
        Feature::Target | Feature::Body | Feature::Expect => "bodies",
    }
}

#[test]
fn whole_to_every_step() -> Outcome {
    on_every("refusals", |step| put(step, whole))
}

/// The connection itself knows all cuts: tests/core.
#[test]
fn bytewise_to_every_new_shell() -> Outcome {
    on_new_shells("refusals", |step| put(step, bytewise))
}

fn whole(case: &Case) -> Vec<&[u8]> {
    vec![&case.bytes]
}

fn bytewise(case: &Case) -> Vec<&[u8]> {
    let size = case.bytes.len() / 200 + 1;
    case.bytes.chunks(size).collect()
}

/// Puts the cases that the step should understand to it, in such pieces.
fn put(step: &Step, pieces: fn(&Case) -> Vec<&[u8]>) -> Outcome {
    let server = step.server()?;
    let keeps = step.does("keep-alive");
    for mut case in cases::all() {
        if !step.does(capability(case.needs)) {
            continue;
        }
        // What closes after every response, does so whatever the case says.
        if !keeps && !case.responses.is_empty() {
            case.then = Then::Closes;
        }
        println!("{}: {case}", step.name);
        let pieces = pieces(&case);
        exchange(step, &server, &case, &pieces)?;
    }
    Ok(())
}

/// One case, on a connection of its own.
fn exchange(
    step: &Step,
    server: &Program,
    case: &Case,
    pieces: &[&[u8]],
) -> Outcome {
    let start = Instant::now();
    let mut client = server.connect()?;
    for piece in pieces {
        // Who refuses early need not take the rest.
        if client.send(piece).is_err() {
            break;
        }
    }
    if case.finish {
        // Where the connection has ended, receiving will tell.
        let _ = client.finish();
    }
    for (number, response) in case.responses.iter().enumerate() {
        let reply = match head(case) == Some(number) {
            true => client.response_head()?,
            false => client.response()?,
        };
        expect(&reply, response);
    }
    match (case.then, case.responses.last()) {
        // It goes on sending after its own close: it is not read, so a reset
        // may follow the last response.
        (Then::Closes, Some(Expected::Accepted { .. })) => {
            let (rest, _) = client.receive(usize::MAX)?;
            assert!(rest.is_empty(), "more came: {}", rest.escape_ascii());
        }
        // No reset, which could have destroyed responses.
        (Then::Closes, _) => client.expect_eof()?,
        (Then::Waits, _) => {
            client.wait_until_read()?;
            let waited = server.eventually("waits, or has waited", || {
                if client.has_something() {
                    return Some(start.elapsed());
                }
                let call = step.waits_in("read()");
                let waits = proc::waits_in(proc::newest(server.pid()), call);
                waits.then_some(SHORTEST)
            })?;
            // On a busy machine we may look when its limit is over.
            assert!(waited >= SHORTEST, "one response too many");
        }
    }
    Ok(())
}

/// Which of the responses is one to HEAD: that behind so many others.
fn head(case: &Case) -> Option<usize> {
    let text = String::from_utf8_lossy(&case.bytes);
    let (before, _) = text.split_once("HEAD / HTTP/1.1")?;
    Some(before.matches("GET / HTTP/1.1").count())
}

fn expect(reply: &Response, response: &Expected) {
    let fits = match response {
        Expected::Continue => reply.status == 100,
        Expected::Refused(statuses) => {
            // Who refuses says that it closes.
            statuses.contains(&reply.status) && reply.says("close")
        }
        Expected::Accepted { statuses, body } => {
            let same = body.as_ref().is_none_or(|body| *body == reply.body);
            statuses.contains(&reply.status) && same
        }
    };
    assert!(fits, "expected {response:?}, got {reply:?}");
}
