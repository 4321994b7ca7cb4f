//! The script of a session, `book/runs/NAME.session`, or of a trace,
//! `book/traces/NN.session`: one act a line.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use anyhow::{Context, bail};
use regex::Regex;

use crate::{Result, pattern};

/// What happens in a session.
#[derive(Debug)]
pub struct Script {
    /// The first comment: what the reader is about to see.
    pub caption: String,
    /// Whether a later run must show the same (`compare no`).
    pub compare: bool,
    /// Patterns, and what is recorded in their place.
    pub masks: Vec<(Regex, String)>,
    /// The acts, each with its line in the script.
    pub acts: Vec<(usize, Act)>,
}

/// An act in the terminal of that name.
#[derive(Debug, PartialEq, Eq)]
pub struct Act {
    pub terminal: String,
    pub what: What,
}

/// What can happen in a terminal.
#[derive(Debug, PartialEq, Eq)]
pub enum What {
    /// `server$ COMMAND`: run it and wait for its end.
    Run(String),
    /// `server& COMMAND`: start it.
    Start(String),
    /// `server> TEXT`: wait until this has been printed.
    Wait(String),
    /// `server< TEXT`: type this line. `server<= TEXT`: type this as it is;
    /// `\\r`, `\\n` and `\\\\` stand for the bytes that they name in Rust.
    Type { text: String, shown: String },
    /// `server<^D`: end the input.
    EndInput,
    /// `server^C`: interrupt the program and wait for its end.
    Interrupt,
    /// `server.`: wait for the program's end.
    Finish,
}

impl Script {
    /// Reads a script's text.
    pub fn parse(text: &str) -> Result<Script> {
        let mut script = Script {
            caption: String::new(),
            compare: true,
            masks: Vec::new(),
            acts: Vec::new(),
        };
        for (number, line) in (1..).zip(text.lines()) {
            let read = script.line(number, line.trim_end());
            read.with_context(|| format!("line {number}"))?;
        }
        if script.caption.is_empty() {
            bail!("line 1: a session begins with its caption: # TEXT");
        }
        Ok(script)
    }

    fn line(&mut self, number: usize, line: &str) -> Result<()> {
        if let Some(comment) = line.strip_prefix('#') {
            if self.caption.is_empty() {
                self.caption = comment.trim().to_string();
            }
        } else if line == "compare no" {
            self.compare = false;
        } else if let Some(mask) = line.strip_prefix("mask ") {
            self.masks.push(parse_mask(mask)?);
        } else if !line.is_empty() {
            let act = parse_act(line);
            let act = act.with_context(|| format!("no act: {line}"))?;
            self.acts.push((number, act));
        }
        Ok(())
    }

    /// All words of its commands.
    pub fn words(&self) -> BTreeSet<&str> {
        let commands =
            self.acts.iter().filter_map(|(_, act)| match &act.what {
                What::Run(command) | What::Start(command) => Some(command),
                _ => None,
            });
        let ends = |it: char| !it.is_ascii_alphanumeric() && !"-_".contains(it);
        commands.flat_map(|command| command.split(ends)).collect()
    }
}

/// A terminal's name, a sign, and a text that is not blank.
static ACT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^([a-z\d-]+)(\^C|<\^D|\.|[$&>]|<=?)(?: (.*\S.*))?$")
});

fn parse_act(line: &str) -> Option<Act> {
    let found = ACT.captures(line)?;
    let text = found.get(3).map(|text| text.as_str().to_string());
    let what = match (&found[2], text) {
        ("^C", None) => What::Interrupt,
        ("<^D", None) => What::EndInput,
        (".", None) => What::Finish,
        ("$", Some(text)) => What::Run(text),
        ("&", Some(text)) => What::Start(text),
        (">", Some(text)) => What::Wait(text),
        ("<", Some(shown)) => What::Type { text: shown.clone() + "\n", shown },
        ("<=", Some(shown)) => What::Type { text: unescaped(&shown)?, shown },
        _ => return None,
    };
    Some(Act { terminal: found[1].to_string(), what })
}

fn unescaped(text: &str) -> Option<String> {
    let mut letters = text.chars();
    let mut bytes = String::new();
    while let Some(letter) = letters.next() {
        bytes.push(match letter {
            '\\' => match letters.next()? {
                'r' => '\r',
                'n' => '\n',
                '\\' => '\\',
                _ => return None,
            },
            letter => letter,
        });
    }
    Some(bytes)
}

/// `REGEX TEXT`, or `/REGEX/ TEXT` if the pattern has spaces.
fn parse_mask(mask: &str) -> Result<(Regex, String)> {
    let parts = match mask.strip_prefix('/') {
        Some(rest) => rest.split_once("/ "),
        None => mask.split_once(' '),
    };
    let (pattern, text) = parts.context(
        "a mask is: mask REGEX TEXT, or mask /REGEX/ TEXT if the \
                  pattern has spaces",
    )?;
    let pattern = Regex::new(pattern).with_context(|| {
        format!("the mask's pattern `{pattern}`; with spaces: /PATTERN/")
    })?;
    Ok((pattern, text.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_is_read() {
        let script = Script::parse(
            "# Two in a row\ncompare no\nmask pid=\\d+ pid=1\n\
             mask /after \\d+ ms/ after 9 ms\n\n# more\n\
             server& step01 8080\nserver> listening on\n\
             client-1$ nc -N 127.0.0.1 8080\nclient-1< hello  you\n\
             client-1<= a\\r\\n\nclient-1<^D\nserver^C\nserver.\n",
        )
        .unwrap();
        assert_eq!(script.caption, "Two in a row");
        assert!(!script.compare);
        assert_eq!(script.masks[1].0.as_str(), "after \\d+ ms");
        let acts: Vec<_> = script
            .acts
            .iter()
            .map(|(line, act)| (*line, &*act.terminal, &act.what))
            .collect();
        let client = "client-1";
        let typed = |text: &str, shown: &str| What::Type {
            text: text.to_string(),
            shown: shown.to_string(),
        };
        assert_eq!(
            acts,
            [
                (7, "server", &What::Start("step01 8080".into())),
                (8, "server", &What::Wait("listening on".into())),
                (9, client, &What::Run("nc -N 127.0.0.1 8080".into())),
                (10, client, &typed("hello  you\n", "hello  you")),
                (11, client, &typed("a\r\n", "a\\r\\n")),
                (12, client, &What::EndInput),
                (13, "server", &What::Interrupt),
                (14, "server", &What::Finish),
            ]
        );
    }

    #[test]
    fn a_line_that_is_no_act_is_refused_with_its_number() {
        let lines = "server|Server$ a|$ a|server$|server$ |server^D|server>|\
            server <^D|server<= \\x|mask a|mask (a b|compare yes";
        for line in lines.split('|') {
            let error = Script::parse(&format!("# a\n\n{line}\n"));
            let error = format!("{:#}", error.expect_err(line));
            assert!(error.starts_with("line 3"), "{line}: {error}");
        }
        assert!(Script::parse("a$ b\n").is_err());
    }
}
