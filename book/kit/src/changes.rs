//! What has changed between a step and the step it grew out of.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use similar::{Algorithm, DiffOp, TextDiff};

use crate::{Project, Result, Step};

/// One file of a step against its predecessor; an absent one is empty.
#[derive(Debug)]
pub struct FileChange {
    /// From the root, in the earlier step's folder; `None` for a new file.
    pub old_path: Option<PathBuf>,
    /// From the root, in the step's folder; `None` for a file that is gone.
    pub new_path: Option<PathBuf>,
    /// The file's text in the earlier step.
    pub old_text: String,
    /// The file's text in the step.
    pub new_text: String,
    /// How the lines of one become those of the other; lines count from 0.
    pub operations: Vec<DiffOp>,
}

impl FileChange {
    fn new(
        project: &Project,
        old_path: Option<PathBuf>,
        new_path: Option<PathBuf>,
    ) -> Result<Self> {
        let read = |path: &Option<PathBuf>| match path {
            Some(path) => project.read(path),
            None => Ok(String::new()),
        };
        let (old_text, new_text) = (read(&old_path)?, read(&new_path)?);
        // Patience keeps whole functions together, where the shortest diff
        // would rather keep their closing braces.
        let diff = TextDiff::configure()
            .algorithm(Algorithm::Patience)
            .diff_lines(&old_text, &new_text);
        let operations = diff.ops().to_vec();
        Ok(FileChange { old_path, new_path, old_text, new_text, operations })
    }

    /// The lines of the new text that are not in the old, counted from 1.
    pub fn added(&self) -> BTreeSet<usize> {
        let changed = self.changed();
        changed.flat_map(DiffOp::new_range).map(|line| line + 1).collect()
    }

    /// The lines of the old text that are not in the new, counted from 1.
    pub fn removed(&self) -> BTreeSet<usize> {
        let changed = self.changed();
        changed.flat_map(DiffOp::old_range).map(|line| line + 1).collect()
    }

    fn changed(&self) -> impl Iterator<Item = &DiffOp> {
        self.operations
            .iter()
            .filter(|operation| !matches!(operation, DiffOp::Equal { .. }))
    }
}

/// The step's files, each against the file of the same name in the step
/// before. For a step without predecessor every line is new.
///
/// # Errors
/// When a file cannot be read.
pub fn changes(project: &Project, step: &Step) -> Result<Vec<FileChange>> {
    let new = project.sources(step)?;
    let old = match step.base() {
        Some(base) => project.sources(project.step(base)?)?,
        None => Vec::new(),
    };
    let twin = |path: &Path, among: &[PathBuf]| {
        let same = |other: &&PathBuf| other.file_name() == path.file_name();
        among.iter().find(same).cloned()
    };
    let mut changes = Vec::new();
    for path in &new {
        let before = twin(path, &old);
        changes.push(FileChange::new(project, before, Some(path.clone()))?);
    }
    for path in &old {
        if twin(path, &new).is_none() {
            changes.push(FileChange::new(project, Some(path.clone()), None)?);
        }
    }
    Ok(changes)
}
