//! A chapter as the kit reads it: lines of text and directives.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::Result;

/// A line `{{#name …}}` of a chapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Directive {
    Code(Source, String),
    /// Named items are open, the rest is folded; without names nothing is.
    Module(PathBuf, Option<Vec<String>>),
    Diff(u8),
    Trace(u8),
    Calls(u8),
    Exercises(u8),
    Front(u8),
    Run(String),
    Chart(String),
    Picture(String),
    Index,
    Steps,
    Planned,
}

/// Where a piece of code is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In all sources of a step.
    Step(u8),
    /// In one file, named from the root.
    File(PathBuf),
}

/// A piece of a chapter.
#[derive(Debug)]
pub enum Piece<'a> {
    /// A line that stays as it is.
    Text(&'a str),
    /// A heading of a system call's entry, `### accept4(2)`: the call.
    Call(&'a str),
    /// A directive, or why the line is none.
    Directive(Result<Directive>),
}

/// The pieces of a chapter's text, each with its first line's number.
pub fn pieces(text: &str) -> Vec<(usize, Piece<'_>)> {
    let mut pieces = Vec::new();
    let mut lines = (1..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        if let Some(fence) = fence(line) {
            pieces.push((number, Piece::Text(line)));
            for (number, line) in lines.by_ref() {
                pieces.push((number, Piece::Text(line)));
                if closes(line, fence) {
                    break;
                }
            }
        } else if let Some(directive) = directive(line) {
            pieces.push((number, Piece::Directive(directive)));
        } else if let Some(call) = call(line) {
            pieces.push((number, Piece::Call(call)));
        } else {
            pieces.push((number, Piece::Text(line)));
        }
    }
    pieces
}

/// The marks that open a fence, such as "```".
fn fence(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let mark = line.chars().next().filter(|&mark| "`~".contains(mark))?;
    let length = line.len() - line.trim_start_matches(mark).len();
    (length >= 3).then(|| &line[..length])
}

fn closes(line: &str, fence: &str) -> bool {
    let marks = line.trim();
    marks.starts_with(fence) && marks.chars().all(|c| fence.contains(c))
}

/// The call that has its entry under this heading: `### accept4(2)`.
fn call(line: &str) -> Option<&str> {
    let name = line.strip_prefix("### ")?.trim().strip_suffix("(2)")?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (!name.is_empty() && name.chars().all(is_name)).then_some(name)
}

/// The directive on a line, if the line is one. Those of mdBook itself
/// (`include` and so on) are left to it.
fn directive(line: &str) -> Option<Result<Directive>> {
    let inside = line.trim().strip_prefix("{{#")?.strip_suffix("}}")?;
    let (name, rest) = match inside.split_once(char::is_whitespace) {
        Some((name, rest)) => (name, rest.trim()),
        None => (inside, ""),
    };
    let own = ["include", "rustdoc_include", "playground", "title"];
    if own.contains(&name) {
        return None;
    }
    Some(parse(name, rest))
}

fn parse(name: &str, rest: &str) -> Result<Directive> {
    let step = || {
        let two_digits = rest.len() == 2;
        let number = rest.parse().ok().filter(|_| two_digits);
        number.with_context(|| {
            format!("`{rest}` is no step: write two digits, as in 04")
        })
    };
    let name_of = |what: &str| match rest {
        "" => bail!("the name of {what} is missing"),
        rest => Ok(rest.to_string()),
    };
    let (first, second) = match rest.split_once(char::is_whitespace) {
        Some((first, second)) => (first, second.trim()),
        None => (rest, ""),
    };
    Ok(match name {
        "code" if second.is_empty() => {
            bail!("write {{{{#code NN item}}}} or {{{{#code FILE item}}}}")
        }
        "code" => {
            let source = match first.parse() {
                Ok(number) => Source::Step(number),
                Err(_) => Source::File(inside(first)?),
            };
            Directive::Code(source, second.to_string())
        }
        "module" => {
            let open = match second.split_once(' ') {
                None if second.is_empty() => None,
                None if second == "folded" => Some(Vec::new()),
                Some(("open", items)) => Some(names(items)),
                _ => bail!("write `folded`, or `open` and names of items"),
            };
            Directive::Module(inside(first)?, open)
        }
        "diff" => Directive::Diff(step()?),
        "trace" => Directive::Trace(step()?),
        "calls" => Directive::Calls(step()?),
        "exercises" => Directive::Exercises(step()?),
        "front" => Directive::Front(step()?),
        "run" => Directive::Run(name_of("a run")?),
        "chart" => Directive::Chart(name_of("a chart")?),
        "picture" => Directive::Picture(name_of("a picture")?),
        "index" if rest.is_empty() => Directive::Index,
        "steps" if rest.is_empty() => Directive::Steps,
        "planned" if rest.is_empty() => Directive::Planned,
        _ => bail!("`{name} {rest}` is no directive: see the list in lib.rs"),
    })
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
    fn directives_stand_alone_on_their_lines() {
        let text = "a {{#code 02 x}}\n{{#code 02 impl A for B}}\n\
            ```text\n{{#trace 02}}\n```\n  {{#diff 02}}\n{{#include a.md}}";
        let item = "impl A for B".to_string();
        let code = Directive::Code(Source::Step(2), item);
        let diff = Directive::Diff(2);
        let found = pieces(text).into_iter();
        let found = found.filter_map(|(line, piece)| match piece {
            Piece::Directive(directive) => Some((line, directive.unwrap())),
            _ => None,
        });
        assert_eq!(found.collect::<Vec<_>>(), [(2, code), (6, diff)]);
    }

    #[test]
    fn entries_of_calls_are_found() {
        let found = pieces("### accept4(2)\n### Not a call\n");
        assert!(matches!(found[0], (1, Piece::Call("accept4"))));
        assert!(matches!(found[1], (2, Piece::Text(_))));
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn names_of_open_items_may_have_spaces() {
        assert_eq!(names("A B::c"), ["A", "B::c"]);
        assert_eq!(names("impl A for B, C"), ["impl A for B", "C"]);
        assert_eq!(names("impl A for B"), ["impl A for B"]);
    }
}
