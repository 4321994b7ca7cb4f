//! What can be said of an exercise without running it.

use std::fs;
use std::path::Path;

use super::Findings;
use crate::catalogue::Exercise;
use crate::checks::{self, Table, Verdict};
use crate::compile::Project;
use crate::master::{self, Programs};
use crate::task;

/// An exercise with all its parts.
pub struct Proven<'a> {
    /// What steps.toml says.
    pub exercise: &'a Exercise,
    /// Its checks and answers.
    pub table: &'static Table,
    /// Its solution and starter.
    pub programs: Programs,
}

/// The names of the steps' programs.
///
/// # Errors
/// When the folder of the steps cannot be read.
pub fn steps(project: &Project) -> Result<Vec<String>, String> {
    let folder = project.root.join("steps");
    let entries = fs::read_dir(&folder).map_err(|error| {
        format!("cannot read {}: {error}", folder.display())
    })?;
    let names = entries.flatten().filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let (number, _) = name.split_once('-')?;
        number.parse::<u32>().ok()?;
        entry.path().join("main.rs").exists().then_some(())?;
        Some(format!("step{number}"))
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    Ok(names)
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
    faults.extend(answers(table, &programs.solution));
    faults.extend(check_table(project, exercise, table));

    // On a student's machine the file is the student's.
    let file = exercise.file(&project.root);
    let same =
        fs::read_to_string(&file).is_ok_and(|text| text == programs.starter);
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
        Ok(Proven { exercise, table, programs })
    } else {
        Err(faults)
    }
}

fn text(project: &Project, exercise: &Exercise) -> Result<(), String> {
    let path = exercise.text(&project.root);
    task::read(&path)?;
    let text = fs::read_to_string(&path).unwrap_or_default();
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
    let text = fs::read_to_string(&path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    master::split(&text)
        .map_err(|reason| format!("{}: {reason}", path.display()))
}

/// Each answer changes one place, and each check has an answer.
fn answers(table: &Table, solution: &str) -> Vec<String> {
    let id = table.id;
    let mut faults = Vec::new();
    for answer in table.answers {
        let count = solution.matches(answer.find).count();
        if count != 1 {
            faults.push(format!(
                "{id} answer \"{}\": what it replaces occurs {count} times",
                answer.name
            ));
        }
        if let Verdict::Fails(name, hears) = answer.verdict
            && (hears.is_empty()
                || !table.checks.iter().any(|check| check.name == name))
        {
            faults.push(format!(
                "{id} answer \"{}\": names no check, or no words",
                answer.name
            ));
        }
    }
    for check in table.checks {
        let is_hit = table.answers.iter().any(|answer| {
            let verdict = &answer.verdict;
            matches!(verdict, Verdict::Fails(name, _) if *name == check.name)
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
    let chapter = project.root.join(format!("book/src/{}.md", exercise.folder));
    let chapter = fs::read_to_string(chapter).ok();
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
                exercise.folder, check.read
            ));
        }
    }
    faults
}

fn has_heading(chapter: &str, heading: &str) -> bool {
    let mut headings = chapter.lines().filter(|line| line.starts_with('#'));
    headings.any(|line| line.trim_start_matches('#').trim() == heading)
}
