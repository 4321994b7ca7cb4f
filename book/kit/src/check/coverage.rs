//! Promise 2: every line that changes between two steps is shown in the
//! chapter of the later one. And no step changes too much at once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use similar::ChangeTag;

use super::line_in_list;
use crate::chapter::{Directive, Piece, pieces};
use crate::compare::{Change, Comparison};
use crate::items::Kind;
use crate::sizes::{MAX_CHANGED, Sizes, max_new_code};
use crate::{Fault, Project, Result, Step, listing};

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
        faults.extend(sizes(project, step)?);
        let comparison = Comparison::of(project, step)?;
        for change in comparison.changes.iter().chain(&comparison.grown) {
            // The first step, and a fresh one, changes nothing.
            if step.base().is_some() {
                faults.extend(hidden(step, change, &shown));
            }
        }
    }
    Ok(faults)
}

/// What a chapter shows.
#[derive(Default)]
struct Shown {
    lines: BTreeMap<PathBuf, BTreeSet<usize>>,
    modules: BTreeSet<PathBuf>,
    /// The whole diff.
    diff: bool,
    /// The items whose diffs are shown.
    items: Vec<String>,
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
                        let lines = shown.lines.entry(found.file).or_default();
                        lines.extend(found.lines);
                    }
                }
                Directive::Module { file, .. } => {
                    if let Ok(text) = project.read(&file) {
                        let lines = shown.lines.entry(file.clone());
                        lines.or_default().extend(1..=text.lines().count());
                        shown.modules.insert(file);
                    }
                }
                Directive::Diff { step: number, item }
                    if number == step.number =>
                {
                    shown.diff |= item.is_none();
                    shown.items.extend(item);
                }
                _ => {}
            }
        }
        Ok(shown)
    }

    fn diff_of(&self, change: &Change) -> bool {
        self.diff || self.items.iter().any(|item| change.is_called(item))
    }

    fn line(&self, file: &Path, line: usize) -> bool {
        self.lines.get(file).is_some_and(|lines| lines.contains(&line))
    }
}

/// The modules that enter here and are not printed.
fn modules(step: &Step, shown: &Shown) -> Vec<Fault> {
    let missing = step.files().filter(|file| !shown.modules.contains(file));
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

/// What is too long in a step, or said to be and is not.
fn sizes(project: &Project, step: &Step) -> Result<Vec<Fault>> {
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

/// The lines of an item that are new or gone and not shown: a fault for each
/// run of them.
fn hidden(step: &Step, change: &Change, shown: &Shown) -> Vec<Fault> {
    let number = step.number;
    let (old, new) = (change.old.as_ref(), change.new.as_ref());
    // A module is shown whole, where it enters.
    let enters = new.is_some_and(|new| {
        step.modules.iter().any(|it| new.path.ends_with(it))
    });
    // An import that is gone says nothing that its item does not.
    let left =
        new.is_none() && old.is_some_and(|it| it.item.kind == Kind::File);
    if shown.diff_of(change) || enters || left {
        return Vec::new();
    }
    let mut faults = Vec::new();
    let mut fault = |piece: Option<&crate::compare::Piece>, tag, what: &str| {
        let Some(piece) = piece else { return };
        let lines = change.rows(tag).map(|row| row.line);
        let lines = lines.filter(|&line| {
            tag == ChangeTag::Delete || !shown.line(&piece.path, line)
        });
        let lines: Vec<usize> = lines.collect();
        for run in lines.chunk_by(|a, b| a + 1 == *b) {
            let count = match run.len() {
                1 => "1 line is".to_string(),
                lines => format!("{lines} lines are"),
            };
            let what = format!(
                "{count} {what} in step {number:02} and not shown in its \
                 chapter; add {{{{#diff {number:02}}}}}"
            );
            faults.push(Fault::new(&piece.path, run[0], what));
        }
    };
    fault(new, ChangeTag::Insert, "new");
    fault(old, ChangeTag::Delete, "gone");
    faults
}
