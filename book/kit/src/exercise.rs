//! `{{#exercises NN}}`: a card for each exercise, and a page for its text.
//!
//! The text is the exercise's own file, `steps/NN-slug/ex_a.md`: the page
//! adds what steps.toml knows, and folds the hints.

use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::html::{block, escape};
use crate::page::Page;
use crate::{Exercise, Project, Result, Step, pattern};

/// The exercise's text, from the root.
pub fn text_file(step: &Step, exercise: &Exercise) -> PathBuf {
    let letter = exercise.id.trim_start_matches(|it: char| it.is_numeric());
    step.folder().join(format!("ex_{letter}.md"))
}

/// The exercises whose text exists: the list of steps may be ahead of it.
/// That one is missing is for `cargo book check` to say.
pub fn written<'a>(
    project: &'a Project,
    step: &'a Step,
) -> impl Iterator<Item = &'a Exercise> {
    let file = move |it: &Exercise| project.root.join(text_file(step, it));
    step.exercises.iter().filter(move |it| file(it).is_file())
}

/// The address of the exercise's page.
pub fn address(exercise: &Exercise) -> String {
    format!("ex/{}.html", exercise.id)
}

/// The cards of a step's exercises.
///
/// # Errors
/// When the step has none, or the text of one is missing.
pub fn cards(page: &Page, number: u8) -> Result<String> {
    let step = page.project.step(number)?;
    if step.exercises.is_empty() {
        bail!("step {number:02} has no exercises in steps/steps.toml");
    }
    let mut cards = String::from("<ul class=\"exercises\">\n");
    for exercise in written(page.project, step) {
        let task = Text::read(page.project, step, exercise)?.task;
        cards.push_str(&format!(
            "<li class=\"exercise\">\n<a href=\"{}\"><span class=\"id\">{}\
             </span> {}</a>\n<span class=\"effort\">{}</span>\n<p>{}</p>\n\
             <code>cargo ex {}</code>\n</li>\n",
            page.link(&address(exercise)),
            exercise.id,
            escape(&exercise.title),
            effort(exercise),
            first_sentence(&task),
            exercise.id,
        ));
    }
    cards.push_str("</ul>");
    Ok(cards)
}

/// `★★☆ · about 25 minutes`, with the stars in words for who cannot see.
fn effort(exercise: &Exercise) -> String {
    let stars = usize::from(exercise.stars);
    let (full, empty) = ("★".repeat(stars), "☆".repeat(3 - stars.min(3)));
    format!(
        "<span role=\"img\" aria-label=\"difficulty {stars} of 3\">{full}\
         {empty}</span> · about {} minutes",
        exercise.minutes
    )
}

/// The first sentence of a task as plain text; or what its first paragraph
/// says before an example.
fn first_sentence(task: &str) -> String {
    let paragraph = task.split("\n\n").next().unwrap_or(task);
    let text = paragraph.replace('\n', " ").replace(['`', '*'], "");
    let end = text.find(". ").map_or(text.len(), |at| at + 1);
    let sentence = text[..end].trim();
    match sentence.strip_suffix(':') {
        Some(before) => escape(before) + ".",
        None => escape(sentence),
    }
}

/// The parts of an exercise's text, as Markdown.
#[derive(Debug)]
struct Text {
    task: String,
    starter: String,
    hints: Vec<String>,
    graded: String,
}

impl Text {
    fn read(
        project: &Project,
        step: &Step,
        exercise: &Exercise,
    ) -> Result<Self> {
        let file = text_file(step, exercise);
        let text = project.read(&file)?;
        Text::parse(&text, exercise).with_context(|| file.display().to_string())
    }

    fn parse(text: &str, exercise: &Exercise) -> Result<Self> {
        let title = format!("# {}\n", exercise.title);
        let rest = text
            .strip_prefix(&title)
            .with_context(|| format!("the first line must be `{title}`"))?;
        let heading = pattern(r"\n##+ ");
        let mut parts = heading.split(rest);
        let mut part = |heading: &str| -> Result<String> {
            let name = heading.trim_start_matches(['#', ' ']);
            let text = parts.next().and_then(|part| part.strip_prefix(name));
            // Right below the heading of all hints there is nothing.
            let is_frame = heading == "## Hints";
            let text = text.map(str::trim);
            let text = text.filter(|text| text.is_empty() == is_frame);
            let text = text.with_context(|| {
                format!("`{heading}` is missing, empty or out of order")
            })?;
            Ok(text.to_string())
        };
        let task = part("").context("the task")?;
        let starter = part("## Starter")?;
        part("## Hints")?;
        let hints = vec![part("### 1")?, part("### 2")?, part("### 3")?];
        let graded = part("## Graded")?;
        Ok(Text { task, starter, hints, graded })
    }
}

/// The page of an exercise, as Markdown.
///
/// # Errors
/// When its text is missing or not in the agreed form.
pub fn page(
    project: &Project,
    step: &Step,
    exercise: &Exercise,
) -> Result<String> {
    let text = Text::read(project, step, exercise)?;
    let id = &exercise.id;
    let file = text_file(step, exercise).with_extension("rs");
    let facts = block(&format!(
        "<p class=\"front\">Exercise {id} of <a href=\"../{}.html\">step \
         {:02}, {}</a> · {}<br>\nEdit <code>{}</code>, then check it with \
         <code>cargo ex {id}</code>.</p>",
        step.name(),
        step.number,
        escape(&step.title),
        effort(exercise),
        file.display(),
    ));
    let names = ["where to look", "what to use", "nearly the code"];
    let hints: String = (1..)
        .zip(text.hints.iter().zip(names))
        .map(|(level, (hint, name))| {
            format!(
                "<details class=\"hint\"><summary>Hint {level}: {name}\
                 </summary>\n\n{hint}\n\n</details>\n\n"
            )
        })
        .collect();
    Ok(format!(
        "# {id} {}\n{facts}{}\n\n## The starter\n\n{}\n\n## Hints\n\n{hints}\
         ## How it is graded\n\n{}\n",
        exercise.title, text.task, text.starter, text.graded
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exercise() -> Exercise {
        toml::from_str(
            "id = '01a'\nslug = 'x'\ntitle = 'Two doors'\nstars = 1\n\
             minutes = 20\n",
        )
        .unwrap()
    }

    const TEXT: &str = "# Two doors\n\nOpen *both*. Then more.\n\n\
        ## Starter\n\nOne door.\n\n\
        ## Hints\n\n### 1\n\na\n\n### 2\n\nb\n\n### 3\n\nc\n\n\
        ## Graded\n\nBy looking.\n";

    #[test]
    fn an_exercise_in_the_agreed_form_is_read() {
        let text = Text::parse(TEXT, &exercise()).unwrap();
        assert_eq!(text.hints, ["a", "b", "c"]);
        assert_eq!(first_sentence(&text.task), "Open both.");
        let example = "Say it\nso:\n\n```text\nit. So\n```";
        assert_eq!(first_sentence(example), "Say it so.");
    }

    #[test]
    fn what_is_missing_is_named() {
        for (from, to, words) in [
            ("# Two doors", "# Two floors", "first line"),
            ("## Starter", "## Start", "`## Starter`"),
            ("### 3\n\nc\n", "", "`### 3`"),
            ("### 2\n", "### 4\n", "`### 2`"),
            ("By looking.", "", "`## Graded`"),
        ] {
            let text = TEXT.replace(from, to);
            let error = Text::parse(&text, &exercise()).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}
