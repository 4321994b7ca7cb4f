//! The built pages: do all addresses lead somewhere, and nowhere else?

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::html::{self, Address, Page, foreign, resolve, scheme};
use crate::fault::Faults;
use crate::project::files;
use crate::{Fault, Project, Result, build, exercise};

/// Pages that only repeat others: all of them for printing, and the first.
const COPIES: [&str; 2] = ["print.html", "index.html"];

pub(super) fn check(project: &Project) -> Result<Vec<Fault>> {
    let directory = tempfile::tempdir()?;
    if let Err(error) = build::build(project, directory.path()) {
        return match error.downcast::<Faults>() {
            Ok(Faults(faults)) => Ok(faults),
            Err(error) => {
                let what = format!("the book does not build: {error:#}");
                Ok(vec![Fault::new("book/book.toml", 0, what)])
            }
        };
    }
    let site = Site::read(directory.path())?;
    let mut faults = Vec::new();
    for (name, page) in &site.0 {
        if !COPIES.contains(&name.as_str()) {
            faults.extend(site.faults(project, name, page));
        }
    }
    // Pictures keep their ids there, where all of them are on one page.
    if let (true, Some(print)) = (faults.is_empty(), site.0.get("print.html")) {
        faults.extend(site.faults(project, "print.html", print));
    }
    Ok(faults)
}

/// The files of the built book by their names, such as `ex/01a.html`; what is
/// neither a page nor a style sheet names nothing.
struct Site(BTreeMap<String, Page>);

impl Site {
    fn read(directory: &Path) -> Result<Self> {
        let mut site = BTreeMap::new();
        for file in files(directory, "")? {
            let name = file.to_string_lossy().into_owned();
            let read = match file.extension().and_then(OsStr::to_str) {
                Some("html") => html::read,
                Some("css") => html::read_style,
                _ => |_: &str| Page::default(),
            };
            let text = fs::read(directory.join(&file))?;
            let page = read(&String::from_utf8_lossy(&text));
            site.insert(name, page);
        }
        Ok(Site(site))
    }

    fn faults(&self, project: &Project, name: &str, page: &Page) -> Vec<Fault> {
        let source = Source::of(project, name);
        let mut faults = Vec::new();
        let mut seen = BTreeSet::new();
        for id in &page.ids {
            if !seen.insert(id) {
                let what =
                    format!("the id `{id}` occurs twice on {name}; change one");
                faults.push(source.fault(&[id], what));
            }
        }
        for address in &page.addresses {
            if let Err(what) = self.follow(name, page, address) {
                let text = &address.text;
                let markdown = text.replace(".html", ".md");
                let what = format!("`{text}` {what}");
                faults.push(source.fault(&[text, &markdown], what));
            }
        }
        faults
    }

    /// What is wrong with an address, and how to mend it.
    fn follow(
        &self,
        name: &str,
        page: &Page,
        address: &Address,
    ) -> Result<(), String> {
        let text = &address.text;
        if let Some((scheme, rest)) = scheme(text) {
            return foreign(scheme, rest, address.is_link);
        }
        let (path, fragment) = match text.split_once('#') {
            Some((path, fragment)) => (path, Some(fragment)),
            None => (text.as_str(), None),
        };
        let path = path.split('?').next().unwrap_or(path);
        let target = match path {
            "" => name.to_string(),
            path => resolve(page.base.as_deref().unwrap_or(name), path)
                .ok_or("leads out of the book; mend the link")?,
        };
        let page = self.0.get(&target).ok_or_else(|| {
            format!(
                "leads to {target}, which the book does not have; mend the \
                 link"
            )
        })?;
        let fragment = fragment.filter(|_| target.ends_with(".html"));
        let has =
            |id: &str| id.is_empty() || page.ids.iter().any(|it| it == id);
        match fragment.filter(|id| !has(id)) {
            Some(id) => Err(format!(
                "names an id that {target} does not have: `{id}`; mend the link"
            )),
            None => Ok(()),
        }
    }
}

/// The file that a page was made from.
struct Source {
    file: PathBuf,
    text: String,
}

impl Source {
    fn of(project: &Project, page: &str) -> Self {
        let mut file = PathBuf::from("book/src").join(page);
        file.set_extension("md");
        for step in &project.steps {
            for exercise in &step.exercises {
                if exercise::address(exercise) == page {
                    file = exercise::text_file(step, exercise);
                }
            }
        }
        let text = project.read(&file).unwrap_or_default();
        if page.ends_with(".css") {
            file = "book/theme".into();
        } else if text.is_empty() {
            // A page that mdBook makes by itself, such as print.html.
            file = Path::new("book/build").join(page);
        }
        Source { file, text }
    }

    /// A fault in the first line that has one of these words.
    fn fault(&self, words: &[&str], what: String) -> Fault {
        let has = |line: &str| words.iter().any(|word| line.contains(word));
        let line = self.text.lines().position(has).map_or(0, |at| at + 1);
        Fault::new(&self.file, line, what)
    }
}
