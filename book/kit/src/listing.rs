//! `{{#code}}` and `{{#module}}`: pieces of source files, with true line
//! numbers and a bar on what is new in the step.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::changes::changes;
use crate::chapter::Place;
use crate::html::{anchor, escape};
use crate::items::{Items, Lines};
use crate::page::Page;
use crate::{Project, Result, colour};

/// A piece of a source file.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// From the root.
    pub file: PathBuf,
    /// The piece's lines.
    pub lines: Lines,
}

/// The one place where `item` stands.
///
/// # Errors
/// When there is none, or more than one.
pub fn find(project: &Project, place: &Place, item: &str) -> Result<Found> {
    let (files, whole) = match place {
        Place::Step(number) => {
            let step = project.step(*number)?;
            (project.sources(step)?, step.folder())
        }
        Place::File(file) => (vec![file.clone()], file.clone()),
    };
    let mut found = Vec::new();
    for file in files {
        for lines in parse(project, &file)?.find(item) {
            found.push(Found { file: file.clone(), lines });
        }
    }
    if found.len() > 1 {
        let places = found.iter().map(|found| {
            format!("{}:{}", found.file.display(), found.lines.start())
        });
        let places = places.collect::<Vec<_>>().join(" and ");
        bail!("`{item}` stands twice: {places}; write its full name");
    }
    found.pop().with_context(|| {
        format!("no item `{item}` in {}; is it renamed?", whole.display())
    })
}

/// The items of a source file.
///
/// # Errors
/// When the file cannot be read or is no Rust.
pub fn parse(project: &Project, file: &Path) -> Result<Items> {
    Items::parse(&project.read(file)?)
        .with_context(|| format!("{} is no Rust", file.display()))
}

/// One item, as HTML.
///
/// # Errors
/// When it is not found, or found twice.
pub fn code(page: &mut Page, place: &Place, item: &str) -> Result<String> {
    let Found { file, lines } = find(page.project, place, item)?;
    let new = new_lines(page.project, &file)?;
    listing(page, &file, Some(lines), &new)
}

/// A whole file, as HTML.
///
/// # Errors
/// When it cannot be read.
pub fn module(page: &mut Page, file: &Path, folded: bool) -> Result<String> {
    let listing = listing(page, file, None, &BTreeSet::new())?;
    if !folded {
        return Ok(listing);
    }
    let lines = page.project.read(file)?.lines().count();
    let name = escape(&file.to_string_lossy());
    Ok(format!(
        "<details class=\"module\"><summary><code>{name}</code>, whole: \
         {lines} lines</summary>\n{listing}\n</details>"
    ))
}

/// The lines of a step's file that the step before does not have. All of the
/// first step is new, as is a shared file where it enters: marking that would
/// say nothing.
fn new_lines(project: &Project, file: &Path) -> Result<BTreeSet<usize>> {
    let mut steps = project.steps.iter();
    let step = steps.find(|step| file.starts_with(step.folder()));
    let Some(step) = step.filter(|step| step.base().is_some()) else {
        return Ok(BTreeSet::new());
    };
    let changes = changes(project, step)?;
    let change =
        changes.iter().find(|change| change.new_path.as_deref() == Some(file));
    Ok(change.map(|change| change.added()).unwrap_or_default())
}

fn listing(
    page: &mut Page,
    file: &Path,
    lines: Option<Lines>,
    new: &BTreeSet<usize>,
) -> Result<String> {
    let text = page.project.read(file)?;
    let coloured = colour::rust(&text);
    let lines = lines.unwrap_or(1..=coloured.len());
    let new = whole(&text, &lines, new);
    let indent = indent(&text, &lines);
    let mut body = String::new();
    for number in lines.clone() {
        let Some(line) = coloured.get(number - 1) else { break };
        let id = page.anchor(&anchor(file, number));
        let class = if new.contains(&number) { "line new" } else { "line" };
        let line = line.strip_prefix(indent.as_str()).unwrap_or(line);
        let _ = writeln!(
            body,
            "<span class=\"{class}\"{id} data-line=\"{number}\">{line}</span>"
        );
    }
    let name = escape(&file.to_string_lossy());
    let range = match (lines.start(), lines.end()) {
        (first, last) if first == last => format!("line {first}"),
        (first, last) => format!("lines {first}–{last}"),
    };
    let marked = lines.clone().any(|number| new.contains(&number));
    let legend = match marked {
        true if lines.clone().all(|number| new.contains(&number)) => ", new",
        true => ", new where the bar is",
        false => "",
    };
    Ok(format!(
        "<figure class=\"listing\">\n<figcaption><span class=\"file\">{name}\
         </span> <span class=\"place\">{range}{legend}</span></figcaption>\n\
         <pre><code class=\"nohighlight hljs\">{body}</code>\
         </pre>\n</figure>"
    ))
}

/// The new lines among those shown. Where everything is new, so are its
/// closing braces, which a diff finds somewhere in the step before.
fn whole(text: &str, lines: &Lines, new: &BTreeSet<usize>) -> BTreeSet<usize> {
    let says_something =
        |line: &str| line.contains(|c| !" \t})],;".contains(c));
    let mut shown = (1..).zip(text.lines()).filter(|(number, line)| {
        lines.contains(number) && says_something(line)
    });
    let all = !new.is_empty() && shown.all(|(line, _)| new.contains(&line));
    if all { lines.clone().collect() } else { new.clone() }
}

/// The white space that all of these lines begin with.
fn indent(text: &str, lines: &Lines) -> String {
    let first = text.lines().nth(lines.start() - 1).unwrap_or("");
    let width = first.len() - first.trim_start_matches(' ').len();
    " ".repeat(width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_brace_of_a_new_function_is_new() {
        let text = "fn a() {\n    b();\n\n}\nfn c() {}\n";
        let new = |lines: &[usize], shown| {
            let new = whole(text, &shown, &lines.iter().copied().collect());
            new.into_iter().collect::<Vec<usize>>()
        };
        assert_eq!(new(&[1, 2], 1..=4), [1, 2, 3, 4]);
        assert_eq!(new(&[2], 1..=4), [2]);
        assert_eq!(new(&[1, 2], 1..=5), [1, 2]);
        assert_eq!(new(&[], 3..=4), [0; 0]);
    }
}
