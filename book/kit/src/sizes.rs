//! `cargo book sizes`: how much a reader must read. Counted are lines of
//! code, without comments and blanks.

use std::collections::HashMap;
use std::fmt::Write;

use similar::ChangeTag;

use crate::check::line_in_list;
use crate::compare::{Change, Comparison};
use crate::pair::{is_code, take};
use crate::{Fault, Project, Result, Step};

/// How many lines may change from one step to the next.
const MAX_CHANGED: usize = 120;

/// Lines of new code that are read in a minute.
const LINES_A_MINUTE: usize = 10;

/// What `cargo book sizes --help` says.
pub const HELP: &str = "\
Prints how long each step is.

Usage: cargo book sizes

  main     lines of main.rs, with comments and blanks (at most 250)
  changed  lines of the step that are not in the step before (at most 120, but
           where steps.toml gives a `long_diff`): items are matched first, a
           changed line counts once, moved and removed ones not at all; of a
           fresh program, every line
  shared   lines that enter shared/ with the step and were not in the step
           before
  new      changed and shared together: what the chapter has to explain (at
           most 610; 06: 710; 16: 650; 20: 1750; 21: 2880; 22: 900;
           23: 2500; 24: 1550; 25: 2100; 26: 1450; 27: 2450)
  needs    minutes to read that: 10 new lines a minute
  minutes  what steps.toml claims (not less than `needs`)

But for `main`, lines are lines of code: without comments and blanks.
";

/// The lengths of one step.
#[derive(Debug)]
pub struct Sizes {
    /// Lines of main.rs, with comments and blanks.
    pub main: usize,
    /// Lines of the step that are not in the step before.
    pub changed: usize,
    /// Lines that are new in `shared/`.
    pub shared: usize,
}

impl Sizes {
    /// Of a step against its base.
    pub fn of(project: &Project, step: &Step) -> Result<Self> {
        let comparison = Comparison::of(project, step)?;
        let files: Vec<_> = step.files().collect();
        let enters =
            |change: &&Change| files.iter().any(|it| it == change.path());
        let entering = comparison.changes.iter().filter(enters);
        let main = project.read(step.folder().join("main.rs"))?;
        Ok(Sizes {
            main: main.lines().count(),
            changed: changed(&comparison),
            shared: entering.chain(&comparison.grown).map(new_lines).sum(),
        })
    }

    /// What the chapter has to explain.
    pub fn new_code(&self) -> usize {
        self.changed + self.shared
    }

    /// The minutes that this takes.
    pub fn minutes(&self) -> u32 {
        let minutes = self.new_code().div_ceil(LINES_A_MINUTE);
        u32::try_from(minutes).unwrap_or(u32::MAX)
    }
}

/// How much new code the chapter of a step may have.
fn max_new_code(step: u8) -> usize {
    match step {
        6 => 710,
        16 => 650,
        20 => 1750,
        21 => 2880,
        22 => 900,
        23 => 2500,
        24 => 1550,
        25 => 2100,
        26 => 1450,
        27 => 2450,
        _ => 610,
    }
}

/// The lines of the later step that are not in the earlier one.
pub fn changed(comparison: &Comparison) -> usize {
    let mut left: HashMap<&str, usize> = HashMap::new();
    for change in &comparison.changes {
        for row in change.rows(ChangeTag::Delete) {
            *left.entry(row.text.trim()).or_default() += 1;
        }
    }
    let own = comparison.changes.iter().filter(|change| !change.enters());
    let rows = own.flat_map(|change| change.rows(ChangeTag::Insert));
    // A closing brace is everywhere: it has not moved.
    let mut is_moved = |line: &str| {
        line.contains(char::is_alphanumeric) && take(&mut left, line)
    };
    rows.filter(|row| is_code(&row.text) && !is_moved(row.text.trim())).count()
}

fn new_lines(change: &Change) -> usize {
    change.rows(ChangeTag::Insert).filter(|row| is_code(&row.text)).count()
}

/// The table of all steps.
pub fn table(project: &Project) -> Result<String> {
    let mut table = String::from(
        "step              main  changed  shared  new  needs  minutes\n",
    );
    for step in &project.steps {
        let sizes = Sizes::of(project, step)?;
        let _ = writeln!(
            table,
            "{:<16} {:>5} {:>8} {:>7} {:>4} {:>6} {:>8}",
            step.name(),
            sizes.main,
            sizes.changed,
            sizes.shared,
            sizes.new_code(),
            sizes.minutes(),
            step.minutes,
        );
    }
    Ok(table)
}

/// What is too long in the steps, or said to be and is not.
pub fn check(project: &Project) -> Vec<Fault> {
    let steps = project.steps.iter();
    // That there is none is said elsewhere.
    let steps = steps.filter(|step| project.root.join(step.folder()).is_dir());
    steps.flat_map(|step| too_long(project, step)).collect()
}

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
