//! Promise 2: every line that changes between two steps is shown in the
//! chapter of the later one. And no step changes too much at once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::line_in_list;
use crate::changes::{FileChange, changes};
use crate::chapter::{Directive, Piece, pieces};
use crate::diff::{self, Row};
use crate::listing;
use crate::{Fault, Project, Result, Step};

/// How many lines may be added and removed from one step to the next.
const MAX_CHANGED: usize = 120;

pub(super) fn check(project: &Project) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    for step in &project.steps {
        let chapter = project.root.join(step.chapter()).is_file();
        let sources = project.root.join(step.folder()).is_dir();
        // That one of them is missing is said elsewhere.
        if !chapter || !sources {
            continue;
        }
        let shown = Shown::by(project, step)?;
        faults.extend(modules(step, &shown));
        // The first step changes nothing.
        if step.base().is_some() {
            let changes = changes(project, step)?;
            faults.extend(length(project, step, &changes));
            for change in &changes {
                faults.extend(lines(step, change, &shown));
            }
        }
    }
    Ok(faults)
}

/// The lines that a chapter shows.
#[derive(Default)]
struct Shown {
    /// Lines as they stand in the files now.
    new: BTreeMap<PathBuf, BTreeSet<usize>>,
    /// Lines that are gone, in the files of the step before.
    old: BTreeMap<PathBuf, BTreeSet<usize>>,
    modules: BTreeSet<PathBuf>,
}

impl Shown {
    fn by(project: &Project, step: &Step) -> Result<Self> {
        let mut shown = Shown::default();
        let text = project.read(step.chapter())?;
        for (_, piece) in pieces(&text) {
            let Piece::Directive(Ok(directive)) = piece else { continue };
            // A directive that finds nothing fails the build, which is
            // checked too: here it only shows nothing.
            match directive {
                Directive::Code { place, item } => {
                    if let Ok(found) = listing::find(project, &place, &item) {
                        let lines = shown.new.entry(found.file).or_default();
                        lines.extend(found.lines);
                    }
                }
                Directive::Module { file, .. } => {
                    if let Ok(text) = project.read(&file) {
                        let lines = shown.new.entry(file.clone());
                        lines.or_default().extend(1..=text.lines().count());
                        shown.modules.insert(file);
                    }
                }
                Directive::Diff { step: number, item }
                    if number == step.number =>
                {
                    let item = item.as_deref();
                    if let Ok(parts) = diff::shown(project, number, item) {
                        parts.into_iter().for_each(|part| shown.add(part));
                    }
                }
                _ => {}
            }
        }
        Ok(shown)
    }

    fn add(&mut self, part: diff::Shown) {
        let FileChange { old_path, new_path, .. } = part.change;
        let rows: Vec<Row> = part.hunks.concat();
        if let Some(path) = new_path {
            let added = rows.iter().filter_map(|row| match row {
                Row::Added(line) => Some(*line),
                _ => None,
            });
            self.new.entry(path).or_default().extend(added);
        }
        if let Some(path) = old_path {
            let removed = rows.iter().filter_map(|row| match row {
                Row::Removed(line) => Some(*line),
                _ => None,
            });
            self.old.entry(path).or_default().extend(removed);
        }
    }
}

/// The modules that enter here and are not printed.
fn modules(step: &Step, shown: &Shown) -> Vec<Fault> {
    let files = step.modules.iter().map(|it| PathBuf::from("shared").join(it));
    let missing = files.filter(|file| !shown.modules.contains(file));
    let faults = missing.map(|file| {
        let file = file.display();
        let what = format!(
            "{file} enters in this step and is not printed; add \
             {{{{#module {file}}}}}"
        );
        Fault::new(step.chapter(), 0, what)
    });
    faults.collect()
}

fn length(
    project: &Project,
    step: &Step,
    changes: &[FileChange],
) -> Option<Fault> {
    let changed: usize = changes
        .iter()
        .map(|change| change.added().len() + change.removed().len())
        .sum();
    let what = match &step.long_diff {
        None if changed > MAX_CHANGED => format!(
            "step {:02} changes {changed} lines, more than {MAX_CHANGED}; \
             change less, or say why in `long_diff`",
            step.number
        ),
        Some(_) if changed <= MAX_CHANGED => format!(
            "step {:02} changes {changed} lines, not more than \
             {MAX_CHANGED}; remove its `long_diff`",
            step.number
        ),
        _ => return None,
    };
    let line = line_in_list(project, step.number);
    Some(Fault::new("steps/steps.toml", line, what))
}

/// The changed lines of a file that the chapter does not show: a fault for
/// each run of them.
fn lines(step: &Step, change: &FileChange, shown: &Shown) -> Vec<Fault> {
    let number = step.number;
    let mut faults = Vec::new();
    let added = change.added();
    for (first, count) in
        hidden(&change.new_path, &change.new_text, &added, &shown.new)
    {
        let what = format!(
            "{} new in step {number:02} and not shown in its chapter; add \
             {{{{#code {number:02} …}}}} or {{{{#diff {number:02}}}}}",
            counted(count)
        );
        faults.extend(fault(&change.new_path, first, what));
    }
    let removed = change.removed();
    for (first, count) in
        hidden(&change.old_path, &change.old_text, &removed, &shown.old)
    {
        let what = format!(
            "{} gone in step {number:02} and not shown in its chapter; add \
             {{{{#diff {number:02}}}}}",
            counted(count)
        );
        faults.extend(fault(&change.old_path, first, what));
    }
    faults
}

fn counted(lines: usize) -> String {
    match lines {
        1 => "1 line is".to_string(),
        lines => format!("{lines} lines are"),
    }
}

fn fault(path: &Option<PathBuf>, line: usize, what: String) -> Option<Fault> {
    path.as_ref().map(|path| Fault::new(path, line, what))
}

/// Runs of changed lines that are not shown: the first line and how many.
/// Empty lines say nothing and need not be shown.
fn hidden(
    path: &Option<PathBuf>,
    text: &str,
    changed: &BTreeSet<usize>,
    shown: &BTreeMap<PathBuf, BTreeSet<usize>>,
) -> Vec<(usize, usize)> {
    let shown = path.as_ref().and_then(|path| shown.get(path));
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let is_shown = shown.is_some_and(|shown| shown.contains(&number));
        if !changed.contains(&number) || is_shown || line.trim().is_empty() {
            continue;
        }
        match runs.last_mut() {
            Some((first, count)) if *first + *count == number => *count += 1,
            _ => runs.push((number, 1)),
        }
    }
    runs
}
