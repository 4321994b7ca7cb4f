//! Grading one program, and what must come of it.

use super::{Finding, Job, What};
use crate::checks::{Check, Starter};
use crate::grade::{self, Graded, Status};
use crate::report;
use crate::wrong::WrongAnswer;

/// Grades one program, and compares with what must come of it.
pub fn judge(job: &Job<'_>) -> Vec<Finding> {
    let Job { table, subject, what, .. } = job;
    let all = |expected: fn(&Check) -> Starter| {
        let graded = grade::all(table, subject, |_| {});
        let found = graded
            .iter()
            .filter_map(|one| compare(job, one, expected(one.check), ""));
        found.collect()
    };
    match what {
        What::Starter => all(|check| check.starter),
        What::Answer(WrongAnswer { fails: Some((name, hears)), .. }) => {
            let named = table.checks.iter().filter(|one| one.name == *name);
            let found = named.filter_map(|check| {
                let status = grade::one(check, subject);
                compare(job, &Graded { check, status }, Starter::Fails, hears)
            });
            found.collect()
        }
        What::Solution | What::Answer(_) => all(|_| Starter::Passes),
        What::Step => step(job).into_iter().collect(),
    }
}

/// What became of a check must be as expected, and what the student reads
/// must have the words `hears`.
fn compare(
    job: &Job<'_>,
    graded: &Graded,
    expected: Starter,
    hears: &str,
) -> Option<Finding> {
    let what = format!("{}, {}", job.name, graded.check.name);
    let (found, words) = match &graded.status {
        Status::Passed => (Starter::Passes, String::new()),
        Status::Failed(failure, did) => {
            (Starter::Fails, report::failure(failure, did))
        }
        Status::Waits(other) => (Starter::Waits, format!("for: {other}\n")),
        Status::Blocked(why) => {
            return Some(Finding::Skipped(format!("{what}: {why}")));
        }
        Status::Broken(why) => {
            return Some(Finding::Fault(format!("{what}: {why}")));
        }
    };
    let why = if found != expected {
        format!("{found:?}, where it must be {expected:?}")
    } else if !words.contains(hears) {
        format!("the student does not hear \"{hears}\"")
    } else {
        return None;
    };
    Some(Finding::Fault(format!("{what}: {why}\n{words}")))
}

/// A step must not pass: else the exercise would be no exercise.
fn step(job: &Job<'_>) -> Option<Finding> {
    for check in job.table.checks {
        match grade::one(check, &job.subject) {
            Status::Passed | Status::Blocked(_) => {}
            Status::Failed(..) | Status::Waits(_) => return None,
            Status::Broken(why) => {
                return Some(Finding::Fault(format!("{}: {why}", job.name)));
            }
        }
    }
    let name = &job.name;
    Some(Finding::Fault(format!("{name}: passes the whole exercise")))
}
