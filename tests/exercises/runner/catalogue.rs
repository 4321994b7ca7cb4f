//! The exercises that steps/steps.toml lists.
//!
//! The runner is built by every student, so it has no library for TOML. It
//! reads the few forms of line that the list uses: `[[step]]` and other
//! headers, `key = "text"`, `key = 7`, and lists, which it skips. The book's
//! kit reads all of it, with such a library.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::task::{self, Task};
use crate::text;

/// One exercise, as the list describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exercise {
    /// Such as `02a`; the name of the Cargo example, too.
    pub id: String,
    /// Such as `nothing-lost`.
    pub slug: String,
    /// Such as `Nothing lost`.
    pub title: String,
    /// From 1 to 3.
    pub stars: u32,
    pub minutes: u32,
    /// The step's directory below `steps/`, such as `02-echo`.
    pub directory: String,
    /// The step's chapter's title.
    pub chapter: String,
    /// The folder of the step's package; the root's has no name.
    pub package: String,
}

impl Exercise {
    /// The step's number, such as `02`.
    pub fn step(&self) -> &str {
        self.directory.get(..2).unwrap_or_default()
    }

    /// The file that the student edits.
    pub fn file(&self, root: &Path) -> PathBuf {
        let letter = self.id.trim_start_matches(|c: char| c.is_ascii_digit());
        let step = root.join("steps").join(&self.directory);
        step.join(format!("ex_{letter}.rs"))
    }

    /// The task, the hints, and how it is graded.
    pub fn task(&self, root: &Path) -> Result<Task, String> {
        let path = self.file(root).with_extension("md");
        task::parse(&text::read(&path)?)
            .map_err(|reason| format!("{}: {reason}", path.display()))
    }

    /// The solution, with the marks for the starter.
    pub fn master(&self, root: &Path) -> PathBuf {
        root.join("tests/exercises").join(format!("{}.rs", self.id))
    }

    /// What students might hand in.
    pub fn wrong(&self, root: &Path) -> PathBuf {
        self.master(root).with_extension("wrong")
    }

    /// The heading of a report: id, title, stars, minutes.
    pub fn heading(&self) -> String {
        let stars = "★".repeat(self.stars as usize);
        let Exercise { id, title, minutes, .. } = self;
        format!("{id}  {title}  {stars}  ~{minutes} min")
    }
}

/// Reads the list below the project's directory `root`.
pub fn read(root: &Path) -> Result<Vec<Exercise>, String> {
    let path = root.join("steps/steps.toml");
    parse(&text::read(&path)?)
}

fn parse(text: &str) -> Result<Vec<Exercise>, String> {
    let mut exercises = Vec::new();
    let mut step = Entry::default();
    for entry in entries(text)? {
        if entry.header != "[[step.exercise]]" {
            // A step, or one that is planned and has no exercises yet.
            step = entry;
            continue;
        }
        let exercise = exercise(&step, &entry).ok_or_else(|| {
            format!(
                "steps/steps.toml:{}: an exercise needs id, slug, title, \
                 stars (1 to 3) and minutes, and nothing else",
                entry.line
            )
        })?;
        exercises.push(exercise);
    }
    Ok(exercises)
}

fn exercise(step: &Entry<'_>, entry: &Entry<'_>) -> Option<Exercise> {
    let number = step.number("number")?;
    let is_known = entry.values.len() == 5;
    is_known.then_some(Exercise {
        id: entry.text("id")?,
        slug: entry.text("slug")?,
        title: entry.text("title")?,
        stars: (1..=3).find(|stars| entry.number("stars") == Some(*stars))?,
        minutes: entry.number("minutes")?,
        directory: format!("{number:02}-{}", step.text("slug")?),
        chapter: step.text("title")?,
        package: step.text("package").unwrap_or_default(),
    })
}

/// A header and the values below it, as they are written.
#[derive(Default)]
struct Entry<'a> {
    header: &'a str,
    line: usize,
    values: BTreeMap<&'a str, &'a str>,
}

impl Entry<'_> {
    /// A text in quotes, without escapes.
    fn text(&self, key: &str) -> Option<String> {
        let quoted = self.values.get(key)?.strip_prefix('"')?;
        let text = quoted.strip_suffix('"')?;
        (!text.contains(['\\', '"'])).then(|| text.to_string())
    }

    fn number(&self, key: &str) -> Option<u32> {
        self.values.get(key)?.parse().ok()
    }
}

fn entries(text: &str) -> Result<Vec<Entry<'_>>, String> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let mut in_list = false;
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        if in_list {
            in_list = line != "]";
        } else if line.starts_with("[[") {
            let header = line;
            entries.push(Entry { header, line: number, ..Entry::default() });
        } else if !line.is_empty() && !line.starts_with('#') {
            let entry = entries.last_mut().zip(line.split_once(" = "));
            let (entry, (key, value)) = entry.ok_or_else(|| {
                format!("steps/steps.toml:{number}: not understood: {line}")
            })?;
            in_list = value.starts_with('[') && !value.ends_with(']');
            entry.values.insert(key, value);
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "# a comment\n\n[[step]]\nnumber = 2\n\
        slug = \"echo\"\ntitle = \"Echo\"\ncalls = [\n    \"read\",\n]\n\
        package = \"a/b\"\n\n[[step.exercise]]\nid = \"02a\"\nslug = \"lost\"\n\
        title = \"Nothing lost\"\nstars = 1\nminutes = 25\n";

    #[test]
    fn what_is_not_understood_is_refused_with_its_line() {
        for (wrong, refused) in [
            ("stars = one", "12: an exercise needs"),
            ("stars = 4", "12: an exercise needs"),
            ("colour = 3", "12: an exercise needs"),
            ("title = \"a \\\" b\"", "12: an exercise needs"),
            ("stars: 3", "18: not understood"),
        ] {
            let refusal = parse(&format!("{LIST}{wrong}\n")).err();
            let refusal = refusal.unwrap_or_default();
            assert!(refusal.contains(refused), "{wrong}: {refusal}");
        }
    }
}
