//! `cargo book diff`: what has changed between two steps, in the terminal.

use std::env;
use std::io::{self, IsTerminal, Write};

use anyhow::{Context, bail};
use similar::ChangeTag;

use crate::compare::{Change, Comparison, Row};
use crate::view::{File, View, lines};
use crate::{Project, Result, Step, sizes};

/// What `cargo book diff --help` says.
pub const HELP: &str = "\
Prints what has changed between two steps, item by item.

Usage: cargo book diff [FROM] TO

  cargo book diff 07       step 07 against the step that it grows out of
  cargo book diff 05 07    any two steps

Items are matched first, also across files, then lines within them. An item
that is gone is one line that says where it went. In colour on a terminal,
unless NO_COLOR is set. Exit status: 0, or 2 if there are no such steps.
";

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const GREEN: &str = "\x1b[32m";
const RED: &str = "\x1b[31m";

/// Prints the diff of the steps that are named, in colour if that is seen. A
/// reader who has seen enough and closes the pipe is no failure.
pub fn diff(project: &Project, names: &[String]) -> Result<()> {
    let mut stdout = io::stdout().lock();
    let no_color = env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty());
    let coloured = stdout.is_terminal() && !no_color;
    let (from, to) = steps(project, names)?;
    let mut text = Text { coloured, text: String::new() };
    text.diff(from, to, &Comparison::new(project, Some(from), to)?);
    match stdout.write_all(text.text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done.context("cannot print"),
    }
}

/// The steps that are named; of one, its base and itself.
fn steps<'a>(
    project: &'a Project,
    names: &[String],
) -> Result<(&'a Step, &'a Step)> {
    let step = |name: &String| project.step_named(name);
    let (from, to) = match names {
        [from, to] => return Ok((step(from)?, step(to)?)),
        [to] => (step(to)?.before(), step(to)?),
        _ => bail!("name one step or two: cargo book diff 06 07"),
    };
    let number = to.number;
    match from {
        None => bail!("step {number:02} grows out of no step"),
        Some(base) if to.fresh => bail!(
            "step {number:02} is a fresh program; the step before it is \
             {base:02}: cargo book diff {base:02} {number:02}"
        ),
        Some(base) => Ok((project.step(base)?, to)),
    }
}

struct Text {
    coloured: bool,
    text: String,
}

impl Text {
    fn line(&mut self, colour: &str, line: &str) {
        let (begin, end) = match self.coloured && !colour.is_empty() {
            true => (colour, "\x1b[0m"),
            false => ("", ""),
        };
        self.text.push_str(&format!("{begin}{}{end}\n", line.trim_end()));
    }

    fn diff(&mut self, from: &Step, to: &Step, comparison: &Comparison) {
        let (from, to) = (from.name(), to.name());
        let changed = lines(sizes::changed(comparison));
        let head = format!("{from} → {to}: {changed} of code new or changed");
        self.line(BOLD, &head);
        let view = View::new(comparison);
        if !view.gone.is_empty() {
            self.line("", "");
            self.line(BOLD, &format!("No longer in {to}"));
        }
        for gone in &view.gone {
            self.line("", &format!("  {}", gone.words(str::to_string)));
        }
        for File { path, note, changes } in &view.files {
            let note = match note.as_str() {
                "" => String::new(),
                note => format!(": {note}"),
            };
            self.line("", "");
            self.line(BOLD, &format!("{}{note}", path.display()));
            changes.iter().for_each(|change| self.change(change));
        }
    }

    fn change(&mut self, change: &Change) {
        let title = change.new.as_ref().map_or("", |it| &it.item.title);
        self.line("", "");
        self.line(BOLD, &format!("  {title}: {}", change.note()));
        for part in &change.parts {
            if !part.open {
                let count = lines(part.rows.len());
                self.line(DIM, &format!("       … {count} unchanged"));
                continue;
            }
            for Row { tag, line, text } in &part.rows {
                let (colour, sign) = match tag {
                    ChangeTag::Equal => ("", ' '),
                    ChangeTag::Insert => (GREEN, '+'),
                    ChangeTag::Delete => (RED, '-'),
                };
                self.line(colour, &format!("{line:>5} {sign} {text}"));
            }
        }
    }
}
