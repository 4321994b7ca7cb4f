//! Files that are written, in part, from `steps/steps.toml`: the targets in
//! `Cargo.toml`, the book's summary, the table in the README.
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
            fs::write(project.root.join(file), new)
                .with_context(|| format!("cannot write {file}"))?;
            written.push(file.into());
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

/// The files, what each holds and what it should hold.
fn generated(project: &Project) -> Result<Vec<(&'static str, String, String)>> {
    let html = ["<!-- steps: begin", "<!-- steps: end"];
    let files = [
        ("Cargo.toml", ["# sync: begin", "# sync: end"], targets(project)),
        ("book/src/SUMMARY.md", html, summary(project)),
        ("README.md", html, table(project)),
    ];
    let mut generated = Vec::new();
    for (file, marks, lines) in files {
        let old = project.read(file)?;
        let mut new = between(&old, marks, &lines).with_context(|| {
            format!("{file} lacks `{}`, `{}`", marks[0], marks[1])
        })?;
        if file == "Cargo.toml" {
            new = default_run(project, &new);
        }
        generated.push((file, old, new));
    }
    Ok(generated)
}

/// The text with other lines between the two that begin with the marks.
fn between(text: &str, [begin, end]: [&str; 2], lines: &str) -> Option<String> {
    let first = text.find(&format!("\n{begin}"))? + 1;
    let from = first + text[first..].find('\n')?;
    let to = from + text[from..].find(&format!("\n{end}"))?;
    Some(format!("{}\n{lines}{}", &text[..from], &text[to + 1..]))
}

/// Cargo's targets: a program for each step, an example for each exercise.
fn targets(project: &Project) -> String {
    let mut targets = Vec::new();
    let mut target = |kind: &str, name: &str, file: &Path| {
        let file = file.display();
        targets.push(format!(
            "[[{kind}]]\nname = \"{name}\"\npath = \"{file}\"\n"
        ));
    };
    for step in &project.steps {
        target("bin", &step.program(), &step.folder().join("main.rs"));
    }
    for step in &project.steps {
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

/// `cargo run` alone runs the highest step.
fn default_run(project: &Project, text: &str) -> String {
    let last = project.steps.last().map(Step::program).unwrap_or_default();
    let line = pattern("(?m)^default-run = .*$");
    line.replace(text, format!("default-run = \"{last}\"")).into_owned()
}

/// The chapters that are written so far.
fn summary(project: &Project) -> String {
    let written = |it: &&Step| project.root.join(it.chapter()).is_file();
    let steps = project.steps.iter().filter(written);
    let lines = steps.map(|step| {
        let (number, title, file) = (step.number, &step.title, step.name());
        format!("- [{number:02} {title}]({file}.md)\n")
    });
    format!("\n{}\n", lines.collect::<String>())
}

/// The README's table of steps.
fn table(project: &Project) -> String {
    let lines = project.steps.iter().map(|step| {
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
