//! The repository's files, and the list of steps.

use std::fs;
use std::path::Path;
use std::process::Command;

use toml::{Table, Value};

use crate::skip::skip;

/// A file, named from the root, and its text.
pub type Source = (String, String);

/// Where the repository is.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a file, named from the root.
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A file of settings, named from the root.
pub fn table(path: &str) -> Table {
    read(path).parse().unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The files that git keeps, from the root; `None`, said loudly, where there
/// is no git, as in an unpacked archive.
pub fn tracked(test: &str) -> Option<Vec<String>> {
    let git = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root())
        .output();
    let Some(output) = git.ok().filter(|output| output.status.success()) else {
        skip(test, "no git here, or no repository of its", "git clone");
        return None;
    };
    let names = String::from_utf8(output.stdout).unwrap();
    let files = names.split_terminator('\0').map(str::to_string);
    // One that is deleted and not yet committed is no file.
    Some(files.filter(|file| root().join(file).exists()).collect())
}

/// The Rust files among those that git keeps.
pub fn tracked_rust(test: &str) -> Option<Vec<Source>> {
    let files = tracked(test)?.into_iter();
    Some(files.filter(|file| file.ends_with(".rs")).map(source).collect())
}

fn source(file: String) -> Source {
    let text = read(&file);
    (file, text)
}

/// The Rust files below a directory, in order.
pub fn rust_files(directory: &str) -> Vec<Source> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join(directory)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{directory}/{}", entry.file_name().display());
        if entry.path().is_dir() {
            found.extend(rust_files(&path));
        } else if path.ends_with(".rs") {
            found.push(source(path));
        }
    }
    found.sort();
    found
}

/// A step of steps/steps.toml.
#[derive(Debug)]
pub struct Step {
    pub number: i64,
    pub slug: String,
    /// Of shared/, such as `net/stream.rs`.
    pub modules: Vec<String>,
}

impl Step {
    /// `steps/01-socket`
    pub fn directory(&self) -> String {
        format!("steps/{:02}-{}", self.number, self.slug)
    }

    /// The sources of the step: not those of its exercises.
    pub fn sources(&self) -> Vec<Source> {
        let mut files = rust_files(&self.directory());
        files.retain(|(file, _)| !file.contains("/ex_"));
        files
    }
}

/// All steps, in order.
pub fn steps() -> Vec<Step> {
    let list = table("steps/steps.toml");
    let steps = list["step"].as_array().expect("[[step]]").iter();
    steps
        .map(|step| Step {
            number: step["number"].as_integer().expect("a number"),
            slug: text(&step["slug"]),
            modules: step["modules"]
                .as_array()
                .expect("a list of modules")
                .iter()
                .map(text)
                .collect(),
        })
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_string()
}
