//! A chart, with its numbers as a table.
//!
//! `book/data/charts/NAME.json` holds the numbers, recorded by the function
//! of that name in `RECORDERS`.

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use super::compare::skip;
use super::hashes::{self, Hashes};
use super::{Which, cargo, trace};
use crate::html::{block, escape};
use crate::{Fault, Project, Result, Step};

mod draw;
mod nagle;

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chart {
    /// What it shows, in a few words.
    pub title: String,
    /// How it is drawn.
    pub kind: Kind,
    /// What the horizontal axis counts, with its unit.
    pub x: String,
    /// What the vertical axis counts, with its unit.
    pub y: String,
    /// What is compared; one series needs no name.
    pub series: Vec<Series>,
}

/// How a chart is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A bar for each value, side by side for several series.
    Bars,
    /// A line through the values, over a scale of numbers.
    Lines,
}

/// Values that belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// Its name in the chart.
    pub name: String,
    /// Pairs of a place on the horizontal axis and a value.
    pub values: Vec<(String, f64)>,
}

/// How a chart's numbers come about.
type Recorder = fn(&Project) -> Result<Chart>;

/// Whether a chart's numbers are the same wherever they are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Numbers {
    /// Counts: compared with a new recording.
    Counted,
    /// Times: they are one machine's, which the chart names.
    Timed,
}

/// The charts that can be recorded again.
const RECORDERS: [(&str, Numbers, Recorder); 2] = [
    ("calls-per-step", Numbers::Counted, calls_per_step),
    ("nagle", Numbers::Timed, nagle::record),
];

impl Chart {
    /// The places on the horizontal axis, in order.
    fn places(&self) -> Vec<&str> {
        let mut places: Vec<&str> = Vec::new();
        for (place, _) in self.series.iter().flat_map(|s| &s.values) {
            if !places.contains(&place.as_str()) {
                places.push(place);
            }
        }
        places
    }

    fn to_json(&self) -> Result<String> {
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
    let mut html = String::from("<div class=\"table-wrapper\">\n<table>\n");
    write!(html, "<thead><tr><th scope=\"col\">{}</th>", escape(&chart.x))?;
    for series in &chart.series {
        let head = match chart.series.len() {
            1 => chart.y.clone(),
            _ => format!("{}, {}", series.name, chart.y),
        };
        write!(html, "<th scope=\"col\">{}</th>", escape(&head))?;
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for place in chart.places() {
        write!(html, "<tr><th scope=\"row\">{}</th>", escape(place))?;
        for series in &chart.series {
            let value = series.values.iter().find(|(at, _)| at == place);
            let value = value.map_or("–".into(), |(_, v)| draw::number(*v));
            write!(html, "<td>{value}</td>")?;
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody>\n</table>\n</div>\n");
    Ok(html)
}

/// Records charts and writes their files: those named, or else what `which`
/// says. Times are another machine's each time, so that they are recorded
/// when they are named, or all are.
///
/// # Errors
/// When nothing records such a chart, or its numbers cannot be had.
pub fn record_to_files(
    project: &Project,
    names: &[String],
    which: Which,
    known: &mut Hashes,
) -> Result<()> {
    for name in names {
        if !RECORDERS.iter().any(|(known, ..)| known == name) {
            bail!("nothing records a chart '{name}'");
        }
    }
    for (name, numbers, recorder) in RECORDERS {
        let file = file(name);
        let hash = hashes::of_chart(project, name);
        let current = known.is_current(&hashes::name(&file), hash.as_deref());
        let wanted = match names.is_empty() {
            true if which == Which::All => true,
            true => numbers == Numbers::Counted && !current,
            false => names.iter().any(|wanted| wanted == name),
        };
        if !wanted {
            continue;
        }
        eprintln!("book: chart {name}");
        let path = project.root.join(&file);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, recorder(project)?.to_json()?)
            .with_context(|| file.display().to_string())?;
        let hash = hashes::of_chart(project, name);
        known.note(project, &hashes::name(&file), hash)?;
        println!("{}", file.display());
    }
    Ok(())
}

/// Charts whose numbers are others now.
///
/// # Errors
/// When the numbers cannot be had.
pub fn compare(
    project: &Project,
    known: &Hashes,
    which: Which,
) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    for (name, numbers, recorder) in RECORDERS {
        let file = file(name);
        let hash = hashes::of_chart(project, name);
        let current = known.is_current(&hashes::name(&file), hash.as_deref());
        if numbers == Numbers::Timed || (which == Which::Changed && current) {
            continue;
        }
        // A book without this chart has nothing to compare.
        let Ok(recorded) = project.read(&file) else { continue };
        if let Some(why) = trace::impossible() {
            faults.extend(skip(&format!("chart {name}"), &file, why));
            continue;
        }
        eprintln!("book: chart {name}");
        let now = recorder(project)?.to_json()?;
        let mut lines = recorded.lines().zip(now.lines());
        if recorded != now {
            let at = lines.position(|(old, new)| old != new);
            let line = at.map_or(0, |index| index + 1);
            let what = format!(
                "the numbers are others now: cargo book record charts {name}"
            );
            faults.push(Fault::new(file, line, what));
        }
    }
    Ok(faults)
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
        kind: Kind::Bars,
        x: "step".to_string(),
        y: "system calls per request".to_string(),
        series: vec![Series { name: String::new(), values }],
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn the_table_has_every_number_and_a_gap_where_there_is_none() {
        let series = |name: &str, values: &[(&str, f64)]| Series {
            name: name.to_string(),
            values: values.iter().map(|(p, v)| (p.to_string(), *v)).collect(),
        };
        let chart = Chart {
            title: "t".to_string(),
            kind: Kind::Bars,
            x: "step".to_string(),
            y: "time in ms".to_string(),
            series: vec![
                series("ours", &[("01", 2.5), ("02", 12000.0)]),
                series("<other>", &[("02", 3.0)]),
            ],
        };
        let table = table(&chart).unwrap();
        assert!(table.contains("<th scope=\"col\">&lt;other&gt;, time in ms"));
        assert!(table.contains("01</th><td>2.5</td><td>–</td></tr>"));
        assert!(table.contains("02</th><td>12\u{202f}000</td><td>3</td></tr>"));
    }
}
