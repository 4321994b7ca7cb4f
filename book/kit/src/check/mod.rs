//! `cargo book check`: everything that can be wrong with the book.

use crate::record::{self, Which, trace};
use crate::{Fault, Project, Result, sizes, sync};

mod calls;
mod chapters;
mod files;
mod html;
mod pages;

pub(crate) use chapters::PARTS;

/// All faults, in the order of files and lines; what `runs` says of the
/// recordings is played again and compared.
pub fn check(project: &Project, runs: Option<Which>) -> Result<Vec<Fault>> {
    let mut faults = files::check(project)?;
    faults.extend(sync::stale(project)?);
    faults.extend(chapters::check(project)?);
    faults.extend(sizes::check(project));
    faults.extend(calls::check(project)?);
    faults.extend(pages::check(project)?);
    if let Some(which) = runs {
        faults.extend(record::compare(project, which)?);
    }
    faults.sort();
    faults.dedup();
    Ok(faults)
}

/// Whether the fault is one of a step that is not finished yet, which is no
/// more than something to be done.
pub fn is_unfinished(project: &Project, fault: &Fault) -> bool {
    let steps = project.steps.iter().filter(|step| step.unfinished);
    steps.into_iter().any(|step| {
        let own = [step.chapter(), trace::file(step), trace::script_file(step)];
        let run = format!("book/runs/{:02}-", step.number);
        own.contains(&fault.file)
            || fault.file.starts_with(step.folder())
            || fault.file.to_string_lossy().starts_with(&run)
            || fault.file.ends_with("steps/steps.toml")
                && fault.line == line_in_list(project, step.number)
    })
}

/// The line of `steps/steps.toml` where a step begins.
pub(crate) fn line_in_list(project: &Project, number: u8) -> usize {
    let Ok(list) = project.read("steps/steps.toml") else { return 0 };
    let wanted = format!("number = {number}");
    let line = list.lines().position(|line| line.trim() == wanted);
    line.map_or(0, |line| line + 1)
}
