//! Grading one program, and what must come of it.

use super::{Findings, Job, What};
use crate::checks::Starter;
use crate::grade::{self, Graded, Status};
use crate::report;
use crate::wrong::{Verdict, WrongAnswer};

/// Grades one program, and compares with what must come of it.
pub fn judge(job: &Job<'_>) -> Findings {
    let Job { table, subject, what } = job;
    let mut findings = Findings::default();
    match what {
        What::Starter => {
            for graded in grade::all(table, subject, |_| {}) {
                let declared = graded.check.starter;
                compare(job, &graded, declared, "", &mut findings);
            }
        }
        What::Answer(WrongAnswer {
            verdict: Verdict::Fails(name, hears),
            ..
        }) => {
            for check in table.checks.iter().filter(|one| one.name == *name) {
                let graded =
                    Graded { check, status: grade::one(check, subject) };
                compare(job, &graded, Starter::Fails, hears, &mut findings);
            }
        }
        What::Solution | What::Answer(_) => {
            for graded in grade::all(table, subject, |_| {}) {
                compare(job, &graded, Starter::Passes, "", &mut findings);
            }
        }
        What::Step(_) => step(job, &mut findings),
    }
    findings
}

/// What became of a check must be as expected, and what the student reads
/// must have the words `hears`.
fn compare(
    job: &Job<'_>,
    graded: &Graded,
    expected: Starter,
    hears: &str,
    findings: &mut Findings,
) {
    let what = format!("{job}, {}", graded.check.name);
    let (found, words) = match &graded.status {
        Status::Passed => (Starter::Passes, String::new()),
        Status::Failed(failure, did) => {
            (Starter::Fails, report::failure(failure, did))
        }
        Status::Waits(other) => (Starter::Waits, format!("for: {other}\n")),
        Status::Blocked(why) => {
            findings.skipped.push(format!("{what}: {why}"));
            return;
        }
        Status::Broken(why) => {
            findings.faults.push(format!("{what}: {why}"));
            return;
        }
    };
    if found != expected {
        findings.faults.push(format!(
            "{what}: {found:?}, where it must be {expected:?}\n{words}"
        ));
    } else if !words.contains(hears) {
        findings.faults.push(format!(
            "{what}: the student does not hear \"{hears}\"\n{words}"
        ));
    }
}

/// A step must not pass: else the exercise would be no exercise.
fn step(job: &Job<'_>, findings: &mut Findings) {
    for check in job.table.checks {
        match grade::one(check, &job.subject) {
            Status::Passed | Status::Blocked(_) => {}
            Status::Broken(why) => {
                findings.faults.push(format!("{job}: {why}"));
                return;
            }
            Status::Failed(..) | Status::Waits(_) => return,
        }
    }
    findings.faults.push(format!("{job}: passes the whole exercise"));
}
