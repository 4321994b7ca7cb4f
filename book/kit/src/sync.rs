//! Files that are written, in part, from `steps/steps.toml`: the targets in
//! each package's `Cargo.toml`, the book's summary, the table in the README.
//!
//! Each has its generated lines between two marks and is otherwise written by
//! hand.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::{Fault, Project, Result, Step, exercise, pattern};

/// Writes the files that are out of date; returns them.
pub fn write(project: &Project) -> Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    for (file, old, new) in generated(project)? {
        if old != new {
            fs::write(project.root.join(&file), new)
                .with_context(|| format!("cannot write {}", file.display()))?;
            written.push(file);
        }
    }
    Ok(written)
}

/// A fault for each file that is out of date.
pub fn stale(project: &Project) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    for (file, old, new) in generated(project)? {
        if old == new {
            continue;
        }
        let (old, new) = (old.lines(), new.lines());
        let same = old.zip(new).take_while(|(old, new)| old == new).count();
        faults.push(Fault::new(
            file,
            same + 1,
            "differs from steps/steps.toml; mend it with `cargo book sync`",
        ));
    }
    Ok(faults)
}

/// A file, what it holds and what it should hold.
type Generated = (PathBuf, String, String);

fn generated(project: &Project) -> Result<Vec<Generated>> {
    let html = ["<!-- steps: begin", "<!-- steps: end"];
    let mut files = vec![
        replaced(project, "book/src/SUMMARY.md", html, summary(project))?,
        replaced(project, "README.md", html, table(project))?,
    ];
    for package in project.packages() {
        let file = package.join("Cargo.toml");
        let marks = ["# sync: begin", "# sync: end"];
        let targets = targets(project, package);
        let (file, old, new) = replaced(project, file, marks, targets)?;
        files.push((file, old, default_run(project, package, &new)));
    }
    Ok(files)
}

fn replaced(
    project: &Project,
    file: impl Into<PathBuf>,
    marks: [&str; 2],
    lines: String,
) -> Result<Generated> {
    let file = file.into();
    let old = project.read(&file)?;
    let [begin, end] = marks;
    let new = between(&old, marks, &lines).with_context(|| {
        format!("{} lacks `{begin}`, `{end}`", file.display())
    })?;
    Ok((file, old, new))
}

/// The text with other lines between the two that begin with the marks.
fn between(text: &str, [begin, end]: [&str; 2], lines: &str) -> Option<String> {
    let first = text.find(&format!("\n{begin}"))? + 1;
    let from = first + text[first..].find('\n')?;
    let to = from + text[from..].find(&format!("\n{end}"))?;
    Some(format!("{}\n{lines}{}", &text[..from], &text[to + 1..]))
}

/// Cargo's targets of a package: a program for each step, an example for each
/// exercise.
fn targets(project: &Project, package: &Path) -> String {
    let up = "../".repeat(package.components().count());
    let mut targets = Vec::new();
    let mut target = |kind: &str, name: &str, file: &Path| {
        let file = file.display();
        targets.push(format!(
            "[[{kind}]]\nname = \"{name}\"\npath = \"{up}{file}\"\n"
        ));
    };
    let steps = project.steps.iter().filter(|step| step.package == package);
    for step in steps.clone() {
        target("bin", &step.program(), &step.folder().join("main.rs"));
    }
    for step in steps {
        for exercise in &step.exercises {
            let text = exercise::text_file(step, exercise);
            let file = text.with_extension("rs");
            // Cargo does nothing at all in a package that names a file which
            // is not there; the book's check says that it is missing.
            if project.root.join(&file).is_file() {
                target("example", &exercise.id, &file);
            }
        }
    }
    targets.join("\n")
}

/// `cargo run` alone runs the last step that is finished: the manifest of its
/// package says so, and no other.
fn default_run(project: &Project, package: &Path, manifest: &str) -> String {
    let line = pattern("(?m)^default-run = .*\n");
    let without = line.replace(manifest, "");
    let last = project.finished().next_back();
    let Some(last) = last.filter(|last| last.package == package) else {
        return without.into_owned();
    };
    let next = "autobins = false\n";
    let line = format!("default-run = \"{}\"\n{next}", last.program());
    without.replacen(next, &line, 1)
}

/// The chapters that are written so far.
fn summary(project: &Project) -> String {
    let lines = project.written().map(|step| {
        let (number, title, file) = (step.number, &step.title, step.name());
        format!("- [{number:02} {title}]({file}.md)\n")
    });
    format!("\n{}\n", lines.collect::<String>())
}

/// The README's table of steps.
fn table(project: &Project) -> String {
    let lines = project.written().map(|step| {
        let Step { title, idea, .. } = step;
        let chapter = step.chapter();
        let chapter = chapter.display();
        format!("| `{}` | [{title}]({chapter}) | {idea} |\n", step.program())
    });
    let lines: String = lines.collect();
    format!("\n| step | chapter | what it is about |\n|---|---|---|\n{lines}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_is_replaced() {
        let marks = ["# begin", "# end"];
        let text = "a\n# begin\nold\n# end\nb\n";
        let new = between(text, marks, "x\ny\n");
        assert_eq!(new.as_deref(), Some("a\n# begin\nx\ny\n# end\nb\n"));
        assert_eq!(between("a\n# begin\n", marks, ""), None);
        assert_eq!(between("# end\n# begin\n", marks, ""), None);
    }
}
