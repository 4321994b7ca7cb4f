//! A chart, with its numbers as a table.
//!
//! `book/data/charts/NAME.json` holds the numbers, recorded by the function
//! of that name in `RECORDERS`.

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::{Recording, Source, cargo, trace};
use crate::html::{block, escape};
use crate::{Project, Result, Step};

mod draw;
mod nagle;

/// What is drawn: a bar for each value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chart {
    /// What it shows, in a few words.
    pub title: String,
    /// What the bars stand for.
    pub x: String,
    /// What their heights count, with its unit.
    pub y: String,
    /// The name of each bar, and its height.
    pub values: Vec<(String, f64)>,
}

/// How a chart's numbers come about.
pub(super) type Recorder = fn(&Project) -> Result<Chart>;

/// The charts that can be recorded again, and whether they count: times are
/// one machine's, which the chart names.
const RECORDERS: [(&str, bool, Recorder); 2] =
    [("calls-per-step", true, calls_per_step), ("nagle", false, nagle::record)];

impl Chart {
    pub(super) fn to_json(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

/// The numbers of a chart, from the root.
pub fn file(name: &str) -> PathBuf {
    format!("book/data/charts/{name}.json").into()
}

/// A chart, with its numbers as a table, as HTML.
///
/// # Errors
/// When there is no such recording.
pub fn render(project: &Project, name: &str) -> Result<String> {
    let file = file(name);
    let text = project.read(&file)?;
    let chart: Chart = serde_json::from_str(&text)
        .with_context(|| format!("{} is no chart", file.display()))?;
    let drawing =
        draw::svg(&chart).with_context(|| file.display().to_string())?;
    let html = format!(
        "<figure class=\"chart\">\n{drawing}<figcaption>{}</figcaption>\n\
         <details><summary>The numbers</summary>\n{}</details>\n</figure>",
        escape(&chart.title),
        table(&chart)?
    );
    Ok(block(&html))
}

/// The numbers for those who do not see the drawing.
fn table(chart: &Chart) -> Result<String, std::fmt::Error> {
    let mut html = format!(
        "<div class=\"table-wrapper\">\n<table>\n<thead><tr>\
         <th scope=\"col\">{}</th><th scope=\"col\">{}</th></tr></thead>\n\
         <tbody>\n",
        escape(&chart.x),
        escape(&chart.y)
    );
    for (name, value) in &chart.values {
        writeln!(
            html,
            "<tr><th scope=\"row\">{}</th><td>{}</td></tr>",
            escape(name),
            draw::number(*value)
        )?;
    }
    html.push_str("</tbody>\n</table>\n</div>\n");
    Ok(html)
}

/// The chart of that name.
///
/// # Errors
/// When nothing records such a chart.
pub(super) fn recording<'a>(
    project: &'a Project,
    name: &str,
) -> Result<Recording<'a>> {
    let mut recorders = RECORDERS.into_iter();
    let found = recorders.find(|(known, ..)| *known == name);
    let (_, counted, recorder) =
        found.with_context(|| format!("nothing records a chart '{name}'"))?;
    // Times are another machine's each time, whatever the steps are.
    let steps = project.steps.iter().filter(|_| counted).collect();
    Ok(Recording {
        name: format!("charts {name}"),
        file: file(name),
        own: Vec::new(),
        steps,
        compare: counted,
        source: Source::Chart(recorder),
    })
}

/// How many requests are counted.
const REQUESTS: usize = 3;

/// What each step that speaks HTTP asks of the kernel for the same work: a
/// page, asked for three times by a client that keeps its connection while
/// the step does.
fn calls_per_step(project: &Project) -> Result<Chart> {
    let serves = |step: &&Step| {
        let main = project.read(step.folder().join("main.rs"));
        main.is_ok_and(|text| text.contains("\"http\","))
    };
    let steps: Vec<&Step> = project.steps.iter().filter(serves).collect();
    let mut values = Vec::new();
    if !steps.is_empty() {
        let built = trace::build(project, &steps)?;
        for step in &steps {
            let program = cargo::built(&built, &step.program())?;
            let count = |requests| trace::count(project, program, requests);
            let calls = (count(REQUESTS)? - count(0)?) / REQUESTS as f64;
            values.push((format!("{:02}", step.number), calls));
        }
    }
    Ok(Chart {
        title: format!(
            "System calls of ours per request: {REQUESTS} times the same page"
        ),
        x: "step".to_string(),
        y: "system calls per request".to_string(),
        values,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_table_has_every_number() {
        let chart = Chart {
            title: "t".to_string(),
            x: "step".to_string(),
            y: "time in <ms>".to_string(),
            values: vec![("01".to_string(), 2.5), ("02".to_string(), 12000.0)],
        };
        let table = table(&chart).unwrap();
        assert!(table.contains("<th scope=\"col\">time in &lt;ms&gt;</th>"));
        assert!(table.contains("01</th><td>2.5</td></tr>"));
        assert!(table.contains("02</th><td>12\u{202f}000</td></tr>"));
    }
}
