//! The fence ```` ```seq ````: a sequence diagram in a few lines of text.
//!
//! ```text
//! title: The handshake
//! actors: client, kernel, server
//! client -> kernel: connect
//! kernel --> client: done        (a dashed arrow)
//! note server: asleep in accept
//! ... 60 s ...
//! ```

use anyhow::{Context, bail};

use crate::Result;

mod draw;

/// A sequence diagram.
#[derive(Debug, Default, PartialEq, Eq)]
struct Diagram {
    title: String,
    actors: Vec<String>,
    events: Vec<Event>,
}

/// One thing that happens; actors are indices.
#[derive(Debug, PartialEq, Eq)]
enum Event {
    Message { from: usize, to: usize, text: String, dashed: bool },
    Note { actor: usize, text: String },
    Gap { text: String },
}

/// The lines of a fence as HTML: a picture, and for those who cannot see it
/// the same as a list. An error comes with the line's index.
pub(crate) fn render(lines: &[&str]) -> Result<String, (usize, anyhow::Error)> {
    let mut diagram = Diagram::default();
    for (at, line) in lines.iter().enumerate() {
        read(&mut diagram, line.trim()).map_err(|error| (at, error))?;
    }
    if diagram.title.is_empty() || diagram.events.is_empty() {
        let error = anyhow::anyhow!(
            "a sequence needs `title: …`, `actors: …` and at least one event"
        );
        return Err((0, error));
    }
    Ok(draw::figure(&diagram))
}

fn read(diagram: &mut Diagram, line: &str) -> Result<()> {
    if line.is_empty() {
        return Ok(());
    }
    if let Some(text) = line.strip_prefix("...") {
        let text = text.trim_end_matches('.').trim().to_string();
        diagram.events.push(Event::Gap { text });
        return Ok(());
    }
    let (head, text) = line.split_once(':').with_context(|| {
        format!("`{line}` is no line of a sequence: it has no `:`")
    })?;
    let (head, text) = (head.trim(), text.trim().to_string());
    if head == "title" {
        diagram.title = text;
    } else if head == "actors" {
        let names = text.split(',').map(|name| name.trim().to_string());
        diagram.actors = names.collect();
    } else if let Some(actor) = head.strip_prefix("note ") {
        let actor = actor_index(diagram, actor)?;
        diagram.events.push(Event::Note { actor, text });
    } else {
        let (arrow, dashed) = match head.contains("-->") {
            true => ("-->", true),
            false => ("->", false),
        };
        let (from, to) = head.split_once(arrow).with_context(|| {
            format!("`{head}` is neither title, actors, note nor an arrow")
        })?;
        let from = actor_index(diagram, from)?;
        let to = actor_index(diagram, to)?;
        if from == to {
            bail!("`{head}`: an arrow leads to another actor; use a note");
        }
        diagram.events.push(Event::Message { from, to, text, dashed });
    }
    Ok(())
}

fn actor_index(diagram: &Diagram, name: &str) -> Result<usize> {
    let name = name.trim();
    let found = diagram.actors.iter().position(|actor| actor == name);
    found.with_context(|| format!("`{name}` is not among the actors"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn draws_and_describes() {
        let html = render(&[
            "title: A & B",
            "actors: a, b",
            "",
            "a -> b: SYN",
            "b --> a: SYN, ACK",
            "note b: asleep",
            "... 60 s ...",
        ])
        .unwrap();
        assert!(html.contains("aria-label=\"A &amp; B\""), "{html}");
        assert!(html.contains("<li>a to b: SYN</li>"), "{html}");
        assert!(html.contains("<li>b to a: SYN, ACK</li>"), "{html}");
        assert!(html.contains("<li>b: asleep</li>"), "{html}");
        assert!(html.contains("<li>60 s</li>"), "{html}");
        assert!(html.contains("<path class=\"p-line p-a\""), "{html}");
        assert!(html.contains("<path class=\"p-line p-g p-dash\""), "{html}");
    }

    #[test]
    fn a_wrong_line_is_named() {
        for (line, words) in [
            ("a -> c: x", "`c` is not among the actors"),
            ("a to b", "no `:`"),
            ("a b: x", "neither title"),
            ("a -> a: x", "leads to another actor"),
        ] {
            let (at, error) =
                render(&["title: x", "actors: a, b", line]).unwrap_err();
            assert_eq!(at, 2);
            assert!(error.to_string().contains(words), "{error}");
        }
        assert!(render(&["title: x", "actors: a, b"]).is_err());
    }
}
