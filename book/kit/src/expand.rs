//! Puts what each directive of a chapter names in its stead.

use std::path::Path;

use crate::chapter::{Directive, Piece, pieces};
use crate::html::block;
use crate::page::Page;
use crate::record::{calls, chart, session, trace};
use crate::{Fault, Result, diff, entries, exercise, listing, picture, tables};

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
                let id = entries::id(call);
                expanded.push_str(&format!("### {call}(2) {{#{id}}}"));
            }
            Piece::Directive(directive) => {
                match directive.and_then(|what| fill(page, &what)) {
                    Ok(text) => expanded.push_str(&text),
                    Err(error) => faults.push(Fault::new(
                        file,
                        line,
                        format_args!("{error:#}"),
                    )),
                }
            }
        }
        expanded.push('\n');
    }
    if faults.is_empty() { Ok(expanded) } else { Err(faults) }
}

fn fill(page: &mut Page, directive: &Directive) -> Result<String> {
    let project = page.project;
    let html = match directive {
        Directive::Code(source, item) => listing::code(page, source, item)?,
        Directive::Module(file, open) => {
            listing::module(page, file, open.as_deref())?
        }
        Directive::Diff(step) => diff::render(page, *step)?,
        Directive::Trace(step) => trace::render(project, *step)?,
        Directive::Calls(step) => calls::render(project, *step)?,
        Directive::Run(name) => session::render(project, name)?,
        Directive::Chart(name) => chart::render(project, name)?,
        Directive::Picture(name) => picture::render(project, name)?,
        Directive::Exercises(step) => exercise::cards(page, *step)?,
        Directive::Front(step) => tables::front(project, *step)?,
        Directive::Steps => tables::steps(page),
        Directive::Planned => tables::planned(project),
        Directive::Index => return tables::index(project),
    };
    Ok(block(&html))
}
