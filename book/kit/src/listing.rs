//! `{{#code}}` and `{{#module}}`: pieces of source files, with true line
//! numbers and a bar on what is new in the step.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::html::{anchor, escape, fold};
use crate::items::{Lines, items};
use crate::page::Page;
use crate::view::lines as counted;
use crate::{Project, Result, colour, enters};

/// Where a piece of code is looked for.
#[derive(Debug)]
pub enum Source {
    /// In all sources of a step.
    Step(u8),
    /// In one file, named from the root.
    File(PathBuf),
}

/// The file and the lines of `item`, if there is one of that name and not
/// more.
fn find(
    project: &Project,
    source: &Source,
    item: &str,
) -> Result<(PathBuf, Lines)> {
    let (files, whole) = match source {
        Source::Step(number) => {
            let step = project.step(*number)?;
            (project.sources(step)?, step.folder())
        }
        Source::File(file) => (vec![file.clone()], file.clone()),
    };
    let mut found = Vec::new();
    for file in files {
        let items = items(&project.read(&file)?)
            .with_context(|| format!("{} is no Rust", file.display()))?;
        let items = items.into_iter().filter(|it| it.is_called(item));
        found.extend(items.map(|it| (file.clone(), it.lines)));
    }
    if found.len() > 1 {
        let found = found.iter().map(|(file, lines)| {
            format!("{}:{}", file.display(), lines.start())
        });
        let found = found.collect::<Vec<_>>().join(" and ");
        bail!("`{item}` occurs twice: {found}; write its full name");
    }
    found.pop().with_context(|| {
        format!("no item `{item}` in {}; is it renamed?", whole.display())
    })
}

/// One item, as HTML.
pub fn code(page: &mut Page, source: &Source, item: &str) -> Result<String> {
    let (file, lines) = find(page.project, source, item)?;
    listing(page, &file, vec![(None, lines)])
}

/// A whole file, as HTML: all of it open, or only these items.
pub fn module(
    page: &mut Page,
    file: &Path,
    open: Option<&[String]>,
) -> Result<String> {
    let count = page.project.read(file)?.lines().count();
    let source = Source::File(file.to_path_buf());
    let mut open = match open {
        None => vec![1..=count],
        Some(names) => {
            let found = names.iter().map(|it| find(page.project, &source, it));
            let found = found.map(|found| Ok(found?.1));
            found.collect::<Result<Vec<Lines>>>()?
        }
    };
    open.sort_by_key(|lines| *lines.start());
    // A closed part before each open one, and one at the end.
    open.push(count + 1..=count);
    let mut parts = Vec::new();
    let mut next = 1;
    for lines in open {
        let closed = next..=lines.start() - 1;
        let summary = counted(closed.clone().count());
        next = lines.end() + 1;
        parts.extend([(Some(summary), closed), (None, lines)]);
    }
    parts.retain(|(_, lines)| !lines.is_empty());
    listing(page, file, parts)
}

/// Some lines of a file, in order; those with a summary are folded, and those
/// that enter in a later step than the page's.
fn listing(
    page: &mut Page,
    file: &Path,
    parts: Vec<(Option<String>, Lines)>,
) -> Result<String> {
    let text = page.project.read(file)?;
    let coloured = colour::rust(&text);
    let new = page.new_lines(file)?;
    let later = later(page, file, &text);
    let shown = parts.iter().filter(|(fold, _)| fold.is_none());
    let shown: Vec<&Lines> = shown.map(|(_, lines)| lines).collect();
    let head = caption(file, &shown, &new);
    let step_of = |number: &usize| {
        let part = later.iter().find(|it| it.lines.contains(number));
        part.map(|part| part.step)
    };
    let mut body = String::new();
    for (summary, lines) in &parts {
        let indent = indent(&text, lines);
        let numbers: Vec<usize> = lines.clone().collect();
        let mut html = String::new();
        for run in numbers.chunk_by(|a, b| step_of(a) == step_of(b)) {
            let rows = run.iter().map(|&number| {
                let id = page.anchor(&anchor(file, number));
                let class = if new.contains(&number) { " new" } else { "" };
                let line = coloured.get(number - 1).map_or("", String::as_str);
                let line = line.strip_prefix(indent.as_str()).unwrap_or(line);
                format!(
                    "<span class=\"line{class}\"{id} data-line=\"{number}\">\
                     {line}</span>\n"
                )
            });
            let rows: String = rows.collect();
            let pre = format!(
                "<pre><code class=\"nohighlight hljs\">{rows}</code></pre>\n"
            );
            html += &match step_of(&run[0]) {
                None => pre,
                Some(step) => {
                    let count = counted(run.len());
                    fold(&format!("{count} that enter in step {step:02}"), &pre)
                }
            };
        }
        match summary {
            None => body.push_str(&html),
            Some(summary) => body.push_str(&fold(summary, &html)),
        }
    }
    Ok(format!("<figure class=\"listing\">\n{head}\n{body}</figure>"))
}

/// The parts of a shared file that the page's step does not have yet.
fn later(page: &Page, file: &Path, text: &str) -> Vec<enters::Entry> {
    let Some(step) = page.step().filter(|_| file.starts_with("shared")) else {
        return Vec::new();
    };
    let parts = enters::parts(text).into_iter();
    parts.filter(|part| part.step > step.number).collect()
}

fn caption(file: &Path, shown: &[&Lines], new: &BTreeSet<usize>) -> String {
    let range = match shown {
        [lines] if lines.start() == lines.end() => {
            format!("line {}", lines.start())
        }
        [lines] => format!("lines {}–{}", lines.start(), lines.end()),
        [] => "folded".to_string(),
        _ => "some of its items, the rest folded".to_string(),
    };
    let mut lines = shown.iter().flat_map(|lines| (*lines).clone());
    let legend = match lines.clone().any(|number| new.contains(&number)) {
        true if lines.all(|number| new.contains(&number)) => ", new",
        true => ", new where the bar is",
        false => "",
    };
    let name = escape(&file.to_string_lossy());
    format!(
        "<figcaption><span class=\"file\">{name}</span> <span \
         class=\"range\">{range}{legend}</span></figcaption>"
    )
}

/// The white space that all of these lines begin with.
fn indent(text: &str, lines: &Lines) -> String {
    let first = text.lines().nth(lines.start() - 1).unwrap_or("");
    let width = first.len() - first.trim_start_matches(' ').len();
    " ".repeat(width)
}
