//! Two steps item by item: items are matched first, then lines within them.

use std::path::{Path, PathBuf};

use similar::{
    Algorithm, ChangeTag, DiffOp, capture_diff_slices, group_diff_ops,
};

use crate::pair::pair;
use crate::pieces::{Piece, keep_growth, pieces};
use crate::{Project, Result, Step};

/// How many unchanged lines are shown before and after a change.
const CONTEXT: usize = 3;

/// A line of a diff: of the earlier step if it is gone, else of the later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// In both, only in the earlier, or only in the later step.
    pub tag: ChangeTag,
    /// Counted from 1.
    pub line: usize,
    pub text: String,
}

/// Rows with nothing left out between them.
#[derive(Clone, Debug)]
pub struct Part {
    /// Whether something has changed near by; else it is folded.
    pub open: bool,
    pub rows: Vec<Row>,
}

/// An item of one step and the same of the other.
#[derive(Clone, Debug)]
pub struct Change {
    /// `None` for an item that is new.
    pub old: Option<Piece>,
    /// `None` for an item that is gone.
    pub new: Option<Piece>,
    pub parts: Vec<Part>,
}

/// What has changed from one step to another.
#[derive(Debug, Default)]
pub struct Comparison {
    /// The items of the later step and of the modules that have entered, in
    /// the order of the files, then those that are gone.
    pub changes: Vec<Change>,
    /// What has been added to modules that were there before.
    pub grown: Vec<Change>,
}

impl Comparison {
    /// A step against its base. Everything in a step without base is new.
    pub fn of(project: &Project, step: &Step) -> Result<Self> {
        let Some(before) = step.before() else {
            return Self::new(project, None, step);
        };
        let before = project.step(before)?;
        // What the chapters in between have shown of shared/ is not shown
        // again, unless they are of the same package: a side branch.
        let first = match step.package == before.package {
            true => before.number,
            false => step.number - 1,
        };
        let mut found = Self::since(project, Some(before), step, first)?;
        if step.fresh {
            found.changes.retain(Change::enters);
            let own = Self::new(project, None, step)?.changes;
            found.changes.extend(own.into_iter().filter(|it| !it.enters()));
        }
        Ok(found)
    }

    /// Any two steps, the first of which may be none.
    pub fn new(
        project: &Project,
        before: Option<&Step>,
        after: &Step,
    ) -> Result<Self> {
        let first = before.map_or(0, |step| step.number);
        Self::since(project, before, after, first)
    }

    /// The same; of shared/ only what has entered after step `first`.
    fn since(
        project: &Project,
        before: Option<&Step>,
        after: &Step,
        first: u8,
    ) -> Result<Self> {
        let own = |step: &Step| -> Result<Vec<Piece>> {
            let sources = project.sources(step)?.into_iter();
            let own = sources
                .map(|path| pieces(&path, &project.read(&path)?, u8::MAX));
            Ok(own.collect::<Result<Vec<_>>>()?.concat())
        };
        let old = before.map(own).transpose()?.unwrap_or_default();
        let mut new = own(after)?;
        let mut earlier = Vec::new();
        let steps = project.steps.iter();
        for step in steps.filter(|step| step.number <= after.number) {
            // That one is missing is said elsewhere.
            let is_there = |path: &PathBuf| project.root.join(path).is_file();
            for path in step.files().filter(is_there) {
                let text = project.read(&path)?;
                let mut pieces = pieces(&path, &text, after.number)?;
                if step.number <= first {
                    keep_growth(&mut pieces, &text, first);
                    earlier.push(path);
                }
                new.extend(pieces);
            }
        }
        let is_growth = |change: &Change| {
            change.new.is_some()
                && earlier.iter().any(|path| path == change.path())
        };
        let changes = pair(old, new).into_iter();
        let (grown, changes) = changes.partition(is_growth);
        Ok(Comparison { changes, grown })
    }
}

impl Change {
    pub(crate) fn new(old: Option<Piece>, new: Option<Piece>) -> Self {
        let [a, b] = [&old, &new]
            .map(|it| it.as_ref().map_or(&[][..], |piece| &piece.lines));
        let parts = parts(a, b);
        Change { old, new, parts }
    }

    /// The file in the later step, or where it was.
    pub fn path(&self) -> &Path {
        let piece = self.new.as_ref().or(self.old.as_ref());
        piece.map_or(Path::new(""), |piece| &piece.path)
    }

    /// Whether it is in a module of `shared/`, not in the step.
    pub fn enters(&self) -> bool {
        self.path().starts_with("shared")
    }

    /// Its lines that have something on them and are the same, gone or new.
    pub fn rows(&self, tag: ChangeTag) -> impl Iterator<Item = &Row> {
        let rows = self.parts.iter().flat_map(|part| &part.rows);
        rows.filter(move |row| row.tag == tag && !row.text.trim().is_empty())
    }

    /// How many lines have changed; one that is now another counts once.
    pub fn changed(&self) -> usize {
        let [gone, new] = [ChangeTag::Delete, ChangeTag::Insert];
        self.rows(gone).count().max(self.rows(new).count())
    }
}

/// The rows of an item, in parts.
fn parts(old: &[(usize, String)], new: &[(usize, String)]) -> Vec<Part> {
    // A line that has only moved in or out is the same.
    let [a, b] = [old, new].map(|lines| {
        lines.iter().map(|(_, text)| text.trim()).collect::<Vec<_>>()
    });
    // Patience keeps blocks together, where the shortest diff would rather
    // keep their closing braces.
    let ops = capture_diff_slices(Algorithm::Patience, &a, &b);
    let row = |tag, (line, text): &(usize, String)| Row {
        tag,
        line: *line,
        text: text.clone(),
    };
    let same = |rows: &[(usize, String)]| Part {
        open: rows.len() < CONTEXT,
        rows: rows.iter().map(|line| row(ChangeTag::Equal, line)).collect(),
    };
    let mut parts = Vec::new();
    let mut done = 0;
    for group in group_diff_ops(ops, CONTEXT) {
        let mut rows = Vec::new();
        let start = group.first().map_or(done, |op| op.new_range().start);
        parts.push(same(&new[done..start]));
        for op in &group {
            if let DiffOp::Equal { .. } = op {
                rows.extend(same(&new[op.new_range()]).rows);
                continue;
            }
            let gone = old[op.old_range()].iter();
            rows.extend(gone.map(|line| row(ChangeTag::Delete, line)));
            let added = new[op.new_range()].iter();
            rows.extend(added.map(|line| row(ChangeTag::Insert, line)));
        }
        done = group.last().map_or(done, |op| op.new_range().end);
        parts.push(Part { open: true, rows });
    }
    parts.push(same(&new[done..]));
    parts.retain(|part| !part.rows.is_empty());
    parts.dedup_by(|next, part| {
        let joined = part.open && next.open;
        if joined {
            part.rows.append(&mut next.rows);
        }
        joined
    });
    parts
}
