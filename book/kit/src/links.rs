//! Makes links of the markers that listings, traces and tables have left: to
//! lines of code, and to the entries of system calls, `### accept4(2)`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::chapter::{Piece, pieces};
use crate::page::Page;
use crate::{Project, Result, Step, pattern};

/// What [`crate::html`] leaves between private characters, which are in no
/// text of ours.
static MARKER: LazyLock<Regex> = LazyLock::new(|| {
    pattern("\u{E000}([^|]*)\\|([^|]*)\\|([^\u{E001}]*)\u{E001}")
});

/// Where a call is explained.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The step whose chapter it is.
    pub step: &'a Step,
    pub line: usize,
}

/// The entries of each call, in the order of the steps.
pub fn entries(project: &Project) -> Result<BTreeMap<String, Vec<Entry<'_>>>> {
    let mut entries: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for step in &project.steps {
        let file = step.chapter();
        if !project.root.join(&file).is_file() {
            continue;
        }
        for (line, piece) in pieces(&project.read(&file)?) {
            let Piece::Call(call) = piece else { continue };
            let entry = Entry { step, line };
            entries.entry(call.to_string()).or_default().push(entry);
        }
    }
    Ok(entries)
}

/// The id of a call's entry on its page.
pub fn id(call: &str) -> String {
    format!("call-{call}")
}

/// Where the book shows lines of code, and where it explains calls.
#[derive(Debug, Default)]
pub struct Links {
    /// The address of the first page that shows a line, by the line's id.
    lines: BTreeMap<String, String>,
    /// The address of a call's entry.
    calls: BTreeMap<String, String>,
}

impl Links {
    /// Knows the entries of all chapters, and no line yet.
    pub fn new(project: &Project) -> Result<Self> {
        let mut links = Links::default();
        for (call, entries) in entries(project)? {
            let Some(first) = entries.first() else { continue };
            let page = first.step.name();
            let address = format!("{page}.html#{}", id(&call));
            links.calls.insert(call, address);
        }
        Ok(links)
    }

    /// Learns which lines a page shows. Pages come in the book's order.
    pub fn learn(&mut self, page: &Page) {
        for id in &page.anchors {
            let address = || format!("{}#{id}", page.address);
            self.lines.entry(id.clone()).or_insert_with(address);
        }
    }

    /// The page's text with links for markers; where there is nothing to
    /// link to, the marker's text alone.
    pub fn resolve(&self, page: &Page, text: &str) -> String {
        let link = |found: &Captures| {
            let [kind, target, text] = found.extract().1;
            match self.address(page, kind, target) {
                Some(address) => {
                    format!("<a class=\"{kind}\" href=\"{address}\">{text}</a>")
                }
                None => text.to_string(),
            }
        };
        MARKER.replace_all(text, link).into_owned()
    }

    fn address(&self, page: &Page, kind: &str, to: &str) -> Option<String> {
        if kind == "source" && page.anchors.contains(to) {
            return Some(format!("#{to}"));
        }
        let known = if kind == "source" { &self.lines } else { &self.calls };
        let address = known.get(to)?;
        let fragment = address.strip_prefix(page.address.as_str());
        Some(fragment.map_or_else(|| page.link(address), str::to_string))
    }
}
