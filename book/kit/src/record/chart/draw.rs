//! Draws a chart as SVG in the theme's colours.

use std::fmt::Write;

use anyhow::{Context, ensure};

use super::{Chart, Kind, Series};
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

/// A colour for each series, and how its line is broken: colour alone tells
/// nothing to those who do not see it.
const LOOKS: [(&str, &str); 4] = [
    ("var(--accent)", "none"),
    ("var(--good)", "7 4"),
    ("var(--bad)", "2 3"),
    ("var(--muted)", "9 3 2 3"),
];

/// The chart's drawing.
///
/// # Errors
/// When there are no values, or too many series, or a line has a place that
/// is no number.
pub fn svg(chart: &Chart) -> Result<String> {
    ensure!(!chart.places().is_empty(), "a chart without values");
    ensure!(chart.series.len() <= LOOKS.len(), "too many series to tell apart");
    let values = chart.series.iter().flat_map(|series| &series.values);
    let most = values.map(|(_, value)| *value).fold(0.0, f64::max);
    let step = step(most);
    let top = (most / step).ceil().max(1.0) * step;
    let height = |value: f64| BOTTOM - (BOTTOM - TOP) * value / top;

    let mut svg = String::new();
    writeln!(
        svg,
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         font-family=\"inherit\" font-size=\"15.5\" fill=\"var(--fg)\" \
         aria-label=\"{}: {}. The numbers are in the table that follows.\">",
        match chart.kind {
            Kind::Bars => "Bar chart",
            Kind::Lines => "Line chart",
        },
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
    match chart.kind {
        Kind::Bars => bars(&mut svg, chart, &height)?,
        Kind::Lines => lines(&mut svg, chart, &height)?,
    }
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
    let places = chart.places();
    let slot = (RIGHT - LEFT) / places.len() as f64;
    let width = (slot * 0.7 / chart.series.len() as f64).min(64.0);
    let named = (LABEL / slot).ceil().max(1.0) as usize;
    for (at, place) in places.iter().enumerate() {
        let middle = LEFT + slot * (at as f64 + 0.5);
        let first = middle - width * chart.series.len() as f64 / 2.0;
        if at % named == 0 {
            place_name(svg, middle, place)?;
        }
        for (index, series) in chart.series.iter().enumerate() {
            let value = series.values.iter().find(|(at, _)| at == place);
            let Some((_, value)) = value else { continue };
            let (x, y) = (first + width * index as f64, height(*value));
            writeln!(
                svg,
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
                 height=\"{:.1}\" fill=\"{}\"/>",
                BOTTOM - y,
                LOOKS[index].0,
            )?;
            if width >= LABEL {
                writeln!(
                    svg,
                    "<text x=\"{:.1}\" y=\"{:.1}\" \
                     text-anchor=\"middle\" stroke=\"var(--bg)\" \
                     stroke-width=\"4\" paint-order=\"stroke\">{}</text>",
                    x + width / 2.0,
                    y - 5.0,
                    number(*value)
                )?;
            }
        }
    }
    legend(svg, chart)
}

fn lines(
    svg: &mut String,
    chart: &Chart,
    height: &impl Fn(f64) -> f64,
) -> Result<()> {
    let places: Vec<f64> =
        chart.places().into_iter().map(parse).collect::<Result<_>>()?;
    let first = places.iter().copied().fold(f64::INFINITY, f64::min);
    let last = places.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let span = if last > first { last - first } else { 1.0 };
    // The outermost points are not on the edge.
    let across = |place: f64| {
        LEFT + 20.0 + (RIGHT - LEFT - 40.0) * (place - first) / span
    };
    for place in chart.places() {
        place_name(svg, across(parse(place)?), place)?;
    }
    for (Series { values, .. }, (colour, dashes)) in
        chart.series.iter().zip(LOOKS)
    {
        let mut points = Vec::new();
        for (place, value) in values {
            points.push((across(parse(place)?), height(*value)));
        }
        let path: Vec<_> =
            points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" \
             stroke-width=\"2\" stroke-dasharray=\"{dashes}\"/>",
            path.join(" ")
        )?;
        for (x, y) in points {
            writeln!(
                svg,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" \
                 fill=\"{colour}\"/>"
            )?;
        }
    }
    legend(svg, chart)
}

fn place_name(svg: &mut String, x: f64, place: &str) -> Result<()> {
    Ok(writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" \
         fill=\"var(--muted)\">{}</text>",
        BOTTOM + 19.0,
        escape(place)
    )?)
}

/// The names of several series, at the top, in their order.
fn legend(svg: &mut String, chart: &Chart) -> Result<()> {
    if chart.series.len() < 2 {
        return Ok(());
    }
    let slot = (RIGHT - 120.0) / chart.series.len() as f64;
    for (index, (series, (colour, dashes))) in
        chart.series.iter().zip(LOOKS).enumerate()
    {
        let x = 120.0 + slot * index as f64;
        writeln!(
            svg,
            "<path d=\"M{x:.1} 11h22\" stroke=\"{colour}\" \
             stroke-width=\"4\" stroke-dasharray=\"{dashes}\"/>\
             <text x=\"{:.1}\" y=\"16\">{}</text>",
            x + 28.0,
            escape(&series.name)
        )?;
    }
    Ok(())
}

fn parse(place: &str) -> Result<f64> {
    place.parse().with_context(|| {
        format!("'{place}' is no number, and lines go over numbers")
    })
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

    fn chart(kind: Kind, places: &[(&str, f64)]) -> Chart {
        let values =
            places.iter().map(|(place, v)| (place.to_string(), *v)).collect();
        Chart {
            title: "Calls & more".to_string(),
            kind,
            x: "step".to_string(),
            y: "calls".to_string(),
            series: vec![Series { name: String::new(), values }],
        }
    }

    #[test]
    fn a_bar_is_as_high_as_its_value() {
        let svg =
            svg(&chart(Kind::Bars, &[("01", 5.0), ("02", 10.0)])).unwrap();
        let heights: Vec<f64> = svg
            .lines()
            .filter(|line| line.starts_with("<rect"))
            .map(|line| {
                let height = line.split("height=\"").nth(1).unwrap();
                height.split('"').next().unwrap().parse().unwrap()
            })
            .collect();
        assert_eq!(heights, [(BOTTOM - TOP) / 2.0, BOTTOM - TOP]);
        assert!(svg.contains("Bar chart: Calls &amp; more."));
    }

    #[test]
    fn a_line_goes_over_numbers_only() {
        let svg1 = svg(&chart(Kind::Lines, &[("1", 1.0), ("10", 2.0)]));
        assert!(svg1.unwrap().contains("<polyline points=\"68.0,134.0"));
        let error = svg(&chart(Kind::Lines, &[("one", 1.0)])).unwrap_err();
        assert!(error.to_string().contains("'one' is no number"));
        assert!(svg(&chart(Kind::Bars, &[])).is_err());
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
