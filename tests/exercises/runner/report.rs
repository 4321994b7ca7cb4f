//! What the student reads.

use crate::catalogue::Exercise;
use crate::grade::{Graded, Status};
use crate::lab::trouble::Failure;

/// One check's result, with all that helps if it did not pass: at most 15
/// lines.
pub fn check(exercise: &Exercise, graded: &Graded) -> String {
    let mut text = headline(graded);
    if let Status::Failed(failure, did) = &graded.status {
        text.push_str(&self::failure(failure, did));
        let chapter = exercise.step();
        let heading = graded.check.read;
        let read = format!("book, chapter {chapter}: {heading}");
        text.push_str(&line("read", &read));
        let hint = format!("cargo ex hint {}", exercise.id);
        text.push_str(&line("stuck?", &hint));
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

/// What was done, expected and found, and what may be the cause.
pub fn failure(failure: &Failure, did: &[String]) -> String {
    let did = did.iter().enumerate();
    let did = did.map(|(i, what)| (if i == 0 { "did" } else { "" }, what));
    let seen = [("expected", &failure.expected), ("got", &failure.got)];
    let likely = failure.likely.iter().map(|guess| ("likely", guess));
    let server = failure.server.iter().map(|state| ("server", state));
    did.chain(seen)
        .chain(likely)
        .chain(server)
        .map(|(label, value)| line(label, value))
        .collect()
}

fn line(label: &str, value: &str) -> String {
    format!("    {label:9} {value}\n")
}
