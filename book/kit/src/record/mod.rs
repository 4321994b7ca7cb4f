//! What is recorded from runs of the steps: traces, terminal sessions and
//! charts.

use anyhow::ensure;

use crate::{Fault, Project, Result, Step};

pub mod calls;
pub mod cargo;
pub mod chart;
pub mod session;
pub mod trace;

mod compare;
mod ports;
mod process;
mod quiet;

/// Re-records `what` (`traces`, `runs` or `charts`; all if empty), of it only
/// `names` unless that is empty.
///
/// # Errors
/// When a run fails, or a file cannot be written.
pub fn record(project: &Project, what: &str, names: &[String]) -> Result<()> {
    let all = what.is_empty();
    if all || what == "traces" {
        trace::record_to_files(project, &steps(project, names)?)?;
    }
    if all || what == "runs" {
        let every = session::names(project)?;
        let names = if names.is_empty() { &every } else { names };
        session::record_to_files(project, names)?;
    }
    if all || what == "charts" {
        chart::record_to_files(project, names)?;
    }
    ensure!(
        all || ["traces", "runs", "charts"].contains(&what),
        "'{what}' cannot be recorded: traces, runs or charts can"
    );
    Ok(())
}

/// The steps of these numbers, or all that are traced.
fn steps<'a>(project: &'a Project, names: &[String]) -> Result<Vec<&'a Step>> {
    if names.is_empty() {
        return Ok(traced_steps(project));
    }
    names.iter().map(|name| project.step(name.parse()?)).collect()
}

/// The steps for which there is a script of a trace.
fn traced_steps(project: &Project) -> Vec<&Step> {
    let scripted =
        |step: &&Step| project.root.join(trace::script_file(step)).is_file();
    project.steps.iter().filter(scripted).collect()
}

/// Runs everything again that is recorded and comparable, and reports what
/// has come out differently.
///
/// # Errors
/// When a run cannot be made at all.
pub fn compare(project: &Project) -> Result<Vec<Fault>> {
    let mut faults = compare::traces(project)?;
    faults.extend(compare::sessions(project)?);
    faults.extend(chart::compare(project)?);
    Ok(faults)
}
