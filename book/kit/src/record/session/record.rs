//! Plays a session's script and records what the terminals show.

use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use regex::Regex;

use super::script::{Act, Script, What};
use super::stage::Stage;
use super::terminal::{Key, Screen, printable, said};
use super::transcript::{Kind, Line};
use crate::record::ports::{Clients, Ports};
use crate::record::{process, quiet};
use crate::{Result, pattern};

/// How long to wait for rest: a program that never rests is let go on.
const RESTLESS: Duration = Duration::from_secs(3);

/// A page shows no more; a session that prints more wants `| head`.
const MOST_LINES: usize = 200;

static CLIENT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?<before>127\.0\.0\.1:|::1\]:)(?<port>\d+)\b"));

/// Plays `script` on `stage`, and returns what its terminals show. Where
/// something does not come that the script waits for, the error names the
/// line of the script and what the terminals have shown so far.
pub fn record(
    script: &Script,
    stage: &Stage,
    ports: &Ports,
) -> Result<Vec<Line>> {
    let mut play = Play {
        script,
        stage,
        ports,
        clients: Clients::default(),
        hurries: false,
        screens: Vec::new(),
        lines: Vec::new(),
    };
    for (index, (number, act)) in script.acts.iter().enumerate() {
        let next = script.acts.get(index + 1);
        play.hurries = next.is_some_and(|(_, next)| stage.hurries(next));
        if let Err(error) = play.act(act) {
            play.show_all();
            let lines = play.lines.iter();
            let lines: String = lines.map(|it| format!("\n  {it}")).collect();
            bail!("line {number}: {error:#}; so far:{lines}");
        }
    }
    play.show_all();
    ensure!(
        play.lines.len() <= MOST_LINES,
        "the session has {} lines, and {MOST_LINES} at most are readable",
        play.lines.len()
    );
    Ok(play.lines)
}

struct Play<'a> {
    script: &'a Script,
    stage: &'a Stage,
    ports: &'a Ports,
    clients: Clients,
    /// Whether the next act is to come before anything else happens.
    hurries: bool,
    screens: Vec<Screen>,
    lines: Vec<Line>,
}

impl Play<'_> {
    fn act(&mut self, act: &Act) -> Result<()> {
        let at = self.screen(&act.terminal);
        // What the other terminals have shown comes before what is done now;
        // a wait is for one terminal, and leaves the others their turn.
        if !matches!(act.what, What::Wait(_) | What::Finish) {
            self.show_all();
        }
        match &act.what {
            What::Start(command) => self.start(at, command)?,
            What::Run(command) => {
                self.start(at, command)?;
                self.finish(at, false)?;
            }
            What::Wait(text) => {
                let partial = self.wait(at, text)?;
                self.rest()?;
                self.show(at, partial);
                return Ok(());
            }
            What::Type { text, shown } => {
                self.screens[at].program()?.type_text(text)?;
                self.push(at, Kind::Typed, shown);
            }
            What::EndInput => {
                self.screens[at].program()?.press(Key::EndInput)?;
                self.push(at, Kind::EndInput, "");
            }
            What::Interrupt => {
                self.screens[at].program()?.press(Key::Interrupt)?;
                self.push(at, Kind::Interrupt, "");
                self.finish(at, true)?;
            }
            What::Finish => self.finish(at, false)?,
        }
        self.rest()
    }

    /// The index of the terminal of that name, new or known.
    fn screen(&mut self, name: &str) -> usize {
        let known = self.screens.iter().position(|s| s.name == name);
        known.unwrap_or_else(|| {
            let name = name.to_string();
            self.screens.push(Screen { name, ..Screen::default() });
            self.screens.len() - 1
        })
    }

    fn start(&mut self, at: usize, command: &str) -> Result<()> {
        let screen = &mut self.screens[at];
        ensure!(screen.program.is_none(), "a program still runs there");
        screen.unseen.clear();
        screen.program =
            Some(self.stage.start(&screen.name, command, self.ports)?);
        self.push(at, Kind::Command, command);
        Ok(())
    }

    /// Waits for a text; says whether its line is not yet at its end.
    fn wait(&mut self, at: usize, text: &str) -> Result<bool> {
        let start = Instant::now();
        loop {
            let program = self.screens[at].program.as_mut();
            let ended = program.map_or(Ok(None), |program| program.ended())?;
            self.read();
            let screen = &mut self.screens[at];
            let seen = match screen.find(text, self.ports) {
                Ok(partial) => return Ok(partial),
                Err(seen) => seen,
            };
            let over = match (ended, &screen.program) {
                (Some(status), _) => {
                    let how = process::failure(status);
                    let how = how.as_deref().unwrap_or("well");
                    format!("the program has ended ({how})")
                }
                (None, None) => "no program runs there".to_string(),
                _ if start.elapsed() > self.stage.patience => {
                    format!("waited {:?}", self.stage.patience)
                }
                _ => {
                    thread::sleep(Duration::from_millis(1));
                    continue;
                }
            };
            bail!("{text:?} was not printed: {over}; it printed {seen:?}");
        }
    }

    /// Waits for the program's end, shows the rest of what it has printed,
    /// and how it ended, if not well.
    fn finish(&mut self, at: usize, interrupted: bool) -> Result<()> {
        let start = Instant::now();
        let status = loop {
            let ended = self.screens[at].program()?.ended()?;
            self.read();
            if let Some(status) = ended {
                break status;
            }
            ensure!(
                start.elapsed() < self.stage.longest,
                "waited {:?} for the end; it printed {:?}",
                self.stage.longest,
                String::from_utf8_lossy(&self.screens[at].pending)
            );
            thread::sleep(Duration::from_millis(1));
        };
        if self.stage.tracer.is_none() {
            self.rest()?;
        }
        self.screens[at].program = None;
        self.show(at, true);
        if let Some(failure) = said(status, interrupted) {
            self.push(at, Kind::Status, &failure);
        }
        Ok(())
    }

    /// Reads what all programs have printed; says whether there was any.
    fn read(&mut self) -> bool {
        self.screens.iter_mut().fold(false, |any, s| s.read() | any)
    }

    /// Waits until all programs sleep and all is read.
    fn rest(&mut self) -> Result<()> {
        if self.hurries {
            return Ok(());
        }
        let programs = self.screens.iter_mut().flat_map(|it| &mut it.program);
        let running = programs.filter_map(|it| it.running());
        let sessions: Vec<u32> = running.map(|it| it.session()).collect();
        let rests = quiet::wait(&sessions, RESTLESS, || self.read());
        let must_rest = self.stage.tracer.is_some();
        ensure!(rests || !must_rest, "the step does not come to rest");
        Ok(())
    }

    fn show_all(&mut self) {
        for at in 0..self.screens.len() {
            self.show(at, false);
        }
    }

    /// Puts what a terminal has shown among the lines. A line that is not
    /// yet at its end waits, unless `partial`, while its program runs.
    fn show(&mut self, at: usize, partial: bool) {
        let folder = self.stage.path().display().to_string();
        for line in printable(&self.screens[at].take(partial)) {
            let line = self.ports.hide(&line.replace(&folder, "~"));
            let mut line = self.clients.hide(&line, &CLIENT);
            for (pattern, text) in &self.script.masks {
                line = pattern.replace_all(&line, text).into_owned();
            }
            self.push(at, Kind::Output, line.trim_end());
        }
    }

    fn push(&mut self, at: usize, kind: Kind, text: &str) {
        let terminal = self.screens[at].name.clone();
        self.lines.push(Line { terminal, kind, text: text.to_string() });
    }
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
