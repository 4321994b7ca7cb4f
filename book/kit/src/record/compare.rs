//! Does a run today still show what the book shows?

use std::path::Path;

use super::session::{self, Kind, Line, Script, Transcript};
use super::trace::{self, Call, Trace};
use crate::{Fault, Project, Result, Step};

/// Runs every traced step again.
///
/// # Errors
/// When the steps cannot be built.
pub fn traces(project: &Project) -> Result<Vec<Fault>> {
    let steps = super::traced_steps(project);
    if steps.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(why) = trace::impossible() {
        return Ok(skip("traces", Path::new("book/traces"), why));
    }
    let built = trace::build(project, &steps)?;
    let mut faults = Vec::new();
    for step in steps {
        let again = format!("cargo book record traces {:02}", step.number);
        let recorded = match trace::load(project, step) {
            Ok(recorded) => recorded,
            Err(error) => {
                let file = trace::file(step);
                faults.push(Fault::new(file, 0, format!("{error:#}")));
                continue;
            }
        };
        match trace::record(project, step, &built) {
            Ok(now) => {
                let fault = difference(step, &recorded, &now, &again);
                let tools = (&recorded.strace, &now.strace);
                faults.extend(judge(fault, tools.0 != tools.1, "strace"));
            }
            Err(error) => {
                let what = format!("the run fails: {error:#}");
                faults.push(Fault::new(trace::script_file(step), 0, what));
            }
        }
    }
    Ok(faults)
}

/// A difference counts unless it may come from another version of a tool.
fn judge(fault: Option<Fault>, other: bool, tools: &str) -> Vec<Fault> {
    match fault {
        None => Vec::new(),
        Some(fault) if !other => vec![fault],
        Some(Fault { file, line, message }) => {
            let what = format!("{}:{line}", file.display());
            let why = format!(
                "another version of {tools} recorded it, or it has changed: \
                 {message}"
            );
            skip(&what, &file, &why)
        }
    }
}

/// Plays every session again.
///
/// # Errors
/// When a script cannot be read, or the steps cannot be built.
pub fn sessions(project: &Project) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    let mut playable = Vec::new();
    for name in session::names(project)? {
        let script = session::script(project, &name)?;
        let file = session::file(&name);
        let again = format!("cargo book record runs {name}");
        let recorded = match session::load(project, &name) {
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
            playable.push((name, script, recorded));
        }
    }
    let scripts: Vec<_> = playable.iter().map(|(_, s, _)| s).collect();
    let built = session::build(project, &scripts)?;
    for (name, script, recorded) in &playable {
        let known = recorded.to_string();
        match session::play(script, &built, &known) {
            Ok(now) => {
                let other = recorded.tools != now.tools;
                let fault = first_line(name, recorded, &now);
                faults.extend(judge(fault, other, "its tools"));
            }
            Err(error) => {
                let what = format!("the run fails: {error:#}");
                faults.push(Fault::new(session::script_file(name), 0, what));
            }
        }
    }
    Ok(faults)
}

/// Whether the transcript is one of this script: its caption and commands.
fn plays(script: &Script, recorded: &Transcript) -> bool {
    let commands = recorded.lines.iter();
    let commands = commands.filter(|line| line.kind == Kind::Command);
    script.caption == recorded.caption
        && commands.map(|line| &*line.text).eq(script.commands())
}

/// The first line in which two recordings of a session differ.
fn first_line(
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

/// The first difference between two traces of a step.
fn difference(
    step: &Step,
    recorded: &Trace,
    now: &Trace,
    again: &str,
) -> Option<Fault> {
    // The first task's label stands in this line of the file.
    let mut line = 6;
    let fault = |line, what: String| {
        let what = format!("{what}; if it is meant to: {again}");
        Some(Fault::new(trace::file(step), line, what))
    };
    let labels = |trace: &Trace| -> Vec<String> {
        trace.tasks.iter().map(|task| task.label.clone()).collect()
    };
    if labels(recorded) != labels(now) {
        let (old, new) = (labels(recorded), labels(now));
        let what = format!(
            "the step had these tasks: {}; it has: {}",
            old.join(", "),
            new.join(", ")
        );
        return fault(5, what);
    }
    for (old, new) in recorded.tasks.iter().zip(&now.tasks) {
        let longer = old.calls.len().max(new.calls.len());
        for index in 0..longer {
            line += 1;
            let (was, is) = (old.calls.get(index), new.calls.get(index));
            if was != is {
                let what = format!(
                    "call {} of {} was {}, is now {}",
                    index + 1,
                    old.label,
                    shown(was),
                    shown(is)
                );
                return fault(line, what);
            }
        }
        line += 2;
    }
    None
}

fn shown(call: Option<&Call>) -> String {
    match call {
        None => "missing".to_string(),
        Some(Call { call, args, result, function, file, line }) => {
            let file = file.display();
            format!(
                "`{call}({args}) = {result}` in {function} at {file}:{line}"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::record::trace::Task;

    fn call(name: &str, line: usize) -> Call {
        Call {
            call: name.to_string(),
            args: "3".to_string(),
            result: "0".to_string(),
            function: "run".to_string(),
            file: "steps/01-socket/main.rs".into(),
            line,
        }
    }

    fn trace(version: &str, tasks: &[&[Call]]) -> Trace {
        let tasks = tasks.iter().enumerate().map(|(index, calls)| Task {
            label: format!("task {index}"),
            calls: calls.to_vec(),
        });
        Trace {
            strace: version.to_string(),
            rustc: version.to_string(),
            interrupted: false,
            tasks: tasks.collect(),
        }
    }

    fn compared(recorded: &Trace, now: &Trace) -> Option<Fault> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let project = Project::open(&root).unwrap();
        difference(project.step(1).unwrap(), recorded, now, "record")
    }

    #[test]
    fn the_same_calls_by_other_tools_are_the_same() {
        let (one, two) = ([call("bind", 1)], [call("listen", 2)]);
        let old = trace("6.1", &[&one, &two]);
        let new = trace("6.9", &[&one, &two]);
        assert_eq!(compared(&old, &new), None);
    }

    #[test]
    fn the_first_difference_is_shown_with_its_line_in_the_file() {
        let old = trace("6.1", &[&[call("bind", 1)], &[call("listen", 2)]]);
        let new = trace("6.1", &[&[call("bind", 1)], &[call("listen", 3)]]);
        let fault = compared(&old, &new).unwrap();
        let json = old.to_json().unwrap();
        let line = json.lines().nth(fault.line - 1).unwrap();
        assert!(line.contains("\"listen\""), "{line}");
        assert_eq!(
            fault.to_string(),
            "book/traces/01.json:10: call 1 of task 1 was `listen(3) = 0` in \
             run at steps/01-socket/main.rs:2, is now `listen(3) = 0` in run \
             at steps/01-socket/main.rs:3; if it is meant to: record"
        );
    }

    #[test]
    fn a_call_more_and_a_task_more_are_differences() {
        let old = trace("6.1", &[&[call("bind", 1)]]);
        let more = trace("6.1", &[&[call("bind", 1), call("close", 2)]]);
        let fault = compared(&old, &more).unwrap();
        assert!(fault.message.contains("was missing, is now `close(3)"));
        let fault = compared(&more, &old).unwrap();
        assert!(fault.message.contains("is now missing"));
        let tasks = trace("6.1", &[&[call("bind", 1)], &[]]);
        let fault = compared(&old, &tasks).unwrap();
        assert!(fault.message.contains("it has: task 0, task 1"));
    }
}
