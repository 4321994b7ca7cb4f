//! A session as HTML.

use super::{Kind, Line, Transcript};
use crate::html::escape;
use crate::{Project, Result, grouped};

/// A recorded terminal session, as HTML.
pub fn render(project: &Project, name: &str) -> Result<String> {
    Ok(page(&super::load(project, name)?))
}

fn page(session: &Transcript) -> String {
    let terminals = grouped(&session.lines, |line| &line.terminal);
    let caption = escape(&session.caption);
    let mut html =
        format!("<figure class=\"run\">\n<figcaption>{caption}</figcaption>\n");
    let turns = session.lines.chunk_by(|a, b| a.terminal == b.terminal);
    for turn in turns {
        let name = &turn[0].terminal;
        let number = (1..).zip(&terminals).find(|(_, (it, _))| *it == name);
        let number = number.map_or(1, |(number, _)| number);
        html += &format!("<div class=\"run-turn run-terminal-{number}\">\n");
        if terminals.len() > 1 {
            html += &format!("<p class=\"run-name\">{}</p>\n", escape(name));
        }
        let is_output = |line: &Line| line.kind == Kind::Output;
        for lines in turn.chunk_by(|a, b| is_output(a) && is_output(b)) {
            let texts = lines.iter().map(|line| escape(&line.text));
            // One line of HTML, which a blank line cannot cut.
            html +=
                &piece(lines[0].kind, &texts.collect::<Vec<_>>().join("&#10;"));
        }
        html += "</div>\n";
    }
    html + "</figure>"
}

/// One command, one key, or some lines of output. Only a command is in a
/// `code`, which gives it mdBook's button for copying; its prompt is not.
fn piece(kind: Kind, text: &str) -> String {
    let (class, html) = match kind {
        Kind::Command => (
            "command",
            format!(
                "<span class=\"run-prompt\" aria-hidden=\"true\">$ </span>\
                 <code class=\"language-console nohighlight\">{text}</code>"
            ),
        ),
        Kind::Output => ("output", format!("<samp>{text}</samp>")),
        Kind::Typed => (
            "typed",
            format!("<span class=\"run-said\">typed: </span><kbd>{text}</kbd>"),
        ),
        Kind::EndInput => ("key", "<kbd>Ctrl-D</kbd>".to_string()),
        Kind::Interrupt => ("key", "<kbd>Ctrl-C</kbd>".to_string()),
        Kind::Status => {
            return format!("<p class=\"run-status\">[{text}]</p>\n");
        }
    };
    format!("<pre class=\"run-{class}\">{html}</pre>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        page(&Transcript::parse(text).unwrap())
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
