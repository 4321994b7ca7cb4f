//! `cargo book diff`: what has changed between two steps, in the terminal.

use std::io::{self, IsTerminal, Write};

use anyhow::{Context, bail};
use similar::ChangeTag;

use crate::compare::{Change, Comparison, Row};
use crate::view::{View, lines};
use crate::{Project, Result, sizes};

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

/// Prints the diff of the steps that are named, with colour if that is seen.
///
/// # Errors
/// When there are no such steps, or they cannot be read. A reader who has
/// seen enough and closes the pipe is none.
pub fn diff(project: &Project, names: &[String]) -> Result<()> {
    let text = text(project, names)?;
    let mut stdout = io::stdout().lock();
    let no_color =
        std::env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty());
    let colour = stdout.is_terminal() && !no_color;
    match stdout.write_all(text.print(colour).as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done.context("cannot print"),
    }
}

/// Lines, each in its colour.
#[derive(Default)]
struct Text(Vec<(&'static str, String)>);

impl Text {
    fn line(&mut self, colour: &'static str, line: impl Into<String>) {
        self.0.push((colour, line.into()));
    }

    fn print(&self, colour: bool) -> String {
        let lines = self.0.iter().map(|(code, line)| match *code {
            "" => format!("{line}\n"),
            _ if !colour => format!("{line}\n"),
            code => format!("{code}{line}\x1b[0m\n"),
        });
        lines.collect()
    }

    fn change(&mut self, change: &Change) {
        let title = change.new.as_ref().map_or("", |it| &it.item.title);
        self.line("", "");
        self.line(BOLD, format!("  {title}: {}", change.note()));
        for part in &change.parts {
            if !part.open {
                let count = lines(part.rows.len());
                self.line(DIM, format!("       … {count} unchanged"));
                continue;
            }
            for Row { tag, line, text } in &part.rows {
                let (colour, sign) = match tag {
                    ChangeTag::Equal => ("", ' '),
                    ChangeTag::Insert => (GREEN, '+'),
                    ChangeTag::Delete => (RED, '-'),
                };
                let text = format!("{line:>5} {sign} {text}");
                self.line(colour, text.trim_end());
            }
        }
    }
}

fn text(project: &Project, names: &[String]) -> Result<Text> {
    let number = |name: &String| {
        let number = name.parse::<u8>().ok();
        number.with_context(|| format!("`{name}` is no step's number"))
    };
    let numbers = names.iter().map(number).collect::<Result<Vec<u8>>>()?;
    let (from, to) = match numbers[..] {
        [from, to] => (Some(project.step(from)?), project.step(to)?),
        [to] => (None, project.step(to)?),
        _ => bail!("name one step or two: cargo book diff 06 07"),
    };
    let from = match (from, to.before()) {
        (Some(from), _) => from,
        (None, None) => bail!("step {:02} grows out of no step", to.number),
        (None, Some(base)) if to.fresh => bail!(
            "step {0:02} is a fresh program; the step before it is {base:02}: \
             cargo book diff {base:02} {0:02}",
            to.number
        ),
        (None, Some(base)) => project.step(base)?,
    };
    let comparison = Comparison::new(project, Some(from), to)?;
    let mut text = Text::default();
    let changed = lines(sizes::changed(&comparison));
    let (from, to) = (from.name(), to.name());
    text.line(BOLD, format!("{from} → {to}: {changed} of code new or changed"));
    let view = View::new(&comparison);
    if !view.gone.is_empty() {
        text.line("", "");
        text.line(BOLD, format!("No longer in {to}"));
    }
    for gone in &view.gone {
        text.line("", format!("  {}", gone.words(str::to_string)));
    }
    for file in &view.files {
        let note = match file.note.as_str() {
            "" => String::new(),
            note => format!(": {note}"),
        };
        text.line("", "");
        text.line(BOLD, format!("{}{note}", file.path.display()));
        file.changes.iter().for_each(|change| text.change(change));
    }
    Ok(text)
}
