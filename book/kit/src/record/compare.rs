//! Does a run today still show what the book shows?

use std::iter;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::{Recording, build, progress};
use crate::{Fault, Project, Result};

/// How many are played at once: they wait for most of their time.
const AT_ONCE: usize = 3;

/// Plays these recordings again; they are all of one kind.
pub fn played(
    project: &Project,
    mut recordings: Vec<Recording>,
) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    recordings.retain(|recording| {
        let why = recording.impossible();
        faults.extend(why.iter().flat_map(|why| skip(recording, why)));
        why.is_none()
    });
    let built = build(project, &recordings)?;
    let begun = AtomicUsize::new(0);
    let next = || {
        let at = begun.fetch_add(1, Ordering::Relaxed);
        let recording = recordings.get(at)?;
        progress(at, recordings.len(), &recording.name);
        let now = recording.play(project, &built);
        Some(compared(project, recording, now))
    };
    let work = || iter::from_fn(next).flatten().collect::<Vec<_>>();
    thread::scope(|scope| {
        // A machine that is short of threads plays fewer at once.
        let start = |_| thread::Builder::new().spawn_scoped(scope, work).ok();
        let others: Vec<_> = (1..AT_ONCE).filter_map(start).collect();
        faults.extend(work());
        for other in others {
            faults.extend(other.join().unwrap_or_else(|it| resume_unwind(it)));
        }
    });
    Ok(faults)
}

/// The fault of a recording that has come out differently.
fn compared(
    project: &Project,
    recording: &Recording,
    now: Result<String>,
) -> Option<Fault> {
    let Recording { name, file, .. } = recording;
    let fault = |line, what: String| Some(Fault::new(file, line, what));
    let now = match now {
        Ok(now) => now,
        Err(error) => return fault(0, format!("the run fails: {error:#}")),
    };
    let Ok(recorded) = project.read(file) else {
        return fault(0, format!("record it: cargo book record {name}"));
    };
    let (line, what) = difference(&recorded, &now)?;
    let what = format!("{what}; if it is meant to: cargo book record {name}");
    if versions(&recorded) == versions(&now) {
        return fault(line, what);
    }
    let why = format!("line {line}, by other versions of the tools: {what}");
    skip(recording, &why)
}

/// The first line in which two recordings differ, but for versions.
fn difference(recorded: &str, now: &str) -> Option<(usize, String)> {
    let (old, new): (Vec<_>, Vec<_>) =
        (recorded.lines().collect(), now.lines().collect());
    let is_other = |at: &usize| {
        let both = [old.get(*at), new.get(*at)];
        both[0] != both[1]
            && !both.iter().flatten().all(|line| is_version(*at, line))
    };
    let at = (0..old.len().max(new.len())).find(is_other)?;
    let shown = |lines: &[&str]| {
        lines.get(at).map_or("missing".into(), |line| format!("`{line}`"))
    };
    let what = format!("was {}, is now {}", shown(&old), shown(&new));
    Some((at + 1, what))
}

/// Whether a line of a session (below its caption) or of a trace only tells
/// which version of a tool was used.
fn is_version(at: usize, line: &str) -> bool {
    let starts = |sign: &&str| line.starts_with(*sign);
    at > 0 && ["# ", "\"strace\": ", "\"rustc\": "].iter().any(starts)
}

fn versions(text: &str) -> Vec<&str> {
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(at, line)| is_version(*at, line));
    lines.map(|(_, line)| line).collect()
}

/// Says loudly that something could not be compared; where all tools have to
/// be there, that is a fault.
fn skip(recording: &Recording, why: &str) -> Option<Fault> {
    if std::env::var_os("CI").is_some_and(|value| value == "true") {
        let what = format!("not compared: {why}");
        return Some(Fault::new(&recording.file, 0, what));
    }
    eprintln!("SKIPPED {}: {why}", recording.name);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_shown() {
        let old = "# A\n# curl: 8\na$ x\na| one\na| two\n";
        let more = format!("{old}a| three\n");
        for (old, new, line, what) in [
            (old, &*old.replace("two", "2"), 5, "was `a| two`, is now `a| 2`"),
            (old, &more, 6, "was missing, is now `a| three`"),
            (&more, old, 6, "was `a| three`, is now missing"),
            (old, &old.replace('A', "B"), 1, "was `# A`, is now `# B`"),
        ] {
            assert_eq!(difference(old, new), Some((line, what.to_string())));
        }
    }

    #[test]
    fn another_version_of_a_tool_is_no_difference() {
        let old = "# A\n# curl: 8\na$ x\n";
        let new = old.replace('8', "9");
        assert_eq!(difference(old, &new), None);
        assert_ne!(versions(old), versions(&new));
        let old = "{\n\"strace\": \"6.1\",\n\"rustc\": \"1.90\",\n";
        assert_eq!(difference(old, &old.replace('6', "7")), None);
    }
}
