//! What can be said of an exercise without running it.

use std::path::Path;

use super::Finding;
use crate::catalogue::Exercise;
use crate::checks::{self, Table};
use crate::compile::Project;
use crate::master::{self, Programs};
use crate::text;
use crate::wrong::{self, WrongAnswer};

/// An exercise with all its parts.
pub struct Proven<'a> {
    pub exercise: &'a Exercise,
    pub table: &'static Table,
    /// What students might hand in.
    pub wrong: Vec<WrongAnswer>,
    pub programs: Programs,
}

/// Reads all parts of an exercise, and finds what is missing in them.
pub fn check<'a>(
    project: &Project,
    exercise: &'a Exercise,
    in_ci: bool,
    findings: &mut Vec<Finding>,
) -> Result<Proven<'a>, String> {
    let (id, root) = (&exercise.id, &project.root);
    let task = exercise.task(root)?;
    let programs = master::read(&exercise.master(root))?;
    let wrong = wrong::read(&exercise.wrong(root), &programs.solution)?;
    let table = checks::table(id).ok_or_else(|| {
        format!("{id}: has no checks in tests/exercises/checks")
    })?;
    // Without a chapter yet, nothing is said about its headings.
    let chapter = root.join(format!("book/src/{}.md", exercise.directory));
    let chapter = text::read(&chapter).ok();

    let mut faults = Vec::new();
    if task.title != exercise.title {
        let title = &exercise.title;
        faults.push(format!("the text's title is not steps.toml's: {title}"));
    }
    if !programs.starter.contains("TODO") {
        faults.push("the starter has no TODO".to_string());
    }
    check_answers(table, &wrong, &programs.solution, &mut faults);
    check_table(table, chapter.as_deref(), &mut faults);
    if !text::is(&exercise.file(root), &programs.starter) {
        let file = exercise.file(Path::new(""));
        let file = file.display();
        if in_ci {
            faults.push(format!(
                "{file} is not its starter; to mend: cargo ex sync"
            ));
        } else {
            // On a student's machine the file is the student's.
            findings.push(Finding::Skipped(format!(
                "{file} against its starter: somebody has worked on it; to \
                 enable: cargo ex reset {id}, or cargo ex sync"
            )));
        }
    }
    let faults = faults.iter().map(|fault| format!("{id}: {fault}"));
    findings.extend(faults.map(Finding::Fault));
    Ok(Proven { exercise, table, wrong, programs })
}

/// Each answer changes one place, and each check has an answer.
fn check_answers(
    table: &Table,
    wrong: &[WrongAnswer],
    solution: &str,
    faults: &mut Vec<String>,
) {
    for WrongAnswer { name, find, fails, .. } in wrong {
        let count = solution.matches(find).count();
        if count != 1 {
            faults.push(format!(
                "answer \"{name}\": what it replaces occurs {count} times"
            ));
        }
        if let Some((check, hears)) = fails
            && (hears.is_empty()
                || !table.checks.iter().any(|one| one.name == *check))
        {
            faults.push(format!(
                "answer \"{name}\": names no check, or no words"
            ));
        }
    }
    for check in table.checks {
        let name = check.name;
        let mut hit = wrong.iter().filter_map(|answer| answer.fails.as_ref());
        if !hit.any(|(check, _)| check == name) {
            faults.push(format!("{name}: no wrong answer shows that it bites"));
        }
    }
}

/// Each check is worth something, needs only earlier ones, and sends the
/// student to a heading that the chapter has.
fn check_table(table: &Table, chapter: Option<&str>, faults: &mut Vec<String>) {
    for (index, check) in table.checks.iter().enumerate() {
        let (name, read) = (check.name, check.read);
        let is_earlier = |name: &str| {
            table.checks[..index].iter().any(|other| other.name == name)
        };
        for need in check.needs.iter().filter(|need| !is_earlier(need)) {
            faults.push(format!("{name}: needs no earlier {need}"));
        }
        if is_earlier(name) {
            faults.push(format!("two checks are named {name}"));
        }
        if check.points == 0 {
            faults.push(format!("{name}: is worth nothing"));
        }
        if chapter.is_some_and(|chapter| !has_heading(chapter, read)) {
            faults.push(format!("{name}: no heading is \"{read}\""));
        }
    }
}

fn has_heading(chapter: &str, heading: &str) -> bool {
    let mut headings = chapter.lines().filter(|line| line.starts_with('#'));
    headings.any(|line| line.trim_start_matches('#').trim() == heading)
}
