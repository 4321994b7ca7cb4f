//! `{{#front}}`, `{{#steps}}` and `{{#index}}`: what can be said about the
//! steps from their list and their traces.

use std::fmt::Write;

use crate::html::{call_link, escape, table};
use crate::links::Entry;
use crate::page::Page;
use crate::record::trace;
use crate::{Project, Result, Step, links};

/// The head of a chapter: how long it takes, and what to type.
pub fn front(project: &Project, number: u8) -> Result<String> {
    let step = project.step(number)?;
    let program = step.program();
    let idea = escape(&step.idea);
    let exercises = match step.exercises.iter().map(|it| it.minutes).sum() {
        0_u32 => String::new(),
        minutes => format!(" · exercises {minutes} minutes"),
    };
    let compare = step.base().map_or(String::new(), |_| {
        format!(
            "<dt>Compare it</dt><dd><code>cargo book diff {number:02}</code>\
             </dd>\n"
        )
    });
    Ok(format!(
        "<div class=\"front\">\n<p class=\"effort\">Step {number:02} · {} \
         minutes{exercises}</p>\n<p>{idea}.</p>\n<dl>\n<dt>Run it</dt><dd>\
         <code>cargo run --bin {program}</code></dd>\n<dt>Trace it</dt><dd>\
         <code>cargo build &amp;&amp; strace -f target/debug/{program}</code>\
         </dd>\n{compare}</dl>\n</div>",
        step.minutes
    ))
}

/// The table of all steps.
pub fn steps(page: &Page) -> String {
    let row = |step: &Step| {
        let calls = step.calls.iter().map(|call| call_link(call, call));
        format!(
            "<tr><td><a href=\"{}\">{:02} {}</a></td><td>{}</td><td>{}</td>\
             </tr>\n",
            page.link(&format!("{}.html", step.name())),
            step.number,
            escape(&step.title),
            escape(&step.idea),
            calls.collect::<Vec<_>>().join(", "),
        )
    };
    let rows: String = page.project.written().map(row).collect();
    let heads = ["Step", "What it is about", "New system calls"];
    table("<table class=\"steps\">", &heads, &rows)
}

/// The table of the steps to come.
pub fn planned(project: &Project) -> String {
    let row = |number: u8, title: &str, idea: &str| {
        let (title, idea) = (escape(title), escape(idea));
        format!("<tr><td>{number:02} {title}</td><td>{idea}</td></tr>\n")
    };
    let begun = project.steps.iter().filter(|it| !project.is_written(it));
    let begun = begun.map(|it| row(it.number, &it.title, &it.idea));
    let planned = project.planned.iter();
    let planned = planned.map(|it| row(it.number, &it.title, &it.idea));
    let rows: String = begun.chain(planned).collect();
    let heads = ["Step", "What it will be about"];
    table("<table class=\"steps\">", &heads, &rows)
}

/// The index of system calls, as Markdown: a heading for each call, because
/// the book's search finds headings best.
pub fn index(project: &Project) -> Result<String> {
    let mut traces = Vec::new();
    for step in &project.steps {
        if project.root.join(trace::file(step)).is_file() {
            traces.push((step, trace::load(project, step)?));
        }
    }
    let mut text = String::new();
    for (call, entries) in links::entries(project)? {
        let _ = writeln!(text, "## {call} {{#index-{call}}}\n");
        let explained = entries.iter().map(|Entry { step, .. }| {
            let (number, title, page) = (step.number, &step.title, step.name());
            let id = links::id(&call);
            format!("[{number:02} {title}]({page}.md#{id})")
        });
        let explained = explained.collect::<Vec<_>>().join(" and ");
        let _ = writeln!(text, "Explained in {explained}.");
        let users = traces.iter().filter_map(|(step, trace)| {
            let mine = trace.calls().filter(|made| made.call == call);
            let functions: std::collections::BTreeSet<String> =
                mine.map(|made| format!("`{}`", made.function)).collect();
            let functions: Vec<String> = functions.into_iter().collect();
            (!functions.is_empty()).then(|| {
                format!("{:02} ({})", step.number, functions.join(", "))
            })
        });
        let users: Vec<String> = users.collect();
        if !users.is_empty() {
            let _ = writeln!(text, "Made in step {}.", users.join(", "));
        }
        text.push('\n');
    }
    Ok(text)
}
