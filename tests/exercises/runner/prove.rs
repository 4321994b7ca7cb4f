//! `cargo ex prove`: the exercises are what they say.
//!
//! Every starter compiles without a warning and fails each check as
//! declared. Every solution passes. Every wrong answer is caught by the
//! check that it names, with the words that the student must hear. Neither
//! its own step, the next nor the last passes an exercise. And nothing is
//! missing: hints, TODOs, wrong answers. With CI=true in the environment
//! nothing may be skipped either.

mod judge;
mod lint;
mod paper;
mod variants;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::catalogue::Exercise;
use crate::checks::{self, Table};
use crate::compile::Project;
use crate::grade::Subject;
use crate::wrong::WrongAnswer;
use paper::Proven;

/// One program to be graded, and what must come of it.
struct Job<'a> {
    /// Such as `02a solution`.
    name: String,
    table: &'static Table,
    subject: Subject,
    what: What<'a>,
}

enum What<'a> {
    Starter,
    Solution,
    Answer(&'a WrongAnswer),
    Step,
}

/// What a proof has found.
enum Finding {
    Fault(String),
    Skipped(String),
}

/// Proves the exercises `ids`, or all.
pub fn run(
    project: &Project,
    list: &[Exercise],
    ids: &[&str],
) -> Result<bool, String> {
    let in_ci = std::env::var_os("CI").is_some_and(|ci| ci == "true");
    let repeat = if in_ci { 3 } else { 1 };
    let chosen = |exercise: &&Exercise| {
        ids.is_empty() || ids.contains(&exercise.id.as_str())
    };
    let step = |exercise: &Exercise| format!("step{}", exercise.step());
    let steps: BTreeSet<String> = list.iter().map(step).collect();
    let list: Vec<&Exercise> = list.iter().filter(chosen).collect();
    if list.len() < ids.len() {
        return Err("there are no such exercises".to_string());
    }

    let mut findings = Vec::new();
    let mut proven = Vec::new();
    for exercise in list {
        match paper::check(project, exercise, in_ci, &mut findings) {
            Ok(parts) => proven.push(parts),
            Err(reason) => findings.push(Finding::Fault(reason)),
        }
    }
    if !has_faults(&findings) {
        let mut targets = vec!["--bins", "--example", "shim"];
        targets.extend(proven.iter().flat_map(|one| one.table.fake()));
        project.build(&targets)?;
        variants::build(project, &proven, &mut findings)?;
        findings.extend(lint::check(project, &proven, in_ci));
        if !has_faults(&findings) {
            let jobs = jobs(project, &proven, &steps, repeat);
            findings.extend(work(jobs));
        }
    }
    Ok(conclude(&findings, &proven, in_ci))
}

fn has_faults(findings: &[Finding]) -> bool {
    findings.iter().any(|one| matches!(one, Finding::Fault(_)))
}

fn jobs<'a>(
    project: &Project,
    proven: &'a [Proven<'_>],
    steps: &BTreeSet<String>,
    repeat: usize,
) -> Vec<Job<'a>> {
    let shim = project.shim();
    let mut jobs = Vec::new();
    for one in proven {
        let table = one.table;
        let id = table.id;
        let path = |program: &str| variants::path(project, id, program);
        let mut add = |name: &str, program: PathBuf, what: What<'a>| {
            let is_step = matches!(what, What::Step);
            let subject = Subject { program, shim: shim.clone(), is_step };
            let name = format!("{id} {name}");
            jobs.push(Job { name, table, subject, what });
        };
        add("starter", path("starter"), What::Starter);
        for _ in 0..repeat {
            add("solution", path("solution"), What::Solution);
        }
        for (index, answer) in one.wrong.iter().enumerate() {
            let name = format!("answer \"{}\"", answer.name);
            let program = path(&format!("answer-{index}"));
            add(&name, program, What::Answer(answer));
        }
        for step in rivals(id, steps) {
            add(step, project.built.join(step), What::Step);
        }
    }
    jobs
}

/// The steps that might pass an exercise by accident: its own, the next, and
/// the last.
fn rivals<'a>(id: &str, steps: &'a BTreeSet<String>) -> BTreeSet<&'a String> {
    let own = format!("step{}", id.trim_end_matches(char::is_alphabetic));
    steps.range(own..).take(2).chain(steps.last()).collect()
}

/// Grades all programs, several at once. What does not come out as it must is
/// graded once more, alone: time is shared, and a check that measures it may
/// have had too little. What failed only then is said, and is no fault.
fn work(jobs: Vec<Job<'_>>) -> Vec<Finding> {
    let threads = std::env::var("EX_JOBS").ok();
    let threads = threads.and_then(|text| text.parse().ok()).unwrap_or(8);
    let jobs = Mutex::new(jobs.into_iter());
    let (findings, again) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let Some(job) = lock(&jobs).next() else { return };
                    let found = judge::judge(&job);
                    match has_faults(&found) {
                        true => lock(&again).push((job, found)),
                        false => lock(&findings).extend(found),
                    }
                }
            });
        }
    });
    let mut findings = lock(&findings).split_off(0);
    for (job, found) in lock(&again).drain(..) {
        for finding in found {
            if let Finding::Fault(fault) = finding {
                println!("ONCE MORE, alone: {fault}");
            }
        }
        findings.extend(judge::judge(&job));
    }
    findings
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Prints what was found; true if all is well.
fn conclude(findings: &[Finding], proven: &[Proven<'_>], in_ci: bool) -> bool {
    let (mut faults, mut skipped) = (0, 0);
    for finding in findings {
        match finding {
            Finding::Fault(fault) => {
                faults += 1;
                println!("FAULT {fault}");
            }
            Finding::Skipped(what) => {
                skipped += 1;
                println!("SKIPPED {what}");
            }
        }
    }
    let checks: usize = proven.iter().map(|one| one.table.checks.len()).sum();
    let answers: usize = proven.iter().map(|one| one.wrong.len()).sum();
    println!(
        "{} exercises of {}, {checks} checks, {answers} answers: {faults} \
         faults, {skipped} skipped",
        proven.len(),
        checks::TABLES.len(),
    );
    faults == 0 && (!in_ci || skipped == 0)
}
