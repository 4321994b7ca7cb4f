//! The entries of system calls: the headings `### accept4(2)` of chapters.

use std::collections::BTreeMap;

use crate::chapter::{Piece, pieces};
use crate::{Project, Result, Step};

/// Where a call is explained.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The step whose chapter it is.
    pub step: &'a Step,
    pub line: usize,
}

/// The entries of each call, in the order of the steps.
pub fn entries(project: &Project) -> Result<BTreeMap<String, Vec<Entry<'_>>>> {
    let mut entries: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for step in &project.steps {
        let file = step.chapter();
        if !project.root.join(&file).is_file() {
            continue;
        }
        for (line, piece) in pieces(&project.read(&file)?) {
            let Piece::Call(call) = piece else { continue };
            let entry = Entry { step, line };
            entries.entry(call.to_string()).or_default().push(entry);
        }
    }
    Ok(entries)
}

/// The id of a call's entry on its page.
pub fn id(call: &str) -> String {
    format!("call-{call}")
}
