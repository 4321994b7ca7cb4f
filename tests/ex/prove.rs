//! `cargo ex prove`: the exercises are what they say.
//!
//! Every starter compiles without a warning and fails each check as
//! declared. Every solution passes. Every wrong answer is caught by the
//! check that it names, with the words that the student must hear. No step
//! passes any exercise. And nothing is missing: hints, TODOs, answers. With
//! CI=true in the environment nothing may be skipped either.

mod lint;
mod paper;
mod variants;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use crate::catalogue::Exercise;
use crate::compile::Project;
use crate::exercises::{self, Starter, Table, Verdict};
use crate::grade::{self, Graded, Status, Subject};
use crate::harness::trouble::Failure;

/// One program to be graded, and what must come of it.
struct Job {
    table: &'static Table,
    program: PathBuf,
    what: What,
}

#[derive(Clone)]
enum What {
    Starter,
    Solution,
    Answer(usize),
    Step(String),
}

/// What a proof has found.
#[derive(Default)]
struct Findings {
    faults: Vec<String>,
    skipped: Vec<String>,
}

/// Proves the exercises named in `args`, or all.
///
/// # Errors
/// When the arguments are not understood, or nothing can be built.
pub fn run(
    project: &Project,
    list: &[Exercise],
    args: &[&str],
) -> Result<bool, String> {
    let in_ci = std::env::var_os("CI").is_some_and(|ci| ci == "true");
    let (repeat, ids) = arguments(args)?;
    let repeat = repeat.unwrap_or(if in_ci { 3 } else { 1 });
    let chosen = |exercise: &&Exercise| {
        ids.is_empty() || ids.contains(&exercise.id.as_str())
    };
    let list: Vec<&Exercise> = list.iter().filter(chosen).collect();
    if list.is_empty() {
        return Err("there are no such exercises".to_string());
    }

    let mut findings = Findings::default();
    let mut proven = Vec::new();
    for exercise in list {
        match paper::check(project, exercise, in_ci, &mut findings) {
            Ok(programs) => proven.push(programs),
            Err(faults) => findings.faults.extend(faults),
        }
    }
    if findings.faults.is_empty() {
        project.build_steps()?;
        let built = variants::build(project, &proven)?;
        findings.faults.extend(built.faults);
        lint::check(project, &proven, in_ci, &mut findings);
        if findings.faults.is_empty() {
            let jobs = jobs(project, &proven, &built.directory, repeat)?;
            work(project, jobs, &mut findings);
        }
    }
    Ok(conclude(&findings, &proven, in_ci))
}

fn arguments<'a>(
    args: &[&'a str],
) -> Result<(Option<usize>, Vec<&'a str>), String> {
    let mut repeat = None;
    let mut ids = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if *arg == "--repeat" {
            let number = args.next().and_then(|number| number.parse().ok());
            repeat = Some(number.ok_or("--repeat needs a number")?);
        } else if arg.starts_with('-') {
            return Err(format!("not understood: {arg}"));
        } else {
            ids.push(*arg);
        }
    }
    Ok((repeat, ids))
}

fn jobs(
    project: &Project,
    proven: &[paper::Proven<'_>],
    directory: &std::path::Path,
    repeat: usize,
) -> Result<VecDeque<Job>, String> {
    let steps = paper::steps(project)?;
    let mut jobs = VecDeque::new();
    for one in proven {
        let table = one.table;
        let id = table.id;
        let mut add = |program: PathBuf, what: What| {
            jobs.push_back(Job { table, program, what });
        };
        add(directory.join(variants::starter(id)), What::Starter);
        for _ in 0..repeat {
            add(directory.join(variants::solution(id)), What::Solution);
        }
        for index in 0..table.answers.len() {
            let name = variants::answer(id, index);
            add(directory.join(name), What::Answer(index));
        }
        for step in nearest(&steps, id) {
            add(project.built.join(step), What::Step(step.clone()));
        }
    }
    Ok(jobs)
}

/// The steps that an exercise is most likely to be passed by: its own, the
/// next, and the last.
fn nearest<'a>(steps: &'a [String], id: &str) -> Vec<&'a String> {
    let number = id.trim_end_matches(char::is_alphabetic);
    let own = steps.iter().position(|step| step.ends_with(number));
    let own = own.unwrap_or(0);
    let mut nearest: Vec<&String> = steps[own..].iter().take(2).collect();
    nearest.extend(steps.last());
    nearest.dedup();
    nearest
}

/// Grades all programs, several at once.
fn work(project: &Project, jobs: VecDeque<Job>, findings: &mut Findings) {
    let threads = std::env::var("EX_JOBS").ok();
    let threads = threads.and_then(|text| text.parse().ok()).unwrap_or(8);
    let jobs = Mutex::new(jobs);
    let (report, answers) = mpsc::channel::<Findings>();
    thread::scope(|scope| {
        for _ in 0..threads {
            let report = report.clone();
            let jobs = &jobs;
            scope.spawn(move || {
                loop {
                    let mut left =
                        jobs.lock().unwrap_or_else(PoisonError::into_inner);
                    let Some(job) = left.pop_front() else { return };
                    drop(left);
                    let _ = report.send(judge(project, &job));
                }
            });
        }
        drop(report);
        for answer in answers {
            findings.faults.extend(answer.faults);
            findings.skipped.extend(answer.skipped);
        }
    });
}

/// Grades one program, and compares with what must come of it.
fn judge(project: &Project, job: &Job) -> Findings {
    let mut findings = Findings::default();
    let mut subject = project.subject(job.program.clone());
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
        What::Answer(index) => {
            answer(table, *index, &subject, &mut findings);
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
fn answer(
    table: &'static Table,
    index: usize,
    subject: &Subject,
    findings: &mut Findings,
) {
    let answer = &table.answers[index];
    let what = format!("{} answer \"{}\"", table.id, answer.name);
    let Verdict::Fails(check, hears) = answer.verdict else {
        for graded in grade::all(table, subject, |_| {}) {
            right(&what, &graded, findings);
        }
        return;
    };
    let check = table.checks.iter().find(|one| one.name == check);
    let Some(check) = check else { return };
    match grade::one(check, subject) {
        Status::Failed(failure, did) => {
            let words = words(&failure, &did);
            if !words.contains(hears) {
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

/// Prints what was found; true if all is well.
fn conclude(
    findings: &Findings,
    proven: &[paper::Proven<'_>],
    in_ci: bool,
) -> bool {
    for skipped in &findings.skipped {
        say!("SKIPPED {skipped}");
    }
    for fault in &findings.faults {
        say!("FAULT {fault}");
    }
    let checks: usize = proven.iter().map(|one| one.table.checks.len()).sum();
    let answers: usize = proven.iter().map(|one| one.table.answers.len()).sum();
    say!(
        "{} exercises of {}, {checks} checks, {answers} answers: {} faults, \
         {} skipped",
        proven.len(),
        exercises::TABLES.len(),
        findings.faults.len(),
        findings.skipped.len(),
    );
    findings.faults.is_empty() && (!in_ci || findings.skipped.is_empty())
}
