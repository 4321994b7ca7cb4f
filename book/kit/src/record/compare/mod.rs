//! Does a run today still show what the book shows?

use std::path::Path;

use crate::Fault;

mod sessions;
mod traces;

pub use sessions::sessions;
pub use traces::traces;

/// A difference counts unless it may come from another version of a tool.
fn judge(fault: Option<Fault>, other: bool, tools: &str) -> Vec<Fault> {
    match fault {
        None => Vec::new(),
        Some(fault) if !other => vec![fault],
        Some(Fault { file, line, message }) => {
            let what = format!("{}:{line}", file.display());
            let why = format!(
                "another version of {tools} recorded it, or it has changed: \
                 {message}"
            );
            skip(&what, &file, &why)
        }
    }
}

/// Says loudly that something could not be compared; where all tools have to
/// be there, that is a fault.
pub fn skip(what: &str, file: &Path, why: &str) -> Vec<Fault> {
    if std::env::var_os("CI").is_some_and(|value| value == "true") {
        let what = format!("not compared: {why}");
        return vec![Fault::new(file, 0, what)];
    }
    eprintln!("SKIPPED {what}: {why}");
    Vec::new()
}
