//! `cargo book check`: everything that can be wrong with the book.

use crate::{Fault, Project, Result, record, sync};

/// All faults, in the order of files and lines; with `runs`, what is recorded
/// is run again and compared.
///
/// # Errors
/// When the check itself cannot be made.
pub fn check(project: &Project, runs: bool) -> Result<Vec<Fault>> {
    let mut faults = sync::stale(project)?;
    if runs {
        faults.extend(record::compare(project)?);
    }
    faults.sort();
    faults.dedup();
    Ok(faults)
}
