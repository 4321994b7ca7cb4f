//! Promise 3: what a step asks of the kernel is what its chapter explains.

use std::collections::BTreeSet;
use std::path::Path;

use super::line_in_list;
use crate::record::trace;
use crate::{Fault, Project, Result, Step, links};

pub(super) fn check(project: &Project) -> Result<Vec<Fault>> {
    let entries = links::entries(project)?;
    let mut faults = Vec::new();
    let mut known: BTreeSet<String> = BTreeSet::new();
    for step in &project.steps {
        let (number, file) = (step.number, trace::file(step));
        if !project.root.join(&file).is_file() {
            let what = format!(
                "there is no trace of step {number:02}; describe its client \
                 in book/traces/{number:02}.session, then: cargo book record \
                 traces {number:02}"
            );
            faults.push(Fault::new(file, 0, what));
            continue;
        }
        let trace = trace::load(project, step)?;
        let made = trace.calls().map(|made| made.call.clone());
        let made: BTreeSet<String> = made.collect();
        let new = &made - &known;
        faults.extend(listed(project, step, &new));
        for call in &made {
            let mut explained = entries.get(call).into_iter().flatten();
            let by_now = explained.clone().any(|it| it.step.number <= number);
            let here = explained.any(|it| it.step.number == number);
            if !by_now || new.contains(call) && !here {
                let what = format!(
                    "step {number:02} calls {call}, which is new and not \
                     explained; add `### {call}(2)` to The system calls"
                );
                faults.push(Fault::new(step.chapter(), 0, what));
            }
        }
        for (call, entries) in &entries {
            let here = entries.iter().filter(|it| it.step.number == number);
            let here = here.filter(|_| !made.contains(call));
            faults.extend(here.map(|entry| {
                let what = format!(
                    "explains {call}, which step {number:02} does not call; \
                     remove the entry, or record the trace again"
                );
                Fault::new(step.chapter(), entry.line, what)
            }));
        }
        known.extend(made);
    }
    Ok(faults)
}

/// The step's `calls` in steps.toml against those that are new in its trace.
fn listed(
    project: &Project,
    step: &Step,
    new: &BTreeSet<String>,
) -> Vec<Fault> {
    let listed: BTreeSet<String> = step.calls.iter().cloned().collect();
    let line = line_in_list(project, step.number);
    let number = step.number;
    let list = Path::new("steps/steps.toml");
    let missing = new.difference(&listed).map(|call| {
        format!("calls {call} for the first time; add it to `calls`")
    });
    let wrong = listed.difference(new).map(|call| {
        format!(
            "does not call {call} for the first time; remove it from `calls`"
        )
    });
    let faults = missing.chain(wrong).map(|what| {
        Fault::new(list, line, format_args!("step {number:02} {what}"))
    });
    faults.collect()
}
