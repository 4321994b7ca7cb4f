//! The table of the system calls that a step makes.

use super::trace::{self, Call, Trace};
use crate::html::{block, call_link, escape, source_link, table};
use crate::{Project, Result};

/// The table of the system calls that a step makes, as HTML.
///
/// # Errors
/// When there is no such recording.
pub fn render(project: &Project, step: u8) -> Result<String> {
    let step = project.step(step)?;
    let trace = trace::load(project, step)?;
    let row = |(name, calls): (&str, Vec<&Call>)| {
        let new = step.calls.iter().any(|call| call == name);
        format!(
            "<tr><th scope=\"row\"><code class=\"nohighlight\">{}</code>{}\
             </th><td>{}</td><td>{}</td></tr>\n",
            call_link(name, name),
            if new { " <strong class=\"calls-new\">new</strong>" } else { "" },
            calls.len(),
            functions(&calls).join(", "),
        )
    };
    let rows: String = by_name(&trace).into_iter().map(row).collect();
    let heads = ["System call", "Times", "Asked for by"];
    Ok(block(&table("<table class=\"calls\">", &heads, &rows)))
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
