//! What the student reads.

use crate::catalogue::Exercise;
use crate::grade::{Graded, Status};
use crate::lab::trouble::Failure;

/// One check's result, with all that helps if it did not pass: at most 15
/// lines.
pub fn check(exercise: &Exercise, graded: &Graded) -> String {
    let mut text = headline(graded);
    if let Status::Failed(failure, did) = &graded.status {
        text.push_str(&details(exercise, graded, failure, did));
    }
    text
}

/// One check's result in one line.
pub fn headline(graded: &Graded) -> String {
    let (name, points) = (graded.check.name, graded.check.points);
    match &graded.status {
        Status::Passed => format!("  ok   {name} ({points})\n"),
        Status::Failed(..) => format!("  FAIL {name} (0/{points})\n"),
        Status::Waits(other) => format!("  --   {name} (waits for: {other})\n"),
        Status::Blocked(why) => format!("  ??   {name} (blocked: {why})\n"),
        Status::Broken(why) => {
            format!("  ??   {name} (the grader's fault, not yours: {why})\n")
        }
    }
}

fn details(
    exercise: &Exercise,
    graded: &Graded,
    failure: &Failure,
    did: &[String],
) -> String {
    let mut text = String::new();
    let mut add = |label: &str, value: &str| {
        text.push_str(&format!("    {label:9} {value}\n"));
    };
    for (index, line) in did.iter().enumerate() {
        add(if index == 0 { "did" } else { "" }, line);
    }
    add("expected", &failure.expected);
    add("got", &failure.got);
    if let Some(likely) = &failure.likely {
        add("likely", likely);
    }
    if let Some(server) = &failure.server {
        add("server", server);
    }
    let chapter = exercise.directory.get(..2).unwrap_or_default();
    add("read", &format!("book, chapter {chapter}: {}", graded.check.read));
    add("stuck?", &format!("cargo ex hint {}", exercise.id));
    text
}

/// The points of a whole exercise.
pub fn points(graded: &[Graded]) -> (u32, u32) {
    let reached = graded.iter().map(Graded::points).sum();
    let possible = graded.iter().map(|one| one.check.points).sum();
    (reached, possible)
}
