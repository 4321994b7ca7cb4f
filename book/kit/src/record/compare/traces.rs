//! Traces, call by call.

use std::path::Path;

use super::{judge, skip};
use crate::record::progress;
use crate::record::trace::{self, Call, Trace};
use crate::{Fault, Project, Result, Step};

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
