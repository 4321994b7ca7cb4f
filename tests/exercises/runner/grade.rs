//! Making the checks of an exercise, one after the other.

use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::checks::{Check, Table};
use crate::lab::time::Deadline;
use crate::lab::trouble::Failure;
use crate::lab::{Lab, Trouble};

/// No check takes longer; one that does is itself broken. Time in which the
/// grader waited for a processor does not count.
const GUARD: Duration = Duration::from_secs(180);

/// How often the guard looks.
const LOOK: Duration = Duration::from_secs(1);

/// How many lines of what was done a report has room for.
const DID_LINES: usize = 7;

/// The program to be graded.
#[derive(Clone, Debug)]
pub struct Subject {
    pub program: PathBuf,
    /// The library to preload.
    pub shim: PathBuf,
    /// Whether it is a step, which announces itself in more words.
    pub is_step: bool,
}

/// What became of a check.
#[derive(Debug)]
pub enum Status {
    /// As the task demands.
    Passed,
    Failed(Box<Failure>, Vec<String>),
    /// Not made, because this other check did not pass.
    Waits(&'static str),
    /// This machine cannot make it.
    Blocked(String),
    /// The grader's own fault.
    Broken(String),
}

/// A check, and what became of it.
pub struct Graded {
    pub check: &'static Check,
    pub status: Status,
}

impl Graded {
    /// The points it brings.
    pub fn points(&self) -> u32 {
        match self.status {
            Status::Passed => self.check.points,
            _ => 0,
        }
    }
}

/// Makes all checks of `table` for `subject`; `seen` hears of each result as
/// it comes.
pub fn all(
    table: &'static Table,
    subject: &Subject,
    mut seen: impl FnMut(&Graded),
) -> Vec<Graded> {
    let mut done: Vec<Graded> = Vec::new();
    for check in table.checks {
        let has_passed = |name: &&str| {
            done.iter().any(|graded| {
                graded.check.name == *name
                    && matches!(graded.status, Status::Passed)
            })
        };
        let status = match check.needs.iter().find(|name| !has_passed(name)) {
            Some(name) => Status::Waits(name),
            None => one(check, subject),
        };
        let graded = Graded { check, status };
        seen(&graded);
        done.push(graded);
    }
    done
}

/// Makes one check.
pub fn one(check: &'static Check, subject: &Subject) -> Status {
    let (report, reported) = mpsc::channel();
    let subject = subject.clone();
    thread::spawn(move || report.send(in_lab(check, &subject)));
    let own = std::process::id().cast_signed();
    let guard = Deadline::new(GUARD, own);
    loop {
        match reported.recv_timeout(LOOK) {
            Ok(status) => return status,
            Err(RecvTimeoutError::Timeout) if !guard.is_over() => {}
            Err(RecvTimeoutError::Timeout) => {
                let limit = GUARD.as_secs();
                return Status::Broken(format!("no end within {limit} s"));
            }
            Err(RecvTimeoutError::Disconnected) => {
                let why = "the check panicked: see above";
                return Status::Broken(why.to_string());
            }
        }
    }
}

fn in_lab(check: &Check, subject: &Subject) -> Status {
    let Subject { program, shim, is_step } = subject;
    let lab = match Lab::new(program, shim, *is_step) {
        Ok(lab) => lab,
        Err(error) => return Status::Broken(format!("no scratch: {error}")),
    };
    match (check.run)(&lab) {
        Ok(()) => Status::Passed,
        Err(Trouble::Blocked(why)) => Status::Blocked(why),
        Err(Trouble::Failed(failure)) => {
            Status::Failed(failure, lab.log().lines(DID_LINES))
        }
    }
}
