//! The repository as the kit sees it: its root and its list of steps.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use serde::Deserialize;

use crate::Result;

/// The repository: where it is, and the steps of `steps/steps.toml`.
#[derive(Debug)]
pub struct Project {
    /// The folder that holds `steps/`, `shared/` and `book/`.
    pub root: PathBuf,
    /// In order of their numbers.
    pub steps: Vec<Step>,
    /// The steps to come.
    pub planned: Vec<Planned>,
}

/// One `[[planned]]` of `steps/steps.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the head of steps.toml explains them")]
pub struct Planned {
    pub number: u8,
    pub slug: String,
    pub title: String,
    pub idea: String,
}

/// One `[[step]]` of `steps/steps.toml`, whose head explains the fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the head of steps.toml explains them")]
pub struct Step {
    pub number: u8,
    pub slug: String,
    pub title: String,
    pub minutes: u32,
    pub idea: String,
    pub calls: Vec<String>,
    pub modules: Vec<String>,
    #[serde(default)]
    pub brings: Vec<String>,
    #[serde(default)]
    pub lacks: Vec<String>,
    after: Option<u8>,
    /// A further step that it grows out of: for the tests.
    #[serde(default)]
    pub joins: Option<u8>,
    #[serde(default)]
    pub fresh: bool,
    #[serde(default)]
    pub unfinished: bool,
    #[serde(default)]
    pub package: PathBuf,
    pub long_diff: Option<String>,
    #[serde(default, rename = "exercise")]
    pub exercises: Vec<Exercise>,
}

/// One `[[step.exercise]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the head of steps.toml explains them")]
pub struct Exercise {
    pub id: String,
    pub slug: String,
    pub title: String,
    pub stars: u8,
    pub minutes: u32,
}

impl Step {
    /// The step's name in paths, from the root: `01-socket`.
    pub fn name(&self) -> String {
        format!("{:02}-{}", self.number, self.slug)
    }

    /// The folder of the step's sources, from the root.
    pub fn folder(&self) -> PathBuf {
        Path::new("steps").join(self.name())
    }

    /// The step's chapter, from the root.
    pub fn chapter(&self) -> PathBuf {
        Path::new("book/src").join(format!("{}.md", self.name()))
    }

    /// The step's program: `step01`.
    pub fn program(&self) -> String {
        format!("step{:02}", self.number)
    }

    /// The files that enter `shared/` in this step, from the root.
    pub fn files(&self) -> impl Iterator<Item = PathBuf> {
        let shared = Path::new("shared");
        self.modules.iter().map(move |module| shared.join(module))
    }

    /// The number of the step that comes before; the first has none.
    pub fn before(&self) -> Option<u8> {
        let before = self.number.checked_sub(1).filter(|&number| number > 0);
        self.after.or(before)
    }

    /// The number of the step that this one grew out of, if it is not a fresh
    /// program.
    pub fn base(&self) -> Option<u8> {
        self.before().filter(|_| !self.fresh)
    }
}

impl Project {
    /// The project whose root is `root`.
    pub fn open(root: &Path) -> Result<Self> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct List {
            step: Vec<Step>,
            #[serde(default)]
            planned: Vec<Planned>,
        }
        let file = root.join("steps/steps.toml");
        let text = fs::read_to_string(&file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        let list: List =
            toml::from_str(&text).context("in steps/steps.toml")?;
        if !list.step.is_sorted_by(|a, b| a.number < b.number) {
            bail!("steps/steps.toml: the steps are not in order");
        }
        for step in &list.step {
            let number = format!("{:02}", step.number);
            for Exercise { id, .. } in &step.exercises {
                let letter = id.strip_prefix(&number);
                ensure!(
                    letter.is_some_and(|letter| letter.len() == 1),
                    "steps/steps.toml: `{id}` is no id of step {number}"
                );
            }
        }
        let there = |planned: &&Planned| {
            list.step.iter().any(|step| step.number >= planned.number)
        };
        if let Some(planned) = list.planned.iter().find(there) {
            bail!("step {} is there: it is no longer planned", planned.number);
        }
        let (steps, planned) = (list.step, list.planned);
        Ok(Project { root: root.to_path_buf(), steps, planned })
    }

    /// The project around the current directory: the first directory upwards
    /// that has a `steps/steps.toml`.
    pub fn find() -> Result<Self> {
        let here = std::env::current_dir()?;
        let mut above = here.ancestors();
        let root = above.find(|it| it.join("steps/steps.toml").is_file());
        Project::open(root.context(
            "no steps/steps.toml here or above: run this inside the repository",
        )?)
    }

    /// The folders of the packages that steps are in; the root's has no name.
    pub fn packages(&self) -> BTreeSet<&Path> {
        self.steps.iter().map(|step| &*step.package).collect()
    }

    /// The steps that are not unfinished.
    pub fn finished(&self) -> impl DoubleEndedIterator<Item = &Step> {
        self.steps.iter().filter(|step| !step.unfinished)
    }

    /// The step of that number.
    pub fn step(&self, number: u8) -> Result<&Step> {
        let step = self.steps.iter().find(|step| step.number == number);
        step.with_context(|| {
            format!("steps/steps.toml has no step {number:02}")
        })
    }

    /// Whether a step has a chapter.
    pub fn is_written(&self, step: &Step) -> bool {
        self.root.join(step.chapter()).is_file()
    }

    /// The steps that have one.
    pub fn written(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| self.is_written(step))
    }

    /// The step of the number that is written there.
    pub fn step_named(&self, number: &str) -> Result<&Step> {
        let parsed = number.parse();
        self.step(
            parsed
                .with_context(|| format!("`{number}` is no step's number"))?,
        )
    }

    /// The text of a file, named from the root. A checkout may have `\r\n` at
    /// the ends of lines; here they are always `\n`.
    pub fn read(&self, file: impl AsRef<Path>) -> Result<String> {
        let file = file.as_ref();
        let text = fs::read_to_string(self.root.join(file))
            .with_context(|| format!("cannot read {}", file.display()))?;
        Ok(text.replace("\r\n", "\n"))
    }

    /// The step's own sources, from the root, `main.rs` first: every `*.rs`
    /// below its folder but the exercises.
    pub fn sources(&self, step: &Step) -> Result<Vec<PathBuf>> {
        let mut sources = files(&self.root, step.folder())?;
        sources.retain(|file| {
            file.extension().is_some_and(|end| end == "rs")
                && !is_exercise(file)
        });
        sources.sort_by_key(|path| !path.ends_with("main.rs"));
        Ok(sources)
    }
}

/// The files at and below `path`, in order; all are named from `root`.
pub fn files(root: &Path, path: impl Into<PathBuf>) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut left = vec![path.into()];
    while let Some(path) = left.pop() {
        let wrong = || format!("cannot read {}", path.display());
        let whole = root.join(&path);
        if !fs::symlink_metadata(&whole).with_context(wrong)?.is_dir() {
            files.push(path);
            continue;
        }
        for entry in fs::read_dir(whole).with_context(wrong)? {
            left.push(path.join(entry?.file_name()));
        }
    }
    files.sort();
    Ok(files)
}

/// Whether a file of a step is an exercise's, by its name.
pub fn is_exercise(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(b"ex_")
}
