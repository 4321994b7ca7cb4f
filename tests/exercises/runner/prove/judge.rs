//! Grading one program, and what must come of it.

use std::path::Path;

use super::{Findings, Job, What};
use crate::checks::{Starter, Table};
use crate::grade::{self, Graded, Status, Subject};
use crate::lab::trouble::Failure;
use crate::wrong::{Verdict, WrongAnswer};

/// Grades one program, and compares with what must come of it.
pub fn judge(shim: &Path, job: &Job<'_>) -> Findings {
    let mut findings = Findings::default();
    let mut subject = Subject {
        program: job.program.clone(),
        shim: shim.to_path_buf(),
        is_step: false,
    };
    let Job { table, .. } = job;
    let id = table.id;
    match &job.what {
        What::Starter => {
            for graded in grade::all(table, &subject, |_| {}) {
                starter(id, &graded, &mut findings);
            }
        }
        What::Solution => {
            for graded in grade::all(table, &subject, |_| {}) {
                right(&format!("{id} solution"), &graded, &mut findings);
            }
        }
        What::Wrong(wrong) => {
            caught(table, wrong, &subject, &mut findings);
        }
        What::Step(name) => {
            subject.is_step = true;
            step(table, name, &subject, &mut findings);
        }
    }
    findings
}

/// The starter must fail, pass or wait as declared.
fn starter(id: &str, graded: &Graded, findings: &mut Findings) {
    let (name, declared) = (graded.check.name, graded.check.starter);
    let found = match &graded.status {
        Status::Passed => Starter::Passes,
        Status::Failed(..) => Starter::Fails,
        Status::Waits(_) => Starter::Waits,
        Status::Blocked(why) => {
            findings.skipped.push(format!("{id} starter, {name}: {why}"));
            return;
        }
        Status::Broken(why) => {
            findings.faults.push(format!("{id} starter, {name}: {why}"));
            return;
        }
    };
    if found != declared {
        let why = match &graded.status {
            Status::Failed(failure, did) => words(failure, did),
            _ => String::new(),
        };
        findings.faults.push(format!(
            "{id} starter, {name}: {found:?}, declared {declared:?}\n{why}"
        ));
    }
}

/// A right answer must pass.
fn right(what: &str, graded: &Graded, findings: &mut Findings) {
    let name = graded.check.name;
    let line = match &graded.status {
        Status::Passed => return,
        Status::Blocked(why) => {
            findings.skipped.push(format!("{what}, {name}: {why}"));
            return;
        }
        Status::Failed(failure, did) => {
            format!("{what}, {name}: fails\n{}", words(failure, did))
        }
        Status::Waits(other) => format!("{what}, {name}: waits for {other}"),
        Status::Broken(why) => format!("{what}, {name}: {why}"),
    };
    findings.faults.push(line);
}

/// A wrong answer must fail the check it names, in the right words.
fn caught(
    table: &'static Table,
    wrong: &WrongAnswer,
    subject: &Subject,
    findings: &mut Findings,
) {
    let what = format!("{} answer \"{}\"", table.id, wrong.name);
    let Verdict::Fails(check, hears) = &wrong.verdict else {
        for graded in grade::all(table, subject, |_| {}) {
            right(&what, &graded, findings);
        }
        return;
    };
    let check = table.checks.iter().find(|one| one.name == *check);
    let Some(check) = check else { return };
    match grade::one(check, subject) {
        Status::Failed(failure, did) => {
            let words = words(&failure, &did);
            if !words.contains(hears.as_str()) {
                findings.faults.push(format!(
                    "{what}, {}: the student does not hear \"{hears}\"\n\
                     {words}",
                    check.name
                ));
            }
        }
        Status::Blocked(why) => {
            findings.skipped.push(format!("{what}, {}: {why}", check.name));
        }
        Status::Broken(why) => {
            findings.faults.push(format!("{what}, {}: {why}", check.name));
        }
        Status::Passed | Status::Waits(_) => {
            findings
                .faults
                .push(format!("{what}, {}: is not caught", check.name));
        }
    }
}

/// A step must not pass: else the exercise would be no exercise.
fn step(
    table: &'static Table,
    name: &str,
    subject: &Subject,
    findings: &mut Findings,
) {
    for check in table.checks {
        match grade::one(check, subject) {
            Status::Passed | Status::Blocked(_) => {}
            Status::Broken(why) => {
                let id = table.id;
                findings.faults.push(format!("{id} {name}: {why}"));
                return;
            }
            Status::Failed(..) | Status::Waits(_) => return,
        }
    }
    let id = table.id;
    findings.faults.push(format!("{id}: {name} passes the whole exercise"));
}

fn words(failure: &Failure, did: &[String]) -> String {
    let mut text = String::new();
    for line in did {
        text.push_str(&format!("    did      {line}\n"));
    }
    text.push_str(&format!("    expected {}\n", failure.expected));
    text.push_str(&format!("    got      {}\n", failure.got));
    for (label, value) in
        [("likely  ", &failure.likely), ("server  ", &failure.server)]
    {
        if let Some(value) = value {
            text.push_str(&format!("    {label} {value}\n"));
        }
    }
    text
}
