//! `cargo book check`: everything that can be wrong with the book.

use crate::record::{self, Which};
use crate::{Fault, Project, Result, sync};

mod addresses;
mod calls;
mod chapters;
mod files;
mod html;
mod pages;
mod sizes;

/// All faults, in the order of files and lines; what `runs` says of the
/// recordings is played again and compared.
///
/// # Errors
/// When the check itself cannot be made.
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

/// The line of `steps/steps.toml` where a step begins.
fn line_in_list(project: &Project, number: u8) -> usize {
    let Ok(list) = project.read("steps/steps.toml") else { return 0 };
    let wanted = format!("number = {number}");
    let line = list.lines().position(|line| line.trim() == wanted);
    line.map_or(0, |line| line + 1)
}
