//! No step explains too much at once, and what enters is printed.

use super::line_in_list;
use crate::chapter::{Directive, Piece, pieces};
use crate::sizes::{MAX_CHANGED, Sizes, max_new_code};
use crate::{Fault, Project, Result, Step};

pub(super) fn check(project: &Project) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    for step in &project.steps {
        let chapter = project.root.join(step.chapter()).is_file();
        let sources = project.root.join(step.folder()).is_dir();
        // That one of them is missing is said elsewhere.
        if chapter && sources {
            faults.extend(modules(project, step)?);
            faults.extend(too_long(project, step)?);
        }
    }
    Ok(faults)
}

/// The modules that enter here and are not printed.
fn modules(project: &Project, step: &Step) -> Result<Vec<Fault>> {
    let text = project.read(step.chapter())?;
    let printed = pieces(&text).into_iter().filter_map(|(_, piece)| {
        let Piece::Directive(Ok(directive)) = piece else { return None };
        match directive {
            Directive::Module { file, .. } => Some(file),
            _ => None,
        }
    });
    let printed: Vec<_> = printed.collect();
    let missing = step.files().filter(|file| !printed.contains(file));
    let faults = missing.map(|file| {
        let file = file.display();
        let what = format!(
            "{file} enters in this step and is not printed; add \
             {{{{#module {file}}}}}"
        );
        Fault::new(step.chapter(), 0, what)
    });
    Ok(faults.collect())
}

/// What is too long in a step, or said to be and is not.
fn too_long(project: &Project, step: &Step) -> Result<Vec<Fault>> {
    let number = step.number;
    let sizes = Sizes::of(project, step)?;
    let (changed, new) = (sizes.changed, sizes.new_code());
    let is_long = step.base().is_some() && changed > MAX_CHANGED;
    let mut wrong = Vec::new();
    if is_long && step.long_diff.is_none() {
        wrong.push(format!(
            "step {number:02} changes {changed} lines, more than \
             {MAX_CHANGED}; change less, or say why in `long_diff`"
        ));
    }
    if !is_long && step.long_diff.is_some() {
        wrong.push(format!(
            "step {number:02} changes {changed} lines, not more than \
             {MAX_CHANGED}, or is fresh; remove its `long_diff`"
        ));
    }
    let max = max_new_code(number);
    if new > max {
        wrong.push(format!(
            "step {number:02} has {new} lines of new code, more than {max}: \
             see `cargo book sizes`"
        ));
    }
    if (step.minutes as usize) < sizes.minutes() {
        wrong.push(format!(
            "step {number:02} claims {} minutes, but its {new} lines of new \
             code need {}: see `cargo book sizes --help`",
            step.minutes,
            sizes.minutes()
        ));
    }
    let line = line_in_list(project, number);
    let faults = wrong.into_iter();
    let faults = faults.map(|it| Fault::new("steps/steps.toml", line, it));
    Ok(faults.collect())
}
