//! Draws a chart as SVG in the theme's colours.

use std::fmt::Write;

use anyhow::ensure;

use super::Chart;
use crate::Result;
use crate::html::escape;

/// The drawing's size: as wide as the drawings by hand, so that the letters
/// are neither tiny on a phone nor huge on a desk.
const WIDTH: f64 = 380.0;
const HEIGHT: f64 = 280.0;

/// The area of the values.
const LEFT: f64 = 48.0;
const RIGHT: f64 = 376.0;
const TOP: f64 = 36.0;
const BOTTOM: f64 = 232.0;

/// Names or numbers side by side need this much, each.
const LABEL: f64 = 26.0;

/// The chart's drawing.
///
/// # Errors
/// When there are no values.
pub fn svg(chart: &Chart) -> Result<String> {
    ensure!(!chart.values.is_empty(), "a chart without values");
    let most = chart.values.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    let step = step(most);
    let top = (most / step).ceil().max(1.0) * step;
    let height = |value: f64| BOTTOM - (BOTTOM - TOP) * value / top;

    let mut svg = String::new();
    writeln!(
        svg,
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         font-family=\"inherit\" font-size=\"15.5\" fill=\"var(--fg)\" \
         aria-label=\"Bar chart: {}. The numbers are in the table that \
         follows.\">",
        escape(&chart.title)
    )?;
    let mut tick = 0.0;
    while tick <= top + step / 2.0 {
        let y = height(tick);
        writeln!(
            svg,
            "<path d=\"M{LEFT} {y:.1}H{RIGHT}\" stroke=\"var(--line)\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" \
             fill=\"var(--muted)\">{}</text>",
            LEFT - 8.0,
            y + 5.0,
            number(tick)
        )?;
        tick += step;
    }
    bars(&mut svg, chart, &height)?;
    writeln!(
        svg,
        "<path d=\"M{LEFT} {BOTTOM}H{RIGHT}\" stroke=\"var(--fg)\"/>\
         <text x=\"4\" y=\"16\">{}</text>\
         <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n\
         </svg>",
        escape(&chart.y),
        (LEFT + RIGHT) / 2.0,
        HEIGHT - 8.0,
        escape(&chart.x)
    )?;
    Ok(svg)
}

fn bars(
    svg: &mut String,
    chart: &Chart,
    height: &impl Fn(f64) -> f64,
) -> Result<()> {
    let slot = (RIGHT - LEFT) / chart.values.len() as f64;
    let width = (slot * 0.7).min(64.0);
    let named = (LABEL / slot).ceil().max(1.0) as usize;
    for (at, (name, value)) in chart.values.iter().enumerate() {
        let middle = LEFT + slot * (at as f64 + 0.5);
        let y = height(*value);
        writeln!(
            svg,
            "<rect x=\"{:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
             height=\"{:.1}\" fill=\"var(--accent)\"/>",
            middle - width / 2.0,
            BOTTOM - y,
        )?;
        if at % named == 0 {
            text(svg, middle, BOTTOM + 19.0, "var(--muted)", name)?;
        }
        if width >= LABEL {
            text(svg, middle, y - 5.0, "var(--fg)", &number(*value))?;
        }
    }
    Ok(())
}

/// A text in the middle of `x`, legible over a line.
fn text(
    svg: &mut String,
    x: f64,
    y: f64,
    fill: &str,
    text: &str,
) -> Result<()> {
    Ok(writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\" \
         fill=\"{fill}\" stroke=\"var(--bg)\" stroke-width=\"4\" \
         paint-order=\"stroke\">{}</text>",
        escape(text)
    )?)
}

/// The distance of the lines across: one, two or five times a power of ten,
/// so that there are at most six.
fn step(most: f64) -> f64 {
    let mut power = 10_f64.powi(-6);
    loop {
        for times in [1.0, 2.0, 5.0] {
            if most <= power * times * 5.0 {
                return power * times;
            }
        }
        power *= 10.0;
    }
}

/// A number as one reads it: without noise behind the point, and with narrow
/// spaces between its thousands.
pub fn number(value: f64) -> String {
    let text = format!("{:.3}", value);
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let rest = rest.trim_end_matches('0');
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        let left = whole.len() - index;
        if index > 0 && left % 3 == 0 && whole.len() > 4 {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    if rest.is_empty() { grouped } else { format!("{grouped}.{rest}") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_bar_is_as_high_as_its_value() {
        let mut chart = Chart {
            title: "Calls & more".to_string(),
            x: "step".to_string(),
            y: "calls".to_string(),
            values: vec![("01".to_string(), 5.0), ("02".to_string(), 10.0)],
        };
        let drawing = svg(&chart).unwrap();
        let heights: Vec<f64> = drawing
            .lines()
            .filter(|line| line.starts_with("<rect"))
            .map(|line| {
                let height = line.split("height=\"").nth(1).unwrap();
                height.split('"').next().unwrap().parse().unwrap()
            })
            .collect();
        assert_eq!(heights, [(BOTTOM - TOP) / 2.0, BOTTOM - TOP]);
        assert!(drawing.contains("Bar chart: Calls &amp; more."));
        chart.values.clear();
        assert!(svg(&chart).is_err());
    }

    #[test]
    fn scales_have_round_numbers() {
        for (most, expected) in
            [(0.0, 0.000_001), (5.0, 1.0), (23.0, 5.0), (26.0, 10.0)]
        {
            assert!((step(most) - expected).abs() < 1e-9, "{most}");
        }
        assert_eq!(number(0.5), "0.5");
        assert_eq!(number(1234.0), "1234");
        assert_eq!(number(1_234_567.25), "1\u{202f}234\u{202f}567.25");
    }
}
