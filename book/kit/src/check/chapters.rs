//! Does each chapter have its parts, in order?

use std::path::PathBuf;

use crate::chapter::{Piece, pieces};
use crate::{Fault, Project, Result, Step};

/// The level-2 headings of a chapter, and what stands below them.
pub(crate) const PARTS: [(&str, &str); 10] = [
    (
        "What you will build",
        "what it teaches, and how to run, trace and compare it.",
    ),
    (
        "What is wrong so far",
        "the failing of the step before, by a run; not yet the cure.",
    ),
    ("The picture", "one, in the theme's colours."),
    (
        "The code",
        "in pieces of 5 to 30 lines; between them what was tried first and \
         why it is not enough, then why this.",
    ),
    (WHAT_CHANGED, "what the diff below shows."),
    (
        "The conversation with the kernel",
        "the trace, after `cargo book record traces`.",
    ),
    (
        "The system calls",
        "their table; for each new one a heading such as `### read(2)`, with \
         signature, arguments, result, errors and manual page.",
    ),
    (
        WHAT_IT_COSTS,
        "a measurement against earlier steps on the same work, where the step \
         is about cost.",
    ),
    ("What is still wrong", "what the next step is about."),
    (
        "Predict, break, extend",
        "two questions to think about before running, one thing to break \
         (what happens, folded), the exercises.",
    ),
];
/// Not in the chapter of a step that grows out of none.
const WHAT_CHANGED: &str = "What changed";
/// Only where a step is about cost.
const WHAT_IT_COSTS: &str = "What it costs";

pub(super) fn check(project: &Project) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    for step in &project.steps {
        // That a chapter is missing is said elsewhere.
        if project.root.join(step.chapter()).is_file() {
            let text = project.read(step.chapter())?;
            faults.extend(title(step, &text));
            faults.extend(parts(step, &text));
            faults.extend(directives(project, step, &text));
        }
    }
    Ok(faults)
}

fn title(step: &Step, text: &str) -> Option<Fault> {
    let title = format!("# {}", step.title);
    let what =
        || format!("the first line must be `{title}`, as in steps/steps.toml");
    let right = text.lines().next() == Some(&title);
    (!right).then(|| Fault::new(step.chapter(), 1, what()))
}

/// The first part that is missing, unknown or out of order.
fn parts(step: &Step, text: &str) -> Option<Fault> {
    let headings = pieces(text).into_iter().filter_map(|(line, piece)| {
        let Piece::Text(text) = piece else { return None };
        Some((line, text.strip_prefix("## ")?.trim()))
    });
    let headings: Vec<_> = headings.collect();
    let wanted = PARTS.into_iter().map(|(part, _)| part);
    let wanted = wanted.filter(|&part| match part {
        WHAT_CHANGED => step.base().is_some(),
        WHAT_IT_COSTS => headings.iter().any(|(_, it)| *it == part),
        _ => true,
    });
    let mut found = headings.iter();
    for part in wanted {
        let next = found.next();
        let not = match next {
            Some((_, heading)) if *heading == part => continue,
            Some((_, heading)) => format!("not `## {heading}`"),
            None => "but the chapter ends".to_string(),
        };
        let line = next.or(headings.last()).map_or(0, |(line, _)| *line);
        let what = format!(
            "here `## {part}` must come, {not}; the parts of a chapter are in \
             book/kit/src/check/chapters.rs"
        );
        return Some(Fault::new(step.chapter(), line, what));
    }
    let (line, heading) = found.next()?;
    let what = format!("`## {heading}` is no part of a chapter; use `###`");
    Some(Fault::new(step.chapter(), *line, what))
}

/// The directives that every chapter has.
fn directives(project: &Project, step: &Step, text: &str) -> Vec<Fault> {
    let mut names = vec!["front", "trace", "calls"];
    // It shows every line that has changed: nothing is silent.
    names.extend(step.base().map(|_| "diff"));
    names.extend((!step.exercises.is_empty()).then_some("exercises"));
    let names = names.iter().map(|name| format!("{name} {:02}", step.number));
    // What enters is printed, all of it or in parts. Of a file that has moved
    // out of the step before, the diff shows what has changed.
    let before = step.base().and_then(|base| project.step(base).ok());
    let has_moved = |file: &PathBuf| {
        let old = before.zip(file.file_name());
        let old = old.map(|(step, name)| step.folder().join(name));
        old.is_some_and(|old| project.root.join(old).exists())
    };
    let modules = step.files().filter(|file| !has_moved(file));
    let modules = modules.map(|it| format!("module {}", it.display()));
    let found: Vec<_> = pieces(text).into_iter().map(|it| it.1).collect();
    let has = |name: &String| {
        found.iter().any(|piece| {
            let Piece::Directive(found) = piece else { return false };
            let rest = found.strip_prefix(&**name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        })
    };
    let missing = names.chain(modules).filter(|name| !has(name));
    let missing = missing.map(|name| {
        let what = format!("the chapter lacks {{{{#{name}}}}}");
        Fault::new(step.chapter(), 0, what)
    });
    missing.collect()
}
