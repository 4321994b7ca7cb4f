//! What a diff shows of two steps, on a page as in the terminal.

use std::path::PathBuf;

use anyhow::bail;
use similar::ChangeTag;

use crate::compare::{Change, Comparison};
use crate::items::Kind;
use crate::pieces::Piece;
use crate::{Project, Result, grouped};

/// A module has moved if so many hundredths of its lines were in the step.
const MOVED: usize = 40;

/// What is shown.
#[derive(Debug, Default)]
pub struct View {
    /// Items that the step no longer has.
    pub gone: Vec<Gone>,
    /// In order: the step's own files, then those of `shared/`.
    pub files: Vec<File>,
}

/// An item that is gone, and where it went.
#[derive(Debug, PartialEq, Eq)]
pub struct Gone {
    pub title: String,
    /// The file, the item and how many of its lines have changed on the way.
    pub now: Option<(PathBuf, String, usize)>,
}

/// A file in which something has changed.
#[derive(Debug)]
pub struct File {
    pub path: PathBuf,
    /// Where it comes from.
    pub note: String,
    /// Its items, new or changed.
    pub changes: Vec<Change>,
}

/// `{{#diff NN}}`: a step against its base.
pub fn of(project: &Project, number: u8) -> Result<View> {
    let step = project.step(number)?;
    if step.base().is_none() {
        bail!("step {number:02} grows out of no step: there is no diff");
    }
    Ok(View::new(&Comparison::of(project, step)?))
}

impl View {
    /// Everything that has changed.
    pub fn new(comparison: &Comparison) -> Self {
        let mut view = View { gone: gone(comparison), files: Vec::new() };
        let new = comparison.changes.iter().filter(|it| it.new.is_some());
        for (path, changes) in grouped(new, |it| it.path()) {
            let enters = changes.iter().any(|change| change.enters());
            let (note, is_new) = match enters {
                true => fate(&changes),
                false => (String::new(), false),
            };
            // What is new in shared/ is printed as a module.
            let changes = changes.into_iter().filter(|change| match enters {
                true => !is_new && change.changed() > 0,
                false => is_worth_showing(change),
            });
            let changes: Vec<Change> = changes.cloned().collect();
            if enters || !changes.is_empty() {
                view.files.push(File {
                    path: path.to_path_buf(),
                    note,
                    changes,
                });
            }
        }
        for (path, changes) in grouped(&comparison.grown, |it| it.path()) {
            let changes = changes.into_iter().cloned().collect();
            let note = "what enters now".to_string();
            view.files.push(File { path: path.to_path_buf(), note, changes });
        }
        view
    }
}

impl Gone {
    /// In words; `code` marks names.
    pub fn words(&self, code: impl Fn(&str) -> String) -> String {
        let title = code(&self.title);
        let Some((path, name, changed)) = &self.now else {
            return format!("{title}: gone");
        };
        let path = code(&path.to_string_lossy());
        let name = match *name == self.title {
            true => String::new(),
            false => format!("{} in ", code(name)),
        };
        let changed = match changed {
            0 => "unchanged".to_string(),
            changed => format!("{} changed", lines(*changed)),
        };
        format!("{title}: now {name}{path}, {changed}")
    }
}

impl Change {
    /// What has become of it.
    pub fn note(&self) -> String {
        let (Some(old), Some(new)) = (&self.old, &self.new) else {
            return "new".to_string();
        };
        let mut notes = Vec::new();
        if old.item.title != new.item.title {
            notes.push(format!("was {}", old.item.title));
        }
        if !is_same_file(old, new) {
            let name = old.path.file_name().unwrap_or_default();
            notes.push(format!("from {}", name.to_string_lossy()));
        }
        if notes.is_empty() {
            notes.push("changed".to_string());
        }
        notes.join(", ")
    }
}

/// So many lines.
pub fn lines(count: usize) -> String {
    match count {
        1 => "1 line".to_string(),
        count => format!("{count} lines"),
    }
}

fn gone(comparison: &Comparison) -> Vec<Gone> {
    let mut found: Vec<(&Piece, &Change)> = Vec::new();
    for change in comparison.changes.iter().chain(&comparison.grown) {
        let Some(old) = &change.old else { continue };
        let left = change.new.is_none() || change.enters();
        let is_item = [Kind::Function, Kind::Other].contains(&old.item.kind);
        if left && is_item {
            found.push((old, change));
        }
    }
    found.sort_by_key(|(old, _)| (&old.path, *old.item.lines.start()));
    let gone = found.into_iter().map(|(old, change)| Gone {
        title: old.item.title.clone(),
        now: change.new.as_ref().map(|new| {
            let title = new.item.title.clone();
            (new.path.clone(), title, change.changed())
        }),
    });
    let mut gone: Vec<Gone> = gone.collect();
    // Of two impls with one method each that a reader calls the same.
    gone.dedup();
    gone
}

/// Where a module comes from, in words, and whether it is new.
fn fate(changes: &[&Change]) -> (String, bool) {
    let count = |tag| -> usize {
        changes.iter().map(|change| change.rows(tag).count()).sum()
    };
    let (same, new) = (count(ChangeTag::Equal), count(ChangeTag::Insert));
    match same * 100 >= (same + new) * MOVED {
        true => (format!("moved, {} unchanged", lines(same)), false),
        false => (format!("new, {}", lines(new)), true),
    }
}

fn is_worth_showing(change: &Change) -> bool {
    let (Some(old), Some(new)) = (&change.old, &change.new) else {
        return true;
    };
    let stays = is_same_file(old, new) && old.item.title == new.item.title;
    change.changed() > 0 || !stays
}

fn is_same_file(old: &Piece, new: &Piece) -> bool {
    old.path.file_name() == new.path.file_name()
}
