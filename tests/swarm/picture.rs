//! A Lamport diagram: a line for each node, time goes down, and an arrow for
//! each message.

use std::fmt::Write;
use std::time::Duration;

use shared::cli::Failure;

use super::{Arrow, Mutant, Plan, run};

/// Between two nodes, and between two events.
const WIDTH: usize = 260;
const HEIGHT: usize = 18;

/// The smallest history that goes wrong without a rule.
///
/// # Errors
/// When none is found.
pub fn smallest(without: Option<Mutant>) -> Result<String, Failure> {
    let forkers = usize::from(without == Some(Mutant::NoHead));
    let plans = (2..=6).flat_map(|nodes| {
        (0..400).map(move |seed| Plan {
            nodes,
            blocks: 8,
            every: Duration::from_millis(30),
            delay: 20_000,
            partition: Duration::from_millis(200),
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

/// Draws these messages as the book's pictures are drawn: the times are in
/// order, and not to scale.
fn draw(nodes: usize, arrows: &[Arrow]) -> String {
    let times = arrows.iter().flat_map(|it| [Some(it.sent), it.came]);
    let mut times: Vec<Duration> = times.flatten().collect();
    times.sort_unstable();
    times.dedup();
    let x = |node: usize| 60 + node * WIDTH;
    let y = |time: Duration| {
        let place = times.binary_search(&time).unwrap_or_else(|it| it);
        50 + place * HEIGHT
    };
    let (width, end) = (x(nodes - 1) + 60, 50 + times.len() * HEIGHT);
    let name = |node: usize| char::from(b'A' + node as u8);
    let told = arrows.iter().map(|it| {
        let lost = if it.came.is_none() { ", which is lost" } else { "" };
        let (from, to) = (name(it.from), name(it.to));
        format!("{from} sends {to} {}{lost}.", it.what)
    });
    let told = told.collect::<Vec<_>>().join(" ");
    let mut svg = format!(
        "<svg class=\"picture-drawing\" xmlns=\"http://www.w3.org/2000/svg\" \
         viewBox=\"0 0 {width} {}\" role=\"img\" \
         aria-labelledby=\"history-title history-desc\">\n  \
         <title id=\"history-title\">A history that goes wrong</title>\n  \
         <desc id=\"history-desc\">{told}</desc>\n",
        end + 10
    );
    // Writing to a string does not fail.
    let mut put = |line: String| _ = writeln!(svg, "  {line}");
    for node in 0..nodes {
        let (x, name) = (x(node), name(node));
        put(format!(
            "<text class=\"p-b\" x=\"{x}\" y=\"18\" \
             text-anchor=\"middle\">{name}</text>"
        ));
        put(format!("<path class=\"p-line p-mu\" d=\"M{x} 28L{x} {end}\"/>"));
    }
    for (number, arrow) in arrows.iter().enumerate() {
        let (from, to) = (x(arrow.from), x(arrow.to));
        let top = y(arrow.sent);
        let (to, bottom, color) = match arrow.came {
            Some(came) => (to, y(came), "p-a"),
            None => (usize::midpoint(from, to), top + HEIGHT / 2, "p-r"),
        };
        let mut path = |class: &str, d: String| {
            put(format!("<path class=\"{class} {color}\" d=\"{d}\"/>"));
        };
        path("p-line", format!("M{from} {top}L{to} {bottom}"));
        let back = if from < to { to - 8 } else { to + 8 };
        let (up, down, left, right) = (bottom - 4, bottom + 4, to - 4, to + 4);
        let head = format!("L{back} {up}L{back} {}Z", bottom + 2);
        let cross = format!("M{left} {down}L{right} {up}");
        match arrow.came {
            Some(_) => path("p-head", format!("M{to} {bottom}{head}")),
            None => {
                path("p-line", format!("M{left} {up}L{right} {down}{cross}"));
            }
        }
        let (x, anchor) = match from < to {
            true => (from + 8, "start"),
            false => (from - 8, "end"),
        };
        // Two that begin at one point stand below each other.
        let same = arrows[..number].iter().filter(|it| {
            (it.from, it.to, it.sent) == (arrow.from, arrow.to, arrow.sent)
        });
        let y = top - 4 + 20 * same.count();
        put(format!(
            "<text class=\"p-t\" x=\"{x}\" y=\"{y}\" \
             text-anchor=\"{anchor}\">{}</text>",
            arrow.what
        ));
    }
    svg.push_str("</svg>\n");
    svg
}
