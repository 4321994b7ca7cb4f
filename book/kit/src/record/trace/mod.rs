//! The strace transcript of a step: recording, file and page.
//!
//! `book/traces/NN.session`, written by hand in the language of sessions, says
//! what happens around the step; `book/traces/NN.json` holds what it then
//! asked of the kernel.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::cargo::{self, Built};
use super::ports::Ports;
use super::session::{self, Script};
use super::{Recording, Source, process};
use crate::{Project, Result, Step};

mod ours;
mod page;
mod peer;
mod run;
mod stable;
mod strace;
mod tasks;

pub use page::{calls, render};
pub(super) use peer::Peer;
pub(super) use run::Tracer;

/// What a step asked of the kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    pub strace: String,
    pub rustc: String,
    /// Whether the step was ended by Ctrl-C.
    pub interrupted: bool,
    /// The step's processes and threads, first the one that began.
    pub tasks: Vec<Task>,
}

/// A process or a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// What it is called: `main`, `thread 1`, `process 1`.
    pub label: String,
    pub calls: Vec<Call>,
}

/// A system call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    pub call: String,
    /// Its arguments, as strace writes them.
    pub args: String,
    /// Its result; `?` if the program ended while the call waited.
    pub result: String,
    pub function: String,
    /// The file of that function, from the root.
    pub file: PathBuf,
    pub line: usize,
}

impl Trace {
    /// All calls of all tasks.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.tasks.iter().flat_map(|task| &task.calls)
    }

    /// One call a line, so that a change can be seen.
    pub(super) fn to_json(&self) -> Result<String> {
        let Trace { strace, rustc, interrupted, tasks } = self;
        let [strace, rustc] = [strace, rustc].map(|it| json!(it));
        let mut texts = Vec::new();
        for Task { label, calls } in tasks {
            let label = json!(label);
            let calls: Result<Vec<_>, _> =
                calls.iter().map(serde_json::to_string).collect();
            let calls = calls?.join(",\n  ");
            texts.push(format!(
                "{{\"label\": {label}, \"calls\": [\n  {calls}\n]}}"
            ));
        }
        Ok(format!(
            "{{\n\"strace\": {strace},\n\"rustc\": {rustc},\n\
             \"interrupted\": {interrupted},\n\"tasks\": [\n{}\n]\n}}\n",
            texts.join(",\n"),
        ))
    }
}

/// The script of a step's trace, from the root.
pub fn script_file(step: &Step) -> PathBuf {
    format!("book/traces/{:02}.session", step.number).into()
}

/// The recorded trace of a step, from the root.
pub fn file(step: &Step) -> PathBuf {
    format!("book/traces/{:02}.json", step.number).into()
}

/// The recorded trace of a step.
pub fn load(project: &Project, step: &Step) -> Result<Trace> {
    let file = file(step);
    let text = project.read(&file).with_context(|| {
        format!("record it: cargo book record traces {:02}", step.number)
    })?;
    serde_json::from_str(&text)
        .with_context(|| format!("{} is no trace", file.display()))
}

/// Why traces cannot be recorded on this machine, if so.
pub fn impossible() -> Option<&'static str> {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        return Some(
            "the traces are those of x86-64; other machines have \
                     other names for some calls; to enable: use one",
        );
    }
    let Some(strace) = process::tool("strace") else {
        return Some("strace is missing; to enable: apt install strace");
    };
    let trial = Command::new(strace)
        .args(["-f", "-k", "-o", "/dev/null", "true"])
        .output();
    if !trial.is_ok_and(|trial| trial.status.success()) {
        return Some(
            "strace cannot trace here, or not with -k; to enable: \
                     allow ptrace (in a container: --cap-add=SYS_PTRACE)",
        );
    }
    None
}

/// The trace of the step of that number.
pub(super) fn recording<'a>(
    project: &'a Project,
    number: &str,
) -> Result<Recording<'a>> {
    let step = project.step_named(number)?;
    Ok(Recording {
        name: format!("traces {:02}", step.number),
        file: file(step),
        own: vec![script_file(step)],
        steps: vec![step],
        compare: true,
        source: Source::Trace(step),
    })
}

/// Runs a step and returns its trace. `known` is what was recorded before.
pub fn record(
    project: &Project,
    step: &Step,
    built: &Built,
    known: &str,
) -> Result<Trace> {
    let script_file = script_file(step);
    let script = Script::parse(&project.read(&script_file)?)
        .with_context(|| script_file.display().to_string())?;
    let program = cargo::built(built, &step.program())?;
    let tasks = trace_program(&script, program, &project.root, known)
        .with_context(|| script_file.display().to_string())?;
    // `strace -- version 6.1` is 6.1.
    let version = session::version("strace", "--version");
    Ok(Trace {
        strace: version.rsplit(' ').next().unwrap_or_default().to_string(),
        rustc: cargo::compiler_version(project)?,
        interrupted: run::is_interrupted(&script),
        tasks,
    })
}

/// How many system calls of ours `program` makes while curl fetches a page
/// that many times, on one connection if the program keeps it.
pub fn count(
    project: &Project,
    program: &Path,
    requests: usize,
) -> Result<f64> {
    let page = " -o /dev/null http://127.0.0.1:8080/".repeat(requests);
    let client = match requests {
        0 => String::new(),
        _ => format!("client$ curl -sS{page}\n"),
    };
    let script = format!(
        "# Requests\nserver& step 127.0.0.1:8080\nserver> try:\n{client}\
         server^C\n"
    );
    let script = Script::parse(&script)?;
    let tasks = trace_program(&script, program, &project.root, "")?;
    let calls: usize = tasks.iter().map(|task| task.calls.len()).sum();
    Ok(calls as f64)
}

/// The tasks of any program built from sources under `root`. `known` is what
/// was recorded of it before.
fn trace_program(
    script: &Script,
    program: &Path,
    root: &Path,
    known: &str,
) -> Result<Vec<Task>> {
    let ports = Ports::fresh(known)?;
    let files = run::run(script, program, &ports)?;
    let order = tasks::in_order(files)?;
    let numbers = order.iter().map(|task| task.number).collect();
    let source = ours::Source::open(program, root)?;
    let mut stable = stable::Stable::new(script, &ports, numbers, root)?;
    let mut tasks = Vec::new();
    for task in &order {
        let mut calls = ours::calls(&task.events, program, &source);
        for Call { call, args, result, .. } in &mut calls {
            *args = stable.args(call, args);
            *result = stable.result(call, result);
        }
        shorten_dumps(&mut calls);
        // What ours has started is another program, perhaps.
        if !calls.is_empty() {
            tasks.push(Task { label: task.label.clone(), calls });
        }
    }
    if tasks.is_empty() {
        bail!("not one call is ours: has strace lost the stacks?");
    }
    Ok(tasks)
}

/// What the kernel says of the machine's interfaces comes in as many messages
/// as there are interfaces for: it is shown as one.
fn shorten_dumps(calls: &mut Vec<Call>) {
    let is_dump =
        |it: &Call| it.call == "recvmsg" && it.args.contains("<NETLINK");
    calls.dedup_by(|next, last| is_dump(next) && is_dump(last));
    for it in calls.iter_mut().filter(|it| is_dump(it)) {
        it.result = "…".to_string();
    }
}

#[cfg(test)]
mod tests;
