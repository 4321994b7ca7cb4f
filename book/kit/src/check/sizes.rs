//! No step explains too much at once.

use super::line_in_list;
use crate::sizes::{MAX_CHANGED, Sizes, max_new_code};
use crate::{Fault, Project, Step};

pub(super) fn check(project: &Project) -> Vec<Fault> {
    let steps = project.steps.iter();
    // That there is none is said elsewhere.
    let steps = steps.filter(|step| project.root.join(step.folder()).is_dir());
    steps.flat_map(|step| too_long(project, step)).collect()
}

/// What is too long in a step, or said to be and is not.
fn too_long(project: &Project, step: &Step) -> Vec<Fault> {
    let number = step.number;
    let mut wrong = Vec::new();
    match Sizes::of(project, step) {
        Ok(sizes) => wrong.extend(compared(step, &sizes)),
        Err(error) => wrong.push(format!("{error:#}")),
    }
    let line = line_in_list(project, number);
    let faults = wrong.into_iter();
    faults.map(|it| Fault::new("steps/steps.toml", line, it)).collect()
}

fn compared(step: &Step, sizes: &Sizes) -> Vec<String> {
    let (number, minutes) = (step.number, step.minutes);
    let (changed, new) = (sizes.changed, sizes.new_code());
    let (max, needed) = (max_new_code(number), sizes.minutes());
    let is_long = step.base().is_some() && changed > MAX_CHANGED;
    let rules = [
        (
            is_long && step.long_diff.is_none(),
            format!(
                "changes {changed} lines, more than {MAX_CHANGED}; change \
                 less, or say why in `long_diff`"
            ),
        ),
        (
            !is_long && step.long_diff.is_some(),
            format!(
                "changes {changed} lines, not more than {MAX_CHANGED}, or is \
                 fresh; remove its `long_diff`"
            ),
        ),
        (new > max, format!("has {new} lines of new code, more than {max}")),
        (
            minutes < needed,
            format!("claims {minutes} minutes; its new code needs {needed}"),
        ),
    ];
    let wrong = rules.into_iter().filter(|(is_wrong, _)| *is_wrong);
    let wrong = wrong.map(|(_, what)| {
        format!("step {number:02} {what} (cargo book sizes --help)")
    });
    wrong.collect()
}
