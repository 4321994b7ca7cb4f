//! Making the checks of an exercise, one after the other.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::checks::{Check, Table};
use crate::guard::Guard;
use crate::lab::trouble::Failure;
use crate::lab::{Lab, Trouble};

/// No check takes longer; one that does is itself broken. Time in which the
/// processor was busy with other work does not count.
const GUARD: Duration = Duration::from_secs(180);

/// How often the guard looks.
const LOOK: Duration = Duration::from_secs(1);

/// How many lines of what was done a report has room for.
const DID_LINES: usize = 7;

/// The program to be graded.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Its executable.
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
    /// Not so.
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
    /// The check.
    pub check: &'static Check,
    /// What became of it.
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
        let passed = |name: &&str| {
            done.iter().any(|graded| {
                graded.check.name == *name
                    && matches!(graded.status, Status::Passed)
            })
        };
        let missing = check.needs.iter().find(|name| !passed(name));
        let status = match missing {
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
    let (report, answer) = mpsc::channel();
    let subject = subject.clone();
    let thread = thread::spawn(move || {
        let Subject { program, shim, is_step } = &subject;
        let status = in_lab(check, program, shim, *is_step);
        let _ = report.send(status);
    });
    let mut guard = Guard::new(GUARD);
    let received = loop {
        match answer.recv_timeout(LOOK) {
            Err(RecvTimeoutError::Timeout) if !guard.is_over() => {}
            received => break received,
        }
    };
    match received {
        Ok(status) => status,
        Err(RecvTimeoutError::Timeout) => Status::Broken(format!(
            "the check did not end within {} s",
            GUARD.as_secs()
        )),
        Err(RecvTimeoutError::Disconnected) => {
            let panic = thread.join().err();
            let words = panic.as_ref().and_then(|panic| {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                text.or_else(|| panic.downcast_ref::<&str>().copied())
            });
            Status::Broken(format!(
                "the check panicked: {}",
                words.unwrap_or("?")
            ))
        }
    }
}

fn in_lab(check: &Check, program: &Path, shim: &Path, is_step: bool) -> Status {
    let lab = match Lab::new(program, shim, is_step) {
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
