//! The text of an exercise, `ex_a.md`: the one place for its task, its hints
//! and its grading, for the runner as for the book.

/// The parts of an exercise's text, as Markdown.
#[derive(Debug)]
#[allow(dead_code, reason = "the book prints all of it")]
pub struct Task {
    /// As in steps.toml.
    pub title: String,
    /// What is to be done.
    pub task: String,
    /// What the student finds.
    pub starter: String,
    /// From where to look to nearly the code.
    pub hints: [String; 3],
    /// How it is graded.
    pub graded: String,
}

/// Reads the text, of which no part may be missing or empty.
pub fn parse(text: &str) -> Result<Task, String> {
    let titled = text.strip_prefix("# ").and_then(|it| it.split_once('\n'));
    let (title, mut rest) = titled.ok_or("the first line is no title")?;
    let title = title.to_string();
    let mut before = |heading: &str| {
        let cut = rest.split_once(&format!("\n{heading}\n"));
        let (part, after) = cut.ok_or_else(|| format!("no `{heading}`"))?;
        rest = after;
        Ok::<&str, String>(part)
    };
    let task = filled("task", before("## Starter")?)?;
    let starter = filled("Starter", before("## Hints")?)?;
    before("### 1")?;
    let hints = [
        filled("hint 1", before("### 2")?)?,
        filled("hint 2", before("### 3")?)?,
        filled("hint 3", before("## Graded")?)?,
    ];
    let graded = filled("Graded", rest)?;
    Ok(Task { title, task, starter, hints, graded })
}

fn filled(name: &str, part: &str) -> Result<String, String> {
    match part.trim() {
        "" => Err(format!("{name} is empty")),
        part => Ok(part.to_string()),
    }
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
        assert_eq!(task.title, "Two doors");
        let parts = [task.task, task.starter, task.graded];
        assert_eq!(parts, ["Do it.", "Does half.", "By looking."]);
        assert_eq!(task.hints, ["Look.", "Use.", "code"]);
    }

    #[test]
    fn a_missing_part_is_named() {
        for (without, word) in [
            ("### 2\n\nUse.\n", "no `### 2`"),
            ("Use.", "hint 2 is empty"),
            ("## Graded\n", "no `## Graded`"),
            ("Do it.", "task is empty"),
        ] {
            let refusal = parse(&TEXT.replace(without, "")).err();
            assert_eq!(refusal.as_deref(), Some(word));
        }
    }
}
