//! A session as HTML.

use std::fmt::Write;

use super::{Kind, Transcript};
use crate::html::{block, escape};
use crate::{Project, Result};

/// A recorded terminal session, as HTML.
///
/// # Errors
/// When there is no such recording.
pub fn render(project: &Project, name: &str) -> Result<String> {
    Ok(page(&super::load(project, name)?)?)
}

fn page(session: &Transcript) -> Result<String, std::fmt::Error> {
    let mut names: Vec<&str> = Vec::new();
    for line in &session.lines {
        if !names.contains(&&*line.terminal) {
            names.push(&line.terminal);
        }
    }
    let caption = escape(&session.caption);
    let mut html =
        format!("<figure class=\"run\">\n<figcaption>{caption}</figcaption>\n");
    let turns = session.lines.chunk_by(|a, b| a.terminal == b.terminal);
    for turn in turns {
        let name = &turn[0].terminal;
        let number = names.iter().position(|known| known == name);
        let number = number.map_or(1, |index| index + 1);
        writeln!(html, "<div class=\"run-turn run-terminal-{number}\">")?;
        if names.len() > 1 {
            writeln!(html, "<p class=\"run-name\">{}</p>", escape(name))?;
        }
        for lines in turn
            .chunk_by(|a, b| a.kind == Kind::Output && b.kind == Kind::Output)
        {
            let texts: Vec<_> =
                lines.iter().map(|line| escape(&line.text)).collect();
            piece(&mut html, lines[0].kind, &texts)?;
        }
        html.push_str("</div>\n");
    }
    html.push_str("</figure>");
    Ok(block(&html))
}

/// One command, one key, or some lines of output. Only a command is in a
/// `code`, which gives it mdBook's button for copying; its prompt is not.
fn piece(html: &mut String, kind: Kind, texts: &[String]) -> std::fmt::Result {
    let text = &texts[0];
    match kind {
        Kind::Command => writeln!(
            html,
            "<pre class=\"run-command\"><span class=\"run-prompt\" \
             aria-hidden=\"true\">$ </span><code class=\"language-console \
             nohighlight\">{text}</code></pre>"
        ),
        Kind::Output => writeln!(
            html,
            "<pre class=\"run-output\"><samp>{}</samp></pre>",
            // One line of HTML, which a blank line cannot cut.
            texts.join("&#10;")
        ),
        Kind::Typed => writeln!(
            html,
            "<pre class=\"run-typed\"><span class=\"run-said\">typed: </span>\
             <kbd>{text}</kbd></pre>"
        ),
        Kind::EndInput => {
            writeln!(html, "<pre class=\"run-key\"><kbd>Ctrl-D</kbd></pre>")
        }
        Kind::Interrupt => {
            writeln!(html, "<pre class=\"run-key\"><kbd>Ctrl-C</kbd></pre>")
        }
        Kind::Status => {
            writeln!(html, "<p class=\"run-status\">[{text}]</p>")
        }
    }
}
