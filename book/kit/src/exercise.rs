//! `{{#exercises NN}}`: a card for each exercise, and a page for its text.
//!
//! The text is the exercise's own file, `steps/NN-slug/ex_a.md`: the page
//! adds what steps.toml knows, and folds the hints.

use std::path::PathBuf;

use anyhow::{Context, Error, bail, ensure};

use crate::html::{block, escape};
use crate::page::Page;
use crate::{Exercise, Project, Result, Step};

#[path = "../../../tests/exercises/runner/task.rs"]
mod task;

use task::Task;

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
pub fn cards(page: &Page, number: u8) -> Result<String> {
    let step = page.project.step(number)?;
    if step.exercises.is_empty() {
        bail!("step {number:02} has no exercises in steps/steps.toml");
    }
    let mut cards = String::from("<ul class=\"exercises\">\n");
    for exercise in written(page.project, step) {
        let task = read(page.project, step, exercise)?.task;
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

/// The exercise's text, whose form the runner knows.
fn read(project: &Project, step: &Step, exercise: &Exercise) -> Result<Task> {
    let file = text_file(step, exercise);
    let parsed = task::parse(&project.read(&file)?).map_err(Error::msg);
    let task = parsed.with_context(|| file.display().to_string())?;
    let (file, title) = (file.display(), &exercise.title);
    ensure!(
        task.title == *title,
        "{file}: the first line must be `# {title}`, as in steps/steps.toml"
    );
    Ok(task)
}

/// The page of an exercise, as Markdown.
pub fn page(
    project: &Project,
    step: &Step,
    exercise: &Exercise,
) -> Result<String> {
    let text = read(project, step, exercise)?;
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

    #[test]
    fn a_card_has_the_first_sentence() {
        assert_eq!(first_sentence("Open *both*. Then more."), "Open both.");
        let example = "Say it\nso:\n\n```text\nit. So\n```";
        assert_eq!(first_sentence(example), "Say it so.");
    }
}
