//! One page while it is made: which lines of code it has shown so far.

use std::collections::BTreeSet;

use crate::Project;

/// What the makers of a page's pieces need to know.
#[derive(Debug)]
pub struct Page<'a> {
    /// The repository.
    pub project: &'a Project,
    /// The page's address from the book's root: `ex/01a.html`.
    pub address: String,
    /// The ids of source lines on the page.
    pub anchors: BTreeSet<String>,
}

impl<'a> Page<'a> {
    /// An empty page at that address.
    pub fn new(project: &'a Project, address: impl Into<String>) -> Self {
        let address = address.into();
        Page { project, address, anchors: BTreeSet::new() }
    }

    /// The attribute `id="…"`, for the first of all places that show a line:
    /// an id may not stand on a page twice.
    pub fn anchor(&mut self, id: &str) -> String {
        if self.anchors.insert(id.to_string()) {
            format!(" id=\"{id}\"")
        } else {
            String::new()
        }
    }

    /// The way from this page to another address of the book.
    pub fn link(&self, address: &str) -> String {
        let depth = self.address.matches('/').count();
        format!("{}{address}", "../".repeat(depth))
    }
}
