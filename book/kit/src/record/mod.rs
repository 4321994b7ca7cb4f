//! What is recorded from runs of the steps: traces, terminal sessions and
//! charts.

use std::path::PathBuf;

use anyhow::{Context, ensure};

use crate::{Fault, Project, Result, Step, project};

pub(crate) mod cargo;
pub(crate) mod chart;
pub(crate) mod hashes;
pub(crate) mod load;
pub(crate) mod session;
pub(crate) mod trace;

mod compare;
mod ports;
pub(crate) mod process;
mod quiet;

pub use trace::impossible as cannot_trace;

use cargo::Built;
use hashes::Hashes;

/// Which recordings are made or played again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Those of which something has changed since they were made.
    Changed,
    /// All.
    All,
}

/// What `cargo book record` calls the kinds of recordings; for each the
/// directory and the names' ending by which those of the book are found.
const KINDS: [(&str, &str, &str); 3] = [
    ("traces", "book/traces", "session"),
    ("runs", "book/runs", "session"),
    ("charts", "book/data/charts", "json"),
];

/// Something that is recorded from a run.
struct Recording<'a> {
    /// What `cargo book record` calls it: `runs 02-wait`.
    name: String,
    /// Where it is written, from the root.
    file: PathBuf,
    /// What it is made of, besides the steps: files and directories.
    own: Vec<PathBuf>,
    /// The steps that are run for it.
    steps: Vec<&'a Step>,
    /// Whether a later run must show the same.
    compare: bool,
    source: Source<'a>,
}

/// What a recording is made from.
enum Source<'a> {
    Trace(&'a Step),
    Run(session::Script),
    Chart(String),
}

impl Recording<'_> {
    /// Why it cannot be made on this machine, if so.
    fn impossible(&self) -> Option<String> {
        match &self.source {
            Source::Run(script) => session::impossible(script),
            // A chart of times needs no traces.
            Source::Chart(_) if !self.compare => None,
            _ => trace::impossible().map(str::to_string),
        }
    }

    /// Makes it once more; the text of its file.
    fn play(&self, project: &Project, built: &Built) -> Result<String> {
        let known = project.read(&self.file).unwrap_or_default();
        match &self.source {
            Source::Trace(step) => {
                trace::record(project, step, built, &known)?.to_json()
            }
            Source::Run(script) => {
                Ok(session::play(script, built, &known)?.to_string())
            }
            Source::Chart(name) => chart::record(project, name)?.to_json(),
        }
    }
}

/// The recordings of a kind that have these names, or all that the book has.
fn recordings<'a>(
    project: &'a Project,
    (kind, directory, end): (&str, &str, &str),
    names: &[String],
) -> Result<Vec<Recording<'a>>> {
    let mut names = names.to_vec();
    if names.is_empty() && project.root.join(directory).is_dir() {
        let files = project::files(&project.root, directory)?.into_iter();
        let files = files.filter(|it| it.extension() == Some(end.as_ref()));
        let stems =
            files.filter_map(|it| it.file_stem()?.to_str().map(Into::into));
        names = stems.collect();
    }
    let recording = |name: &String| match kind {
        "traces" => trace::recording(project, name),
        "runs" => session::recording(project, name),
        _ => Ok(chart::recording(project, name)),
    };
    names.iter().map(recording).collect()
}

/// Builds what these recordings run; they are all of one kind.
fn build(project: &Project, recordings: &[Recording]) -> Result<Built> {
    let scripts = recordings.iter().filter_map(|it| match &it.source {
        Source::Run(script) => Some(script),
        _ => None,
    });
    match recordings.first().map(|it| &it.source) {
        Some(Source::Trace(_)) => {
            let steps = recordings.iter().flat_map(|it| &it.steps).copied();
            cargo::build_for_traces(project, &steps.collect::<Vec<_>>())
        }
        Some(Source::Run(_)) => {
            session::build(project, &scripts.collect::<Vec<_>>())
        }
        // A chart builds what it counts.
        Some(Source::Chart(_)) | None => Ok(Built::new()),
    }
}

/// Re-records `what` (`traces`, `runs` or `charts`; all if empty): of it
/// `names`, or, if there are none, what `which` says.
pub fn record(
    project: &Project,
    what: &str,
    names: &[String],
    which: Which,
) -> Result<()> {
    let wanted = |(kind, ..): &&(&str, _, _)| what.is_empty() || what == *kind;
    let kinds: Vec<_> = KINDS.iter().filter(wanted).collect();
    ensure!(
        !kinds.is_empty(),
        "'{what}' cannot be recorded: traces, runs or charts can"
    );
    let mut known = Hashes::load(project);
    let mut failed = Vec::new();
    for kind in kinds {
        let mut wanted = recordings(project, *kind, names)?;
        wanted.retain(|it| {
            let all = which == Which::All || !names.is_empty();
            all || !known.is_current(project, it)
        });
        let built = build(project, &wanted)?;
        for (at, recording) in wanted.iter().enumerate() {
            progress(at, wanted.len(), &recording.name);
            // One that fails does not keep the others from being recorded.
            let done = write(project, recording, &built, &mut known);
            failed.extend(done.err().map(|error| {
                format!("{}: {error:#}", recording.file.display())
            }));
        }
    }
    ensure!(failed.is_empty(), "{}", failed.join("\nbook: "));
    Ok(())
}

/// Makes a recording, writes its file and notes what stands behind it.
fn write(
    project: &Project,
    recording: &Recording,
    built: &Built,
    known: &mut Hashes,
) -> Result<()> {
    if let Some(why) = recording.impossible() {
        anyhow::bail!("{why}");
    }
    let text = recording.play(project, built)?;
    let file = &recording.file;
    std::fs::write(project.root.join(file), &text)
        .with_context(|| format!("cannot write {}", file.display()))?;
    known.note(project, recording)?;
    println!("{}: {} lines", file.display(), text.lines().count());
    Ok(())
}

/// Runs again what is recorded and comparable, and reports what has come out
/// differently.
pub fn compare(project: &Project, which: Which) -> Result<Vec<Fault>> {
    let known = Hashes::load(project);
    let mut faults = Vec::new();
    let mut count = 0;
    for kind in KINDS {
        let mut wanted = recordings(project, kind, &[])?;
        wanted.retain(|it| {
            it.compare
                && (which == Which::All || !known.is_current(project, it))
        });
        count += wanted.len();
        faults.extend(compare::played(project, wanted)?);
    }
    if faults.is_empty() && which == Which::Changed && count > 0 {
        eprintln!(
            "book: {count} recordings are as before; `cargo book record` \
             notes it, and they are not played again"
        );
    }
    Ok(faults)
}

/// Says how far it is: `at` counts from 0.
fn progress(at: usize, count: usize, what: &str) {
    eprintln!("book: {} of {count}: {what}", at + 1);
}
