//! The exercises that steps/steps.toml lists.
//!
//! The runner is built by every student, so it has no library for TOML. It
//! reads the few forms of line that the list uses, and refuses any other:
//! `[[step]]`, `[[step.exercise]]`, `key = "text"`, `key = 7`, and lists,
//! which it skips.

use std::path::{Path, PathBuf};

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
    pub stars: usize,
    /// How long it takes.
    pub minutes: u32,
    /// The step's directory below `steps/`, such as `02-echo`.
    pub directory: String,
    /// The step's chapter's title.
    pub chapter: String,
}

impl Exercise {
    /// The file that the student edits.
    pub fn file(&self, root: &Path) -> PathBuf {
        self.beside(root, "rs")
    }

    /// The task, the hints, and how it is graded.
    pub fn text(&self, root: &Path) -> PathBuf {
        self.beside(root, "md")
    }

    /// The solution, with the marks for the starter.
    pub fn master(&self, root: &Path) -> PathBuf {
        root.join("tests/exercises").join(format!("{}.rs", self.id))
    }

    /// What students might hand in.
    pub fn wrong(&self, root: &Path) -> PathBuf {
        self.master(root).with_extension("wrong")
    }

    fn beside(&self, root: &Path, extension: &str) -> PathBuf {
        let letter = self.id.trim_start_matches(|c: char| c.is_ascii_digit());
        let name = format!("ex_{letter}.{extension}");
        root.join("steps").join(&self.directory).join(name)
    }

    /// The heading of a report: id, title, stars, minutes.
    pub fn heading(&self) -> String {
        let stars = "★".repeat(self.stars);
        let Exercise { id, title, minutes, .. } = self;
        format!("{id}  {title}  {stars}  ~{minutes} min")
    }
}

/// Reads the list below the project's directory `root`.
///
/// # Errors
/// When it cannot be read or understood: one line for the reader.
pub fn read(root: &Path) -> Result<Vec<Exercise>, String> {
    let path = root.join("steps/steps.toml");
    parse(&text::read(&path)?)
}

fn parse(text: &str) -> Result<Vec<Exercise>, String> {
    let mut reader = Reader::default();
    for (number, line) in (1..).zip(text.lines()) {
        reader.line(line).map_err(|reason| {
            format!("steps/steps.toml:{number}: {reason}: {line}")
        })?;
    }
    for exercise in &reader.exercises {
        let Exercise { id, slug, title, stars, minutes, .. } = exercise;
        let whole = !slug.is_empty() && !title.is_empty() && *minutes > 0;
        if !whole || id.is_empty() || !(1..=3).contains(stars) {
            return Err(format!(
                "steps/steps.toml: exercise {id:?} {slug:?} is not whole: it \
                 needs id, slug, title, stars (1 to 3) and minutes"
            ));
        }
    }
    Ok(reader.exercises)
}

/// The line reader's state.
#[derive(Default)]
struct Reader {
    exercises: Vec<Exercise>,
    step: (u32, String, String),
    section: Section,
    in_list: bool,
}

#[derive(Default, PartialEq, Eq)]
enum Section {
    #[default]
    Head,
    Step,
    Exercise,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let line = line.trim();
        if self.in_list {
            self.in_list = line != "]";
            return Ok(());
        }
        match line {
            "" => {}
            comment if comment.starts_with('#') => {}
            // What is planned has no exercises yet.
            "[[step]]" | "[[planned]]" => {
                self.section = Section::Step;
                self.step = Default::default();
            }
            "[[step.exercise]]" => {
                let (number, slug, title) = &self.step;
                self.section = Section::Exercise;
                self.exercises.push(Exercise {
                    directory: format!("{number:02}-{slug}"),
                    chapter: title.clone(),
                    ..Exercise::default()
                });
            }
            _ => {
                let pair = line.split_once(" = ");
                let (key, value) = pair.ok_or("not understood")?;
                self.pair(key, value)?;
            }
        }
        Ok(())
    }

    fn pair(&mut self, key: &str, value: &str) -> Result<(), String> {
        if value.starts_with('[') {
            self.in_list = !value.ends_with(']');
            return Ok(());
        }
        let quoted = value.strip_prefix('"');
        let text = quoted.and_then(|rest| rest.strip_suffix('"'));
        let number = value.parse::<u32>().ok();
        match text {
            Some(text) if text.contains(['\\', '"']) => {
                return Err("no escapes here".to_string());
            }
            None if number.is_none() && value != "true" => {
                return Err("neither \"text\" nor a number".to_string());
            }
            _ => {}
        }
        let last = self.exercises.last_mut();
        match (&self.section, key, text, number, last) {
            (Section::Step, "number", _, Some(n), _) => self.step.0 = n,
            (Section::Step, "slug", Some(t), ..) => self.step.1 = t.into(),
            (Section::Step, "title", Some(t), ..) => self.step.2 = t.into(),
            // The rest about a step is for the book.
            (Section::Step, ..) => {}
            (Section::Exercise, "id", Some(t), _, Some(e)) => e.id = t.into(),
            (Section::Exercise, "slug", Some(t), _, Some(e)) => {
                e.slug = t.into();
            }
            (Section::Exercise, "title", Some(t), _, Some(e)) => {
                e.title = t.into();
            }
            (Section::Exercise, "stars", _, Some(n), Some(e)) => {
                e.stars = n as usize;
            }
            (Section::Exercise, "minutes", _, Some(n), Some(e)) => {
                e.minutes = n;
            }
            _ => return Err("unknown key, or a value of the wrong kind".into()),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "# a comment\n\n[[step]]\nnumber = 2\n\
        slug = \"echo\"\ntitle = \"Echo\"\ncalls = [\n    \"read\",\n]\n\
        after = 1\n\n[[step.exercise]]\nid = \"02a\"\nslug = \"lost\"\n\
        title = \"Nothing lost\"\nstars = 1\nminutes = 25\n";

    #[test]
    fn an_exercise_knows_its_step() {
        let exercises = parse(LIST).unwrap_or_default();
        assert_eq!(exercises.len(), 1);
        assert_eq!(exercises[0].directory, "02-echo");
        assert_eq!(exercises[0].chapter, "Echo");
        assert_eq!(exercises[0].heading(), "02a  Nothing lost  ★  ~25 min");
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_line() {
        for (wrong, word) in [
            ("stars = one", "neither"),
            ("colour = 3", "unknown key"),
            ("stars: 3", "not understood"),
            ("title = \"a \\\" b\"", "no escapes"),
        ] {
            let refusal = parse(&format!("{LIST}{wrong}\n")).err();
            let refusal = refusal.unwrap_or_default();
            assert!(refusal.contains(word), "{wrong}: {refusal}");
            assert!(refusal.contains("steps.toml:18"), "{refusal}");
        }
    }

    #[test]
    fn an_exercise_must_be_whole() {
        let text = LIST.replace("stars = 1", "stars = 4");
        assert!(parse(&text).is_err());
    }
}
