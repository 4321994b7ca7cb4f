//! Draws a sequence diagram as SVG, with the classes of `pictures.css`.

use std::fmt::Write;

use super::{Diagram, Event};
use crate::html::escape;

/// As wide as the drawings by hand, so that a phone shows the text large
/// enough.
const WIDTH: usize = 380;
const MARGIN: usize = 68;
const LINE_HEIGHT: usize = 21;
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
        "<figure class=\"picture seq\">\n{picture}\n<figcaption>{title}\
         </figcaption>\n<ol class=\"visually-hidden\">\n{steps}</ol>\n</figure>"
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
        Canvas { columns: columns.collect(), y: 48, body: String::new() }
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
        for line in wrap(text, width.saturating_sub(12) / LETTER) {
            self.y += LINE_HEIGHT;
            let y = self.y - 6;
            self.text(middle, y, &line, "p-t");
        }
    }

    fn text(&mut self, x: usize, y: usize, text: &str, class: &str) {
        let _ = writeln!(
            self.body,
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" \
             text-anchor=\"middle\">{}</text>",
            escape(text)
        );
    }

    /// To the right in one colour and back in another. The head is drawn as
    /// its own shape: a marker would need an id.
    fn arrow(&mut self, from: usize, to: usize, dashed: bool) {
        let y = self.y;
        let (above, below) = (y - 4, y + 4);
        let (start, tip, back, colour) = match to > from {
            true => (from + 4, to - 2, to - 11, "p-a"),
            false => (from - 4, to + 2, to + 11, "p-g"),
        };
        let dashes = if dashed { " p-dash" } else { "" };
        let _ = writeln!(
            self.body,
            "<path class=\"p-line {colour}{dashes}\" d=\"M{start} {y}H{back}\"\
             />\n<path class=\"p-head {colour}\" d=\"M{tip} {y}L{back} {above}\
             V{below}Z\"/>"
        );
        self.y += 12;
    }

    fn note(&mut self, actor: usize, text: &str) {
        let lines = wrap(text, 18);
        let longest = lines.iter().map(|line| line.chars().count()).max();
        let width = longest.unwrap_or(0) * LETTER + 20;
        let height = lines.len() * LINE_HEIGHT + 10;
        // A note of the first or last actor must not leave the picture.
        let half = width / 2;
        let middle = self.columns[actor].clamp(half + 1, WIDTH - 1 - half);
        let (x, y) = (middle - half, self.y + 6);
        let _ = writeln!(
            self.body,
            "<rect class=\"p-box\" x=\"{x}\" y=\"{y}\" width=\"{width}\" \
             height=\"{height}\" rx=\"6\"/>"
        );
        self.y += 6;
        for line in lines {
            self.y += LINE_HEIGHT;
            let y = self.y;
            self.text(middle, y, &line, "p-t");
        }
        self.y += 18;
    }

    fn gap(&mut self, text: &str) {
        let y = self.y + 30;
        let (left, right) = (8, WIDTH - 8);
        let _ = writeln!(
            self.body,
            "<path class=\"p-line p-mu p-dash\" d=\"M{left} {y}H{right}\"/>"
        );
        self.text(WIDTH / 2, y - 8, text, "p-t p-mute");
        self.y += 40;
    }

    fn finish(mut self, diagram: &Diagram, title: &str) -> String {
        let events = std::mem::take(&mut self.body);
        let height = self.y + 14;
        let actors = diagram.actors.iter().zip(self.columns.clone());
        let mut boxes = String::new();
        for (actor, column) in actors {
            let width = (actor.chars().count() * 9 + 24).min(2 * MARGIN - 8);
            let x = column - width / 2;
            let _ = writeln!(
                boxes,
                "<path class=\"p-line p-mu p-thin\" d=\"M{column} 32V{height}\"\
                 />\n<rect class=\"p-box\" x=\"{x}\" y=\"4\" width=\"{width}\" \
                 height=\"28\" rx=\"6\"/>"
            );
            self.text(column, 23, actor, "p-b");
        }
        format!(
            "<svg class=\"picture-drawing\" role=\"img\" \
             aria-label=\"{title}\" viewBox=\"0 0 {WIDTH} {height}\">\n\
             {boxes}{}{events}</svg>",
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
