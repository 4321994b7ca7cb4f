//! The list of steps against the directories, and the book's pages against its
//! summary.

use std::fs;
use std::path::Path;

use super::line_in_list;
use crate::{Fault, Project, Result, exercise};

pub(super) fn check(project: &Project) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    faults.extend(directories(project)?);
    faults.extend(pages(project)?);
    for step in &project.steps {
        let line = line_in_list(project, step.number);
        let mut wanted = vec![step.folder().join("main.rs"), step.chapter()];
        for exercise in &step.exercises {
            let text = exercise::text_file(step, exercise);
            wanted.extend([text.with_extension("rs"), text]);
        }
        wanted.extend(step.files());
        for file in wanted {
            if !project.root.join(&file).is_file() {
                let what = format!(
                    "step {:02} has no {}; write it, or mend the list",
                    step.number,
                    file.display()
                );
                faults.push(Fault::new("steps/steps.toml", line, what));
            }
        }
    }
    Ok(faults)
}

/// The directories of `steps/` that the list does not know.
fn directories(project: &Project) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    for entry in fs::read_dir(project.root.join("steps"))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let listed = project.steps.iter().any(|step| step.name() == name);
        if entry.file_type()?.is_dir() && !listed {
            let directory = Path::new("steps").join(&name);
            let what = "is in no [[step]] of steps/steps.toml; add it there, \
                        or remove the directory";
            faults.push(Fault::new(directory, 0, what));
        }
    }
    Ok(faults)
}

/// The pages that the summary does not name: mdBook would leave them out
/// without a word.
fn pages(project: &Project) -> Result<Vec<Fault>> {
    let summary = project.read("book/src/SUMMARY.md")?;
    let mut faults = Vec::new();
    for entry in fs::read_dir(project.root.join("book/src"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let step = project.steps.iter().any(|step| {
            step.chapter().file_name().is_some_and(|it| it == name.as_str())
        });
        let is_page = name.ends_with(".md") && name != "SUMMARY.md";
        // Chapters of steps are there, or the summary is out of date.
        if is_page && !step && !summary.contains(&format!("]({name})")) {
            let file = Path::new("book/src").join(&name);
            let what = "is not in book/src/SUMMARY.md; add it there";
            faults.push(Fault::new(file, 0, what));
        }
    }
    Ok(faults)
}
