//! Does a run today still show what the book shows?

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use super::progress;
use super::session::{self, Script};
use super::trace;
use crate::{Fault, Project, Result, Step};

/// How many sessions are played at once: they wait for most of their time.
const AT_ONCE: usize = 3;

/// Runs these steps again.
///
/// # Errors
/// When the steps cannot be built.
pub fn traces(project: &Project, steps: &[&Step]) -> Result<Vec<Fault>> {
    if steps.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(why) = trace::impossible() {
        return Ok(skip("traces", Path::new("book/traces"), why));
    }
    let built = trace::build(project, steps)?;
    let mut faults = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        progress(at, steps.len(), &format!("trace {:02}", step.number));
        let now = trace::record(project, step, &built)
            .and_then(|trace| trace.to_json());
        let name = format!("traces {:02}", step.number);
        faults.extend(compared(project, &trace::file(step), &name, now));
    }
    Ok(faults)
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
        if !script.compare {
            // Its numbers differ from run to run.
        } else if let Some(why) = session::impossible(&script) {
            let file = session::file(name);
            faults.extend(skip(&format!("run {name}"), &file, &why));
        } else {
            playable.push((name, script));
        }
    }
    let scripts: Vec<&Script> =
        playable.iter().map(|(_, script)| script).collect();
    let built = session::build(project, &scripts)?;
    let (begun, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        let work = || {
            loop {
                let at = begun.fetch_add(1, Ordering::Relaxed);
                let Some((name, script)) = playable.get(at) else { break };
                progress(at, playable.len(), &format!("run {name}"));
                let file = session::file(name);
                let known = project.read(&file).unwrap_or_default();
                let now = session::play(script, &built, &known)
                    .map(|transcript| transcript.to_string());
                let name = format!("runs {name}");
                let fault = compared(project, &file, &name, now);
                unlocked(&found).extend(fault);
            }
        };
        for _ in 1..AT_ONCE {
            // A machine that is short of threads plays fewer at once.
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    faults.append(&mut unlocked(&found));
    Ok(faults)
}

/// What is behind a lock. That another thread has panicked does not make a
/// list wrong.
fn unlocked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The fault of a recording that has come out differently; `name` is what
/// `cargo book record` calls it.
fn compared(
    project: &Project,
    file: &Path,
    name: &str,
    now: Result<String>,
) -> Vec<Fault> {
    let fault = |line, what: String| vec![Fault::new(file, line, what)];
    let now = match now {
        Ok(now) => now,
        Err(error) => return fault(0, format!("the run fails: {error:#}")),
    };
    let Ok(recorded) = project.read(file) else {
        return fault(0, format!("record it: cargo book record {name}"));
    };
    let Some((line, what)) = difference(&recorded, &now) else {
        return Vec::new();
    };
    let what = format!("{what}; if it is meant to: cargo book record {name}");
    if versions(&recorded) == versions(&now) {
        return fault(line, what);
    }
    let why = format!("line {line}, by other versions of the tools: {what}");
    skip(name, file, &why)
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
pub fn skip(what: &str, file: &Path, why: &str) -> Vec<Fault> {
    if std::env::var_os("CI").is_some_and(|value| value == "true") {
        let what = format!("not compared: {why}");
        return vec![Fault::new(file, 0, what)];
    }
    eprintln!("SKIPPED {what}: {why}");
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_shown() {
        let old = "# A\n# curl: 8\na$ x\na| one\na| two\n";
        let what = "was `a| two`, is now `a| 2`".to_string();
        assert_eq!(difference(old, &old.replace("two", "2")), Some((5, what)));
        let what = "was missing, is now `a| three`".to_string();
        let more = format!("{old}a| three\n");
        assert_eq!(difference(old, &more), Some((6, what)));
        let what = "was `a| three`, is now missing".to_string();
        assert_eq!(difference(&more, old), Some((6, what)));
        let what = "was `# A`, is now `# B`".to_string();
        assert_eq!(difference(old, &old.replace('A', "B")), Some((1, what)));
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
