//! A recorded session: `book/runs/NAME.txt`, and what a page shows of it.
//!
//! First comes the caption, then the versions of the tools that were used. Each
//! further line is the terminal's name, a sign, and text: `$` a command, `|`
//! what was printed, `<` what was typed (`<^D`, `^C`), `=` how the program
//! ended, if not well.

use std::fmt::{self, Display};

use anyhow::Context;

use crate::html::escape;
use crate::{Project, Result, grouped};

/// A session as it is shown.
#[derive(Debug, PartialEq, Eq)]
pub struct Transcript {
    /// What it shows.
    pub caption: String,
    /// The tools that were used, each with its version.
    pub tools: Vec<String>,
    pub lines: Vec<Line>,
}

/// One line of a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub terminal: String,
    pub kind: Kind,
    /// Its text; empty for signs that say it all.
    pub text: String,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Command,
    /// A line that a program has printed.
    Output,
    /// A line that was typed.
    Typed,
    EndInput,
    Interrupt,
    /// How a program ended.
    Status,
}

/// Longer signs first: `<^D` begins as `<` does.
const SIGNS: [(Kind, &str); 6] = [
    (Kind::EndInput, "<^D"),
    (Kind::Interrupt, "^C"),
    (Kind::Command, "$"),
    (Kind::Output, "|"),
    (Kind::Typed, "<"),
    (Kind::Status, "="),
];

impl Transcript {
    /// Reads the text of a file.
    pub fn parse(text: &str) -> Result<Transcript> {
        let comments: Vec<String> = text
            .lines()
            .map_while(|line| line.strip_prefix("# "))
            .map(str::to_string)
            .collect();
        let (caption, tools) = comments.split_first().context("no caption")?;
        let lines = text.lines().enumerate().skip(comments.len());
        let lines = lines.map(|(index, line)| {
            parse_line(line).with_context(|| format!("line {}", index + 1))
        });
        Ok(Transcript {
            caption: caption.clone(),
            tools: tools.to_vec(),
            lines: lines.collect::<Result<_>>()?,
        })
    }
}

fn parse_line(line: &str) -> Option<Line> {
    let end = line.find(['$', '|', '<', '=', '^'])?;
    let (terminal, rest) = line.split_at(end);
    let (kind, sign) = SIGNS.iter().find(|(_, s)| rest.starts_with(s))?;
    let text = &rest[sign.len()..];
    Some(Line {
        terminal: terminal.to_string(),
        kind: *kind,
        text: text.strip_prefix(' ').unwrap_or(text).to_string(),
    })
}

impl Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# {}", self.caption)?;
        for tool in &self.tools {
            writeln!(f, "# {tool}")?;
        }
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Line { terminal, kind, text } = self;
        let sign = SIGNS.iter().find(|(known, _)| known == kind);
        let sign = sign.map_or("", |(_, sign)| sign);
        let space = if text.is_empty() { "" } else { " " };
        write!(f, "{terminal}{sign}{space}{text}")
    }
}

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

    #[test]
    fn what_is_written_is_read_again() {
        let text = "# A caption\n# curl 7.88.1\nserver$ step01 8080\n\
                    server| listening\nserver|\nserver|   try: a < b\n\
                    client< hello\n\
                    client<^D\nserver^C\nserver= exit status 1\n";
        let transcript = Transcript::parse(text).unwrap();
        assert_eq!(transcript.to_string(), text);
        assert_eq!(transcript.tools, ["curl 7.88.1"]);
        assert_eq!(transcript.lines[3].text, "  try: a < b");
    }

    #[test]
    fn anything_else_is_refused() {
        assert!(Transcript::parse("server$ a\n").is_err());
        let error = Transcript::parse("# a\nnothing\n").unwrap_err();
        assert_eq!(error.to_string(), "line 2");
    }

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
