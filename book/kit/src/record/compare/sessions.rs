//! Sessions, line by line.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use super::{judge, skip};
use crate::record::cargo::Built;
use crate::record::progress;
use crate::record::session::{self, Kind, Line, Script, Transcript};
use crate::{Fault, Project, Result};

/// How many sessions are played at once: they wait for most of their time.
const AT_ONCE: usize = 3;

/// A session to be played again.
struct Again<'a> {
    name: &'a str,
    script: Script,
    recorded: Transcript,
}

/// Plays these sessions again.
///
/// # Errors
/// When a script cannot be read, or the steps cannot be built.
pub fn sessions(project: &Project, names: &[String]) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    let mut playable = Vec::new();
    for name in names {
        let script = session::script(project, name)?;
        let file = session::file(name);
        let again = format!("cargo book record runs {name}");
        let recorded = match session::load(project, name) {
            Ok(recorded) => recorded,
            Err(error) => {
                faults.push(Fault::new(file, 0, format!("{error:#}")));
                continue;
            }
        };
        if !plays(&script, &recorded) {
            let what = format!("the script has changed since: {again}");
            faults.push(Fault::new(file, 0, what));
        } else if !script.compare {
            // Its numbers differ from run to run.
        } else if let Some(why) = session::impossible(&script) {
            faults.extend(skip(&format!("run {name}"), &file, &why));
        } else {
            playable.push(Again { name, script, recorded });
        }
    }
    let scripts: Vec<_> = playable.iter().map(|again| &again.script).collect();
    let built = session::build(project, &scripts)?;
    let (count, begun) = (playable.len(), AtomicUsize::new(0));
    let (left, found) = (Mutex::new(playable.iter()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                // Not in the condition of the loop, which would hold the
                // lock during the play.
                let next = || unlocked(&left).next();
                while let Some(again) = next() {
                    let at = begun.fetch_add(1, Ordering::Relaxed);
                    progress(at, count, &format!("run {}", again.name));
                    let faults = play(again, &built);
                    unlocked(&found).extend(faults);
                }
            });
        }
    });
    faults.append(&mut unlocked(&found));
    faults.sort();
    Ok(faults)
}

/// What is behind a lock. That another thread has panicked does not make a
/// list wrong.
fn unlocked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Plays a session again.
fn play(again: &Again<'_>, built: &Built) -> Vec<Fault> {
    let Again { name, script, recorded } = again;
    match session::play(script, built, &recorded.to_string()) {
        Ok(now) => {
            let other = recorded.tools != now.tools;
            judge(request_line(name, recorded, &now), other, "its tools")
        }
        Err(error) => {
            let what = format!("the run fails: {error:#}");
            vec![Fault::new(session::script_file(name), 0, what)]
        }
    }
}

/// Whether the transcript is one of this script: its caption and commands.
fn plays(script: &Script, recorded: &Transcript) -> bool {
    let commands = recorded.lines.iter();
    let commands = commands.filter(|line| line.kind == Kind::Command);
    script.caption == recorded.caption
        && commands.map(|line| &*line.text).eq(script.commands())
}

/// The first line in which two recordings of a session differ.
fn request_line(
    name: &str,
    recorded: &Transcript,
    now: &Transcript,
) -> Option<Fault> {
    let lines = |transcript: &Transcript| -> Vec<String> {
        let lines = &transcript.lines;
        lines.iter().map(Line::to_string).collect()
    };
    let (old, new) = (lines(recorded), lines(now));
    let longer = old.len().max(new.len());
    let at = (0..longer).find(|at| old.get(*at) != new.get(*at))?;
    let shown = |lines: &[String]| {
        lines.get(at).map_or("missing".into(), |line| format!("`{line}`"))
    };
    let line = 2 + recorded.tools.len() + at;
    let what = format!(
        "was {}, is now {}; if it is meant to: cargo book record runs {name}",
        shown(&old),
        shown(&new)
    );
    Some(Fault::new(session::file(name), line, what))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_shown_with_its_line_in_the_file() {
        let text = "# A\n# curl: 8\na$ x\na| one\na| two\n";
        let old = Transcript::parse(text).unwrap();
        let new = Transcript::parse(&text.replace("two", "2")).unwrap();
        assert_eq!(
            request_line("n", &old, &new).unwrap().to_string(),
            "book/runs/n.txt:5: was `a| two`, is now `a| 2`; if it is meant \
             to: cargo book record runs n"
        );
        let more = Transcript::parse(&format!("{text}a| three\n")).unwrap();
        let fault = request_line("n", &old, &more).unwrap();
        assert!(fault.message.starts_with("was missing, is now `a| three`"));
        let other = Transcript::parse(&text.replace("curl: 8", "curl: 9"));
        assert_eq!(request_line("n", &old, &other.unwrap()), None);
    }

    #[test]
    fn a_transcript_of_another_script_is_noticed_without_a_run() {
        let recorded = Transcript::parse("# A\na$ x\na| one\nb$ y\n").unwrap();
        for (text, same) in [
            ("# A\na$ x\nb& y\n", true),
            ("# B\na$ x\nb& y\n", false),
            ("# A\na$ x\nb& z\n", false),
            ("# A\na$ x\n", false),
        ] {
            let script = Script::parse(text).unwrap();
            assert_eq!(plays(&script, &recorded), same, "{text}");
        }
    }
}
