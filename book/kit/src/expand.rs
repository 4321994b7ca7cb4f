//! Puts what each directive of a chapter names in its stead.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};

use crate::chapter::{Piece, pieces};
use crate::html::block;
use crate::listing::Source;
use crate::page::Page;
use crate::record::{chart, session, trace};
use crate::{Fault, Result, diff, exercise, links, listing, picture, tables};

/// The text of `file` with everything in it that it names. Links between
/// pages are still markers.
pub fn expand(
    page: &mut Page,
    text: &str,
    file: &Path,
) -> Result<String, Vec<Fault>> {
    let mut expanded = String::with_capacity(text.len());
    let mut faults = Vec::new();
    for (line, piece) in pieces(text) {
        match piece {
            // Teaching notes are not printed: paper.css knows their class.
            Piece::Text(text) => expanded.push_str(&text.replacen(
                "<details><summary>Teaching notes",
                "<details class=\"teaching\"><summary>Teaching notes",
                1,
            )),
            Piece::Call(call) => {
                let id = links::id(call);
                expanded.push_str(&format!("### {call}(2) {{#{id}}}"));
            }
            Piece::Directive(directive) => match fill(page, directive) {
                Ok(text) => expanded.push_str(&text),
                Err(error) => faults.push(Fault::new(
                    file,
                    line,
                    format_args!("{error:#}"),
                )),
            },
        }
        expanded.push('\n');
    }
    if faults.is_empty() { Ok(expanded) } else { Err(faults) }
}

/// What a directive shows; lib.rs lists them.
fn fill(page: &mut Page, directive: &str) -> Result<String> {
    let (name, rest) = cut(directive);
    let (first, second) = cut(rest);
    let project = page.project;
    let step = || {
        let number = rest.parse().ok().filter(|_| rest.len() == 2);
        number.with_context(|| {
            format!("`{rest}` is no step: write two digits, as in 04")
        })
    };
    let named = |what: &str| {
        ensure!(!rest.is_empty(), "the name of {what} is missing");
        Ok(rest)
    };
    let html = match name {
        "code" if second.is_empty() => {
            bail!("write {{{{#code NN item}}}} or {{{{#code FILE item}}}}")
        }
        "code" => {
            let source = match first.parse() {
                Ok(number) => Source::Step(number),
                Err(_) => Source::File(inside(first)?),
            };
            listing::code(page, &source, second)?
        }
        "module" => {
            let open = match second.split_once(' ') {
                None if second.is_empty() => None,
                None if second == "folded" => Some(Vec::new()),
                Some(("open", items)) => Some(names(items)),
                _ => bail!("write `folded`, or `open` and names of items"),
            };
            listing::module(page, &inside(first)?, open.as_deref())?
        }
        "diff" => diff::render(page, step()?)?,
        "trace" => trace::render(project, step()?)?,
        "calls" => trace::calls(project, step()?)?,
        "exercises" => exercise::cards(page, step()?)?,
        "front" => tables::front(project, step()?)?,
        "run" => session::render(project, named("a run")?)?,
        "chart" => chart::render(project, named("a chart")?)?,
        "picture" => picture::render(project, named("a picture")?)?,
        "steps" if rest.is_empty() => tables::steps(page),
        "planned" if rest.is_empty() => tables::planned(project),
        "index" if rest.is_empty() => return tables::index(project),
        _ => bail!("`{directive}` is no directive: see the list in lib.rs"),
    };
    Ok(block(&html))
}

/// The first word, and what comes behind it.
fn cut(text: &str) -> (&str, &str) {
    let parts = text.split_once(char::is_whitespace);
    parts.map_or((text, ""), |(first, rest)| (first, rest.trim()))
}

/// Names of items, between commas; where none of them has a space in it, as
/// that of an impl has, between spaces.
fn names(items: &str) -> Vec<String> {
    let by_comma = items.contains(',') || items.contains("impl ");
    let mark = if by_comma { ',' } else { ' ' };
    let names = items.split(mark).map(str::trim);
    names.filter(|it| !it.is_empty()).map(str::to_string).collect()
}

/// A source file named from the root: of `shared` or of a step.
fn inside(file: &str) -> Result<PathBuf> {
    let path = Path::new(file);
    let ours = path.starts_with("shared") || path.starts_with("steps");
    let climbs = path.components().any(|part| part.as_os_str() == "..");
    if !ours || climbs || !file.ends_with(".rs") {
        bail!("`{file}` is no source: write shared/….rs or steps/….rs");
    }
    Ok(path.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_open_items_may_have_spaces() {
        assert_eq!(names("A B::c"), ["A", "B::c"]);
        assert_eq!(names("impl A for B, C"), ["impl A for B", "C"]);
        assert_eq!(names("impl A for B"), ["impl A for B"]);
    }
}
