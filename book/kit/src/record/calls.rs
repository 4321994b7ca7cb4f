//! The table of the system calls that a step makes.

use super::trace::{self, Call};
use crate::html::{call_link, escape, source_link, table};
use crate::{Project, Result, grouped};

/// The table of the system calls that a step makes, as HTML.
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
    let rows: String =
        grouped(trace.calls(), |it| &*it.call).into_iter().map(row).collect();
    let heads = ["System call", "Times", "Asked for by"];
    Ok(table("<table class=\"calls\">", &heads, &rows))
}

/// Who makes the calls: each function once, with the line of its first.
fn functions(calls: &[&Call]) -> Vec<String> {
    let functions = grouped(calls, |call| (&call.function, &call.file));
    let shown = functions.iter().map(|((function, file), calls)| {
        format!(
            "<code class=\"nohighlight\">{}</code> {}",
            escape(function),
            source_link(file, calls[0].line)
        )
    });
    shown.collect()
}
