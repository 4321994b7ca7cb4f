//! A chart: a table of numbers with bars.
//!
//! `book/data/charts/NAME.json` holds the numbers, which `record` makes.

use std::path::PathBuf;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use super::{Recording, Source, cargo, trace};
use crate::html::{escape, table};
use crate::{Project, Result, Step};

mod many;
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

impl Chart {
    fn new(
        title: impl Into<String>,
        [x, y]: [&str; 2],
        values: Vec<(String, f64)>,
    ) -> Self {
        let [x, y] = [x, y].map(str::to_string);
        Chart { title: title.into(), x, y, values }
    }

    pub(super) fn to_json(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

/// The numbers of a chart, from the root.
pub fn file(name: &str) -> PathBuf {
    format!("book/data/charts/{name}.json").into()
}

/// A chart as HTML: a table, with a bar beside each number.
pub fn render(project: &Project, name: &str) -> Result<String> {
    let file = file(name);
    let text = project.read(&file)?;
    let chart: Chart = serde_json::from_str(&text)
        .with_context(|| format!("{} is no chart", file.display()))?;
    Ok(figure(&chart))
}

fn figure(chart: &Chart) -> String {
    let Chart { title, x, y, values } = chart;
    let most = values.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    let row = |(name, value): &(String, f64)| {
        let percent = (100.0 * value / most).max(0.0);
        format!(
            "<tr><th scope=\"row\">{}</th><td><div><span style=\"width: \
             {percent:.1}%\"></span></div>{}</td></tr>\n",
            escape(name),
            number(*value)
        )
    };
    let rows: String = values.iter().map(row).collect();
    format!(
        "<figure class=\"chart\">\n{}<figcaption>{}</figcaption>\n</figure>",
        table("<table>", &[x, y], &rows),
        escape(title)
    )
}

/// A number as one reads it: without noise behind the point.
fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// The chart that counts calls. The others are of times, and those are one
/// machine's, which the chart names.
const CALLS: &str = "calls-per-step";

/// The chart of that name.
pub(super) fn recording<'a>(project: &'a Project, name: &str) -> Recording<'a> {
    let counts = name == CALLS;
    Recording {
        name: format!("charts {name}"),
        file: file(name),
        own: Vec::new(),
        // Times are others each time, whatever the steps are.
        steps: project.finished().filter(|_| counts).collect(),
        compare: counts,
        source: Source::Chart(name.to_string()),
    }
}

/// Counts or measures what a chart shows.
pub(super) fn record(project: &Project, name: &str) -> Result<Chart> {
    match name {
        CALLS => return calls_per_step(project),
        "nagle" => return nagle::record(),
        "course-1" => return many::course(project, 1),
        "course-100" => return many::course(project, 100),
        "connections" => return many::connections(project, &[8, 9]),
        _ => {}
    }
    let unknown = || format!("nothing records a chart '{name}'");
    let (step, what) = name.split_once('-').with_context(unknown)?;
    let step: u8 = step.parse().with_context(unknown)?;
    match (what, step) {
        ("requests", step) => many::requests(project, step),
        ("memory", step) => many::memory(project, step),
        ("connections", 11) => many::connections(project, &[8, 9, 11]),
        ("connections", 12) => many::connections(project, &[9, 11, 12]),
        ("neighbours", 13) => many::neighbours(project, &[13], true),
        ("neighbours", 14) => many::neighbours(project, &[13, 14], true),
        ("neighbours", 15) => many::neighbours(project, &[14, 15], false),
        ("neighbours-user", step) => many::neighbours(project, &[step], false),
        ("sizes", 17) => many::sizes(project, &[16, 17]),
        _ => bail!(unknown()),
    }
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
    let steps: Vec<&Step> = project.finished().filter(serves).collect();
    let mut values = Vec::new();
    let built = cargo::build_for_traces(project, &steps)?;
    for step in &steps {
        let program = cargo::built(&built, &step.program())?;
        let count = |requests| trace::count(project, program, requests);
        let calls = (count(REQUESTS)? - count(0)?) / REQUESTS as f64;
        values.push((format!("{:02}", step.number), calls));
    }
    let title = format!(
        "System calls of ours per request: {REQUESTS} times the same page"
    );
    Ok(Chart::new(title, ["step", "system calls per request"], values))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_number() {
        let values = vec![("01".to_string(), 3000.0), ("02".into(), 12000.0)];
        let heads = ["step", "time in <ms>"];
        let chart = Chart::new("Calls & more", heads, values);
        let html = figure(&chart);
        assert!(html.contains("<figcaption>Calls &amp; more</figcaption>"));
        assert!(html.contains("<th scope=\"col\">time in &lt;ms&gt;</th>"));
        let bar = |width, number| {
            format!("width: {width}%\"></span></div>{number}</td></tr>")
        };
        assert!(html.contains(&bar("25.0", "3000")), "{html}");
        assert!(html.contains(&bar("100.0", "12000")), "{html}");
        assert_eq!(number(0.5), "0.5");
    }
}
