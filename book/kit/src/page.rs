//! One page while it is made: which lines of code it has shown so far.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use similar::ChangeTag;

use crate::compare::Comparison;
use crate::{Project, Result, Step};

/// What the makers of a page's pieces need to know.
#[derive(Debug)]
pub struct Page<'a> {
    /// The repository.
    pub project: &'a Project,
    /// The page's address from the book's root: `ex/01a.html`.
    pub address: String,
    /// The ids of source lines on the page.
    pub anchors: BTreeSet<String>,
    /// The new lines of the steps' files that it has shown.
    new: BTreeMap<PathBuf, BTreeSet<usize>>,
}

impl<'a> Page<'a> {
    /// An empty page at that address.
    pub fn new(project: &'a Project, address: impl Into<String>) -> Self {
        let address = address.into();
        let (anchors, new) = (BTreeSet::new(), BTreeMap::new());
        Page { project, address, anchors, new }
    }

    /// The attribute `id="…"`, for the first of all listings that show a line:
    /// an id may not occur on a page twice.
    pub fn anchor(&mut self, id: &str) -> String {
        match self.anchors.insert(id.to_string()) {
            true => format!(" id=\"{id}\""),
            false => String::new(),
        }
    }

    /// The step whose chapter this page is.
    pub fn step(&self) -> Option<&'a Step> {
        let name = self.address.strip_suffix(".html");
        self.project.steps.iter().find(|step| Some(&*step.name()) == name)
    }

    /// The way from this page to another address of the book.
    pub fn link(&self, address: &str) -> String {
        let depth = self.address.matches('/').count();
        format!("{}{address}", "../".repeat(depth))
    }

    /// The lines of a step's file that the step before does not have. All of
    /// a step without base is new, as is a shared file where it enters:
    /// marking that would say nothing.
    pub fn new_lines(&mut self, file: &Path) -> Result<BTreeSet<usize>> {
        let mut steps = self.project.steps.iter();
        let step = steps.find(|step| file.starts_with(step.folder()));
        let step = step.filter(|step| step.base().is_some());
        if let (Some(step), false) = (step, self.new.contains_key(file)) {
            let changes = Comparison::of(self.project, step)?.changes;
            let own = changes.iter().filter(|it| !it.enters());
            for change in own {
                let path = change.path().to_path_buf();
                let rows = change.parts.iter().flat_map(|part| &part.rows);
                let new = rows.filter(|row| row.tag == ChangeTag::Insert);
                let lines = new.map(|row| row.line);
                self.new.entry(path).or_default().extend(lines);
            }
        }
        Ok(self.new.get(file).cloned().unwrap_or_default())
    }
}
