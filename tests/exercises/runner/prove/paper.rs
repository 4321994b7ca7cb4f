//! What can be said of an exercise without running it.

use std::path::Path;

use super::Findings;
use crate::catalogue::Exercise;
use crate::checks::{self, Table};
use crate::compile::Project;
use crate::master::{self, Programs};
use crate::wrong::{self, Verdict, WrongAnswer};
use crate::{task, text};

/// An exercise with all its parts.
pub struct Proven<'a> {
    /// What steps.toml says.
    pub exercise: &'a Exercise,
    /// Its checks.
    pub table: &'static Table,
    /// What students might hand in.
    pub wrong: Vec<WrongAnswer>,
    /// Its solution and starter.
    pub programs: Programs,
}

/// Reads all parts of an exercise and checks that none is missing.
///
/// # Errors
/// All that is missing.
pub fn check<'a>(
    project: &Project,
    exercise: &'a Exercise,
    in_ci: bool,
    findings: &mut Findings,
) -> Result<Proven<'a>, Vec<String>> {
    let id = &exercise.id;
    let mut faults = Vec::new();
    if let Err(reason) = text(project, exercise) {
        faults.push(reason);
    }
    let Some(table) = checks::table(id) else {
        faults.push(format!("{id}: has no checks in tests/exercises/checks"));
        return Err(faults);
    };
    let programs = match programs(project, exercise) {
        Ok(programs) => programs,
        Err(reason) => {
            faults.push(reason);
            return Err(faults);
        }
    };
    if !programs.starter.contains("TODO") {
        faults.push(format!("{id}: the starter has no TODO"));
    }
    let wrong = wrong::read(&exercise.wrong(&project.root));
    let wrong = wrong.unwrap_or_else(|reason| {
        faults.push(reason);
        Vec::new()
    });
    faults.extend(answers(table, &wrong, &programs.solution));
    faults.extend(check_table(project, exercise, table));

    // On a student's machine the file is the student's.
    let file = exercise.file(&project.root);
    let same = text::is(&file, &programs.starter);
    if !same {
        let file = exercise.file(Path::new(""));
        let file = file.display();
        if in_ci {
            faults.push(format!(
                "{file}: is not the starter of {id}; to mend: cargo ex sync"
            ));
        } else {
            findings.skipped.push(format!(
                "{file} against its starter: somebody has worked on it; to \
                 enable: cargo ex reset {id}, or cargo ex sync"
            ));
        }
    }
    if faults.is_empty() {
        Ok(Proven { exercise, table, wrong, programs })
    } else {
        Err(faults)
    }
}

fn text(project: &Project, exercise: &Exercise) -> Result<(), String> {
    let path = exercise.text(&project.root);
    task::read(&path)?;
    let text = text::read(&path)?;
    let title = format!("# {}", exercise.title);
    if text.lines().next() != Some(title.as_str()) {
        return Err(format!(
            "{}: the title is not that of steps.toml: {title}",
            path.display()
        ));
    }
    Ok(())
}

fn programs(
    project: &Project,
    exercise: &Exercise,
) -> Result<Programs, String> {
    let path = exercise.master(&project.root);
    let text = text::read(&path)?;
    master::split(&text)
        .map_err(|reason| format!("{}: {reason}", path.display()))
}

/// Each answer changes one place, and each check has an answer.
fn answers(
    table: &Table,
    wrong: &[WrongAnswer],
    solution: &str,
) -> Vec<String> {
    let id = table.id;
    let mut faults = Vec::new();
    for answer in wrong {
        let count = solution.matches(&answer.find).count();
        if count != 1 {
            faults.push(format!(
                "{id} answer \"{}\": what it replaces occurs {count} times",
                answer.name
            ));
        }
        if let Verdict::Fails(name, hears) = &answer.verdict
            && (hears.is_empty()
                || !table.checks.iter().any(|check| check.name == *name))
        {
            faults.push(format!(
                "{id} answer \"{}\": names no check, or no words",
                answer.name
            ));
        }
    }
    for check in table.checks {
        let is_hit = wrong.iter().any(|answer| {
            let verdict = &answer.verdict;
            matches!(verdict, Verdict::Fails(name, _) if name == check.name)
        });
        if !is_hit {
            faults.push(format!(
                "{id}, {}: no wrong answer shows that it bites",
                check.name
            ));
        }
    }
    faults
}

/// Each check is worth something, needs only earlier ones, and sends the
/// student to a heading that the chapter has.
fn check_table(
    project: &Project,
    exercise: &Exercise,
    table: &Table,
) -> Vec<String> {
    let id = table.id;
    let mut faults = Vec::new();
    let chapter =
        project.root.join(format!("book/src/{}.md", exercise.directory));
    let chapter = text::read(&chapter).ok();
    for (index, check) in table.checks.iter().enumerate() {
        let name = check.name;
        let earlier = &table.checks[..index];
        for need in check.needs {
            if !earlier.iter().any(|other| other.name == *need) {
                faults.push(format!("{id}, {name}: needs no earlier {need}"));
            }
        }
        if earlier.iter().any(|other| other.name == name) {
            faults.push(format!("{id}: two checks are named {name}"));
        }
        if check.points == 0 {
            faults.push(format!("{id}, {name}: is worth nothing"));
        }
        if let Some(chapter) = &chapter
            && !has_heading(chapter, check.read)
        {
            faults.push(format!(
                "{id}, {name}: chapter {} has no heading \"{}\"",
                exercise.directory, check.read
            ));
        }
    }
    faults
}

fn has_heading(chapter: &str, heading: &str) -> bool {
    let mut headings = chapter.lines().filter(|line| line.starts_with('#'));
    headings.any(|line| line.trim_start_matches('#').trim() == heading)
}
