//! The text of an exercise, `ex_a.md`: the one place for its task, its hints
//! and its grading, which the book prints, too.

use std::path::Path;

use crate::text;

/// The parts of an exercise's text.
#[derive(Debug)]
pub struct Task {
    /// What is to be done.
    pub task: String,
    /// From where to look to nearly the code.
    pub hints: Vec<String>,
}

/// Reads the file at `path`.
///
/// # Errors
/// When it cannot be read, or when a part is missing or empty.
pub fn read(path: &Path) -> Result<Task, String> {
    parse(&text::read(path)?)
        .map_err(|reason| format!("{}: {reason}", path.display()))
}

fn parse(text: &str) -> Result<Task, String> {
    let (head, rest) = text.split_once("\n## Starter\n").ok_or("no Starter")?;
    let (starter, rest) = rest.split_once("\n## Hints\n").ok_or("no Hints")?;
    let (hints, graded) =
        rest.split_once("\n## Graded\n").ok_or("no Graded")?;
    let (title, task) = head.split_once('\n').ok_or("no task")?;
    if !title.starts_with("# ") {
        return Err("the first line is no title".to_string());
    }
    for (name, part) in
        [("task", task), ("Starter", starter), ("Graded", graded)]
    {
        if part.trim().is_empty() {
            return Err(format!("{name} is empty"));
        }
    }
    let mut levels = Vec::new();
    for level in 1..=3 {
        let here = format!("### {level}\n");
        let next = format!("### {}\n", level + 1);
        let (_, rest) = hints
            .split_once(&here)
            .ok_or_else(|| format!("no hint {level}"))?;
        let hint = rest.split_once(&next).map_or(rest, |(hint, _)| hint);
        if hint.trim().is_empty() {
            return Err(format!("hint {level} is empty"));
        }
        levels.push(hint.trim().to_string());
    }
    Ok(Task { task: task.trim().to_string(), hints: levels })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Two doors\n\nDo it.\n\n## Starter\n\nDoes half.\n\n\
        ## Hints\n\n### 1\n\nLook.\n\n### 2\n\nUse.\n\n### 3\n\n    code\n\n\
        ## Graded\n\nBy looking.\n";

    #[test]
    fn the_parts_are_found() {
        let task = parse(TEXT).ok();
        let Some(task) = task else { panic!("not parsed") };
        assert_eq!(task.task, "Do it.");
        assert_eq!(task.hints, ["Look.", "Use.", "code"]);
    }

    #[test]
    fn a_missing_part_is_named() {
        for (without, word) in [
            ("### 2\n\nUse.\n", "no hint 2"),
            ("Use.", "hint 2 is empty"),
            ("## Graded\n", "no Graded"),
            ("Do it.", "task is empty"),
        ] {
            let refusal = parse(&TEXT.replace(without, "")).err();
            assert_eq!(refusal.as_deref(), Some(word));
        }
    }
}
