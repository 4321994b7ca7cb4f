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

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        page(&Transcript::parse(text).unwrap()).unwrap()
    }

    #[test]
    fn a_command_can_be_copied_without_its_prompt() {
        let html = shown("# A < B\na$ nc -N ::1 80\na| <p>\na|\na| end\n");
        assert!(html.contains("<figcaption>A &lt; B</figcaption>"));
        assert!(html.contains("nohighlight\">nc -N ::1 80</code></pre>"));
        // One line of HTML: a blank one would end the block.
        assert!(html.contains("<samp>&lt;p&gt;&#10;&#10;end</samp>"));
        assert!(!html.contains("run-name"), "one terminal needs no name");
    }

    #[test]
    fn several_terminals_are_named_each_time_it_is_another_s_turn() {
        let html = shown(
            "# a\none$ cat\ntwo$ cat\ntwo< x\ntwo<^D\none^C\n\
             one= exit status 1\n",
        );
        assert_eq!(html.matches("run-name\">one<").count(), 2);
        assert_eq!(html.matches("run-name\">two<").count(), 1);
        assert_eq!(html.matches("run-turn run-terminal-2").count(), 1);
        assert!(html.contains("<kbd>x</kbd>"));
        assert!(html.contains("<kbd>Ctrl-D</kbd>"));
        assert!(html.contains("<kbd>Ctrl-C</kbd>"));
        assert!(html.contains("[exit status 1]"));
    }
}
