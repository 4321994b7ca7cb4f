//! Draws a sequence diagram as SVG in the colours of the page.

use std::fmt::Write;

use super::{Diagram, Event};
use crate::html::escape;

/// The picture's width; a phone shows it at about half its size.
const WIDTH: usize = 600;
const MARGIN: usize = 70;
const LINE_HEIGHT: usize = 19;
/// A letter of the labels' font is about this wide.
const LETTER: usize = 8;

pub(super) fn figure(diagram: &Diagram) -> String {
    let title = escape(&diagram.title);
    let mut canvas = Canvas::new(diagram);
    for event in &diagram.events {
        canvas.event(event);
    }
    let picture = canvas.finish(diagram, &title);
    let steps: String = diagram
        .events
        .iter()
        .map(|event| {
            format!("<li>{}</li>\n", escape(&in_words(event, diagram)))
        })
        .collect();
    format!(
        "<figure class=\"seq\">\n{picture}\n<figcaption>{title}</figcaption>\n\
         <ol class=\"visually-hidden\">\n{steps}</ol>\n</figure>"
    )
}

fn in_words(event: &Event, diagram: &Diagram) -> String {
    let name = |actor: &usize| diagram.actors[*actor].as_str();
    match event {
        Event::Message { from, to, text, .. } => {
            format!("{} to {}: {text}", name(from), name(to))
        }
        Event::Note { actor, text } => format!("{}: {text}", name(actor)),
        Event::Gap { text } => text.clone(),
    }
}

struct Canvas {
    /// Where each actor's line stands.
    columns: Vec<usize>,
    /// Where the next event begins.
    y: usize,
    body: String,
}

impl Canvas {
    fn new(diagram: &Diagram) -> Self {
        let gaps = diagram.actors.len().saturating_sub(1).max(1);
        let space = (WIDTH - 2 * MARGIN) / gaps;
        let columns = (0..diagram.actors.len()).map(|at| MARGIN + at * space);
        Canvas { columns: columns.collect(), y: 60, body: String::new() }
    }

    fn event(&mut self, event: &Event) {
        match event {
            Event::Message { from, to, text, dashed } => {
                let (from, to) = (self.columns[*from], self.columns[*to]);
                self.text_above((from + to) / 2, from.abs_diff(to), text);
                self.arrow(from, to, *dashed);
            }
            Event::Note { actor, text } => self.note(*actor, text),
            Event::Gap { text } => self.gap(text),
        }
    }

    fn text_above(&mut self, middle: usize, width: usize, text: &str) {
        for line in wrap(text, width.saturating_sub(16) / LETTER) {
            self.y += LINE_HEIGHT;
            let y = self.y - 5;
            self.text(middle, y, &line, "");
        }
    }

    fn text(&mut self, x: usize, y: usize, text: &str, more: &str) {
        let _ = writeln!(
            self.body,
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\" \
             fill=\"currentColor\"{more}>{}</text>",
            escape(text)
        );
    }

    fn arrow(&mut self, from: usize, to: usize, dashed: bool) {
        let y = self.y;
        let dashes = if dashed { " stroke-dasharray=\"6 4\"" } else { "" };
        // The head is drawn as two strokes: a marker would need an id.
        let back = if to > from { to - 9 } else { to + 9 };
        let (above, below) = (y - 5, y + 5);
        let _ = writeln!(
            self.body,
            "<path d=\"M{from} {y}H{to}\" fill=\"none\" \
             stroke=\"currentColor\" stroke-width=\"1.5\"{dashes}/>\n\
             <path d=\"M{back} {above}L{to} {y}L{back} {below}\" \
             fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.5\"/>"
        );
        self.y += 10;
    }

    fn note(&mut self, actor: usize, text: &str) {
        let lines = wrap(text, 22);
        let longest = lines.iter().map(|line| line.chars().count()).max();
        let width = longest.unwrap_or(0) * LETTER + 20;
        let height = lines.len() * LINE_HEIGHT + 10;
        // A note of the first or last actor must not leave the picture.
        let half = width / 2;
        let middle = self.columns[actor].clamp(half + 1, WIDTH - 1 - half);
        let (x, y) = (middle - half, self.y + 6);
        let _ = writeln!(
            self.body,
            "<rect class=\"note\" x=\"{x}\" y=\"{y}\" width=\"{width}\" \
             height=\"{height}\" rx=\"4\" fill=\"var(--quote-bg)\" \
             stroke=\"currentColor\"/>"
        );
        self.y += 6;
        for line in lines {
            self.y += LINE_HEIGHT;
            let y = self.y;
            self.text(middle, y, &line, "");
        }
        self.y += 16;
    }

    fn gap(&mut self, text: &str) {
        let y = self.y + 26;
        let (left, right) = (10, WIDTH - 10);
        let _ = writeln!(
            self.body,
            "<path d=\"M{left} {y}H{right}\" stroke=\"currentColor\" \
             stroke-dasharray=\"2 6\"/>"
        );
        self.text(WIDTH / 2, y - 6, text, " font-style=\"italic\"");
        self.y += 36;
    }

    fn finish(mut self, diagram: &Diagram, title: &str) -> String {
        let events = std::mem::take(&mut self.body);
        let height = self.y + 14;
        for (actor, x) in diagram.actors.iter().zip(self.columns.clone()) {
            let _ = writeln!(
                self.body,
                "<path d=\"M{x} 40V{height}\" stroke=\"currentColor\" \
                 stroke-opacity=\"0.5\"/>"
            );
            self.text(x, 26, actor, " font-weight=\"bold\"");
        }
        format!(
            "<svg role=\"img\" aria-label=\"{title}\" viewBox=\"0 0 {WIDTH} \
             {height}\" font-size=\"15\">\n{}{events}</svg>",
            self.body
        )
    }
}

/// The text in lines of at most `width` letters, cut between words.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let letters = word.chars().count();
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + letters <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines
}
