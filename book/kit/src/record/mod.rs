//! What is recorded from runs of the steps: traces, terminal sessions and
//! charts.

use anyhow::ensure;

use crate::{Fault, Project, Result, Step};

pub mod calls;
pub mod cargo;
pub mod chart;
pub mod hashes;
pub mod session;
pub mod trace;

mod compare;
mod ports;
pub(crate) mod process;
mod quiet;

use hashes::Hashes;

/// Which recordings are made or played again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Those of which something has changed since they were made.
    Changed,
    /// All.
    All,
}

/// Re-records `what` (`traces`, `runs` or `charts`; all if empty): of it
/// `names`, or, if there are none, what `which` says.
///
/// # Errors
/// When a run fails, or a file cannot be written.
pub fn record(
    project: &Project,
    what: &str,
    names: &[String],
    which: Which,
) -> Result<()> {
    let all = what.is_empty();
    ensure!(
        all || ["traces", "runs", "charts"].contains(&what),
        "'{what}' cannot be recorded: traces, runs or charts can"
    );
    let mut known = Hashes::load(project);
    if all || what == "traces" {
        let steps = match names.is_empty() {
            true => traced_steps(project, &known, which),
            false => steps(project, names)?,
        };
        trace::record_to_files(project, &steps, &mut known)?;
    }
    if all || what == "runs" {
        let names = match names.is_empty() {
            true => sessions(project, &known, which)?,
            false => names.to_vec(),
        };
        session::record_to_files(project, &names, &mut known)?;
    }
    if all || what == "charts" {
        chart::record_to_files(project, names, which, &mut known)?;
    }
    Ok(())
}

/// The steps of these numbers.
fn steps<'a>(project: &'a Project, names: &[String]) -> Result<Vec<&'a Step>> {
    names.iter().map(|name| project.step(name.parse()?)).collect()
}

/// The steps for which there is a script of a trace.
fn traced_steps<'a>(
    project: &'a Project,
    known: &Hashes,
    which: Which,
) -> Vec<&'a Step> {
    let wanted = |step: &&Step| {
        let name = hashes::name(&trace::file(step));
        let hash = hashes::of_trace(project, step);
        project.root.join(trace::script_file(step)).is_file()
            && (which == Which::All
                || !known.is_current(&name, hash.as_deref()))
    };
    project.steps.iter().filter(wanted).collect()
}

/// The names of sessions.
fn sessions(
    project: &Project,
    known: &Hashes,
    which: Which,
) -> Result<Vec<String>> {
    let mut names = session::names(project)?;
    names.retain(|name| {
        let hash = hashes::of_session(project, name);
        let recording = hashes::name(&session::file(name));
        which == Which::All || !known.is_current(&recording, hash.as_deref())
    });
    Ok(names)
}

/// Runs again what is recorded and comparable, and reports what has come out
/// differently.
///
/// # Errors
/// When a run cannot be made at all.
pub fn compare(project: &Project, which: Which) -> Result<Vec<Fault>> {
    let known = Hashes::load(project);
    let steps = traced_steps(project, &known, which);
    let sessions = sessions(project, &known, which)?;
    let mut faults = compare::traces(project, &steps)?;
    faults.extend(compare::sessions(project, &sessions)?);
    faults.extend(chart::compare(project, &known, which)?);
    if faults.is_empty() && which == Which::Changed {
        let count = steps.len() + sessions.len();
        if count > 0 {
            eprintln!(
                "book: {count} recordings are as before; `cargo book record` \
                 notes it, and they are not played again"
            );
        }
    }
    Ok(faults)
}

/// Says how far it is: `at` counts from 0.
fn progress(at: usize, count: usize, what: &str) {
    eprintln!("book: {} of {count}: {what}", at + 1);
}
