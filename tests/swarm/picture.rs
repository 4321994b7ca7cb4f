//! A Lamport diagram: a line for each node, time goes down, and an arrow for
//! each message.

use std::fmt::Write;
use std::time::Duration;

use shared::cli::Failure;

use super::{Arrow, Mutant, Plan, run};

/// Between two lines, and between two events.
const WIDTH: usize = 260;
const HEIGHT: usize = 22;

/// The smallest history that goes wrong without a rule.
///
/// # Errors
/// When none is found.
pub fn smallest(without: Option<Mutant>) -> Result<String, Failure> {
    let forkers = usize::from(without == Some(Mutant::NoHead));
    let plans = (2..=6).flat_map(|nodes| {
        (0..400).map(move |seed| Plan {
            nodes,
            blocks: 12,
            every: Duration::from_millis(30),
            delay: 20_000,
            partition: Duration::from_millis(150),
            forkers,
            mute: usize::from(without == Some(Mutant::NoRetry)),
            mutant: without,
            ..Plan::divided(seed)
        })
    });
    let wrong = plans.filter_map(|plan| {
        let outcome = run(plan);
        let is_wrong = !outcome.faults.is_empty();
        let is_right = run(Plan { mutant: None, ..plan }).faults.is_empty();
        (is_wrong && is_right).then_some((plan, outcome))
    });
    let smallest = wrong.min_by_key(|(_, outcome)| outcome.arrows.len());
    let (plan, outcome) =
        smallest.ok_or(Failure::wrong("nothing goes wrong"))?;
    Ok(draw(plan.nodes, &outcome.arrows))
}

/// Draws these messages: the times are in order, and not to scale.
fn draw(nodes: usize, arrows: &[Arrow]) -> String {
    let times = arrows.iter().flat_map(|it| [Some(it.sent), it.came]);
    let mut times: Vec<Duration> = times.flatten().collect();
    times.sort_unstable();
    times.dedup();
    let x = |node: usize| 60 + node * WIDTH;
    let y = |time: Duration| {
        let place = times.binary_search(&time).unwrap_or_else(|it| it);
        60 + place * HEIGHT
    };
    let (width, end) = (x(nodes - 1) + 60, 60 + times.len() * HEIGHT);
    let mut svg = String::new();
    // Writing to a string does not fail.
    let mut put = |line: String| _ = writeln!(svg, "{line}");
    put(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {}\" \
         font-family=\"sans-serif\" font-size=\"12\" fill=\"currentColor\" \
         stroke=\"currentColor\">",
        end + 20
    ));
    put("<style>text{stroke:none}path{fill:none}</style>".to_string());
    put("<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" \
         markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\"><path \
         d=\"M0 0 8 4 0 8z\" style=\"fill:currentColor;stroke:none\"/></marker></defs>"
        .to_string());
    for node in 0..nodes {
        let (x, name) = (x(node), char::from(b'A' + node as u8));
        put(format!(
            "<text x=\"{x}\" y=\"30\" text-anchor=\"middle\">{name}</text>"
        ));
        put(format!("<path d=\"M{x} 40V{end}\" opacity=\".5\"/>"));
    }
    for (number, arrow) in arrows.iter().enumerate() {
        let (from, to) = (x(arrow.from), x(arrow.to));
        let top = y(arrow.sent);
        let bottom = arrow.came.map_or(top + HEIGHT, y);
        let (to, tip) = match arrow.came {
            Some(_) => (to, " marker-end=\"url(#tip)\""),
            None => (usize::midpoint(from, to), " stroke-dasharray=\"3\""),
        };
        put(format!("<path d=\"M{from} {top}L{to} {bottom}\"{tip}/>"));
        let (x, anchor) = match arrow.from < arrow.to {
            true => (from + 8, "start"),
            false => (from - 8, "end"),
        };
        // Two that begin at one point stand below each other.
        let before = &arrows[..number];
        let same = before.iter().filter(|it| {
            (it.from, it.to, it.sent) == (arrow.from, arrow.to, arrow.sent)
        });
        let y = top - 4 + 13 * same.count();
        put(format!(
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{}</text>",
            arrow.what
        ));
    }
    put("</svg>".to_string());
    svg
}
