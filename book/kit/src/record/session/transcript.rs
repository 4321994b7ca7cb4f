//! A recorded session: `book/runs/NAME.txt`.
//!
//! First comes the caption, then the versions of the tools that were used. Each
//! further line is the terminal's name, a sign, and text: `$` a command, `|`
//! what was printed, `<` what was typed (`<^D`, `^C`), `=` how the program
//! ended, if not well.

use std::fmt::{self, Display};

use anyhow::Context;

use crate::Result;

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
}
