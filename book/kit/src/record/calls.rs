//! The table of the system calls that a step makes.

use std::fmt::Write;

use super::trace::{self, Call, Trace};
use crate::html::{block, call_link, escape, source_link};
use crate::{Project, Result};

/// The table of the system calls that a step makes, as HTML.
///
/// # Errors
/// When there is no such recording.
pub fn render(project: &Project, step: u8) -> Result<String> {
    let step = project.step(step)?;
    let trace = trace::load(project, step)?;
    let mut html = String::from(
        "<div class=\"table-wrapper\">\n<table class=\"calls\">\n\
         <thead><tr><th scope=\"col\">System call</th>\
         <th scope=\"col\">Times</th>\
         <th scope=\"col\">Asked for by</th></tr></thead>\n<tbody>\n",
    );
    for (name, calls) in by_name(&trace) {
        let new = step.calls.iter().any(|call| call == name);
        writeln!(
            html,
            "<tr><th scope=\"row\"><code class=\"nohighlight\">{}</code>{}\
             </th><td>{}</td><td>{}</td></tr>",
            call_link(name, name),
            if new { " <strong class=\"calls-new\">new</strong>" } else { "" },
            calls.len(),
            functions(&calls).join(", "),
        )?;
    }
    html.push_str("</tbody>\n</table>\n</div>");
    Ok(block(&html))
}

/// The calls in the order of their first appearance.
fn by_name(trace: &Trace) -> Vec<(&str, Vec<&Call>)> {
    let mut names: Vec<(&str, Vec<&Call>)> = Vec::new();
    for call in trace.calls() {
        match names.iter_mut().find(|(name, _)| *name == call.call) {
            Some((_, calls)) => calls.push(call),
            None => names.push((&call.call, vec![call])),
        }
    }
    names
}

/// Who makes the calls: each function once, with the line of its first.
fn functions(calls: &[&Call]) -> Vec<String> {
    let mut seen = Vec::new();
    let mut shown = Vec::new();
    for call in calls {
        let function = (&call.function, &call.file);
        if !seen.contains(&function) {
            seen.push(function);
            shown.push(format!(
                "<code class=\"nohighlight\">{}</code> {}",
                escape(&call.function),
                source_link(&call.file, call.line)
            ));
        }
    }
    shown
}
