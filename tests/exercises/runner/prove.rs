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

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use crate::artifacts::Artifacts;
use crate::catalogue::Exercise;
use crate::checks::{self, Table};
use crate::compile::{self, Project};
use crate::wrong::WrongAnswer;

/// One program to be graded, and what must come of it.
struct Job<'a> {
    table: &'static Table,
    program: PathBuf,
    what: What<'a>,
}

enum What<'a> {
    Starter,
    Solution,
    Wrong(&'a WrongAnswer),
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
        let steps = project.build_steps()?;
        let built = variants::build(project, &proven)?;
        findings.faults.extend(built.faults);
        lint::check(project, &proven, in_ci, &mut findings);
        if findings.faults.is_empty() {
            let jobs = jobs(&proven, &steps, &built.programs, repeat)?;
            let shim = compile::path(&steps, "shim")?;
            work(&shim, jobs, &mut findings);
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

fn jobs<'a>(
    proven: &'a [paper::Proven<'_>],
    steps: &Artifacts,
    programs: &Artifacts,
    repeat: usize,
) -> Result<VecDeque<Job<'a>>, String> {
    let mut jobs = VecDeque::new();
    for one in proven {
        let table = one.table;
        let id = table.id;
        let mut add = |built: &Artifacts, name: &str, what: What<'a>| {
            let program = compile::path(built, name)?;
            jobs.push_back(Job { table, program, what });
            Ok::<(), String>(())
        };
        add(programs, &variants::starter(id), What::Starter)?;
        for _ in 0..repeat {
            add(programs, &variants::solution(id), What::Solution)?;
        }
        for (index, wrong) in one.wrong.iter().enumerate() {
            add(programs, &variants::answer(id, index), What::Wrong(wrong))?;
        }
        for step in rivals(id, steps) {
            add(steps, &step, What::Step(step.clone()))?;
        }
    }
    Ok(jobs)
}

/// The steps that might pass an exercise by accident: its own, the next, and
/// the last.
fn rivals(id: &str, steps: &Artifacts) -> Vec<String> {
    let own = format!("step{}", id.trim_end_matches(char::is_alphabetic));
    let names = steps.keys().filter(|name| {
        name.strip_prefix("step").is_some_and(|number| {
            number.bytes().all(|byte| byte.is_ascii_digit())
        })
    });
    let mut names: Vec<&String> =
        names.skip_while(|name| **name < own).collect();
    let last = names.len().saturating_sub(1).max(2);
    let mut index = 0;
    names.retain(|_| {
        index += 1;
        index <= 2 || index == last + 1
    });
    names.into_iter().cloned().collect()
}

/// Grades all programs, several at once.
fn work(shim: &Path, jobs: VecDeque<Job<'_>>, findings: &mut Findings) {
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
                    let _ = report.send(judge::judge(shim, &job));
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

/// Prints what was found; true if all is well.
fn conclude(
    findings: &Findings,
    proven: &[paper::Proven<'_>],
    in_ci: bool,
) -> bool {
    for skipped in &findings.skipped {
        println!("SKIPPED {skipped}");
    }
    for fault in &findings.faults {
        println!("FAULT {fault}");
    }
    let checks: usize = proven.iter().map(|one| one.table.checks.len()).sum();
    let answers: usize = proven.iter().map(|one| one.wrong.len()).sum();
    println!(
        "{} exercises of {}, {checks} checks, {answers} answers: {} faults, \
         {} skipped",
        proven.len(),
        checks::TABLES.len(),
        findings.faults.len(),
        findings.skipped.len(),
    );
    findings.faults.is_empty() && (!in_ci || findings.skipped.is_empty())
}
