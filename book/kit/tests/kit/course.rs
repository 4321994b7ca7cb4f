//! A small course in a temporary folder, to plant faults in.

use std::fs;
use std::path::Path;
use std::process::Command;

use kit::Project;
use tempfile::TempDir;

/// A copy of `tests/fixture`, with two steps and nothing wrong in it.
pub struct Course {
    folder: TempDir,
}

impl Course {
    /// A fresh copy.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR"));
        copy(&fixture.join("tests/fixture"), folder.path());
        Course { folder }
    }

    /// Its root.
    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// The kit's view of it.
    pub fn project(&self) -> Project {
        Project::open(self.root()).unwrap()
    }

    /// The text of a file.
    pub fn read(&self, file: &str) -> String {
        let path = self.root().join(file);
        fs::read_to_string(&path).unwrap_or_else(|error| {
            panic!("{}: {error}", path.display());
        })
    }

    /// Writes a file.
    pub fn write(&self, file: &str, text: &str) -> &Self {
        let path = self.root().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Replaces a text that stands in the file exactly once.
    pub fn edit(&self, file: &str, from: &str, to: &str) -> &Self {
        let text = self.read(file);
        assert_eq!(text.matches(from).count(), 1, "{file}: {from:?}");
        self.write(file, &text.replace(from, to))
    }

    /// Removes a file or a folder.
    pub fn remove(&self, file: &str) -> &Self {
        let path = self.root().join(file);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
        self
    }

    /// What the check finds, without running anything again.
    pub fn faults(&self) -> Vec<String> {
        let faults = kit::check::check(&self.project(), None).unwrap();
        faults.iter().map(ToString::to_string).collect()
    }

    /// Among other faults the check finds this one.
    #[track_caller]
    pub fn has(&self, fault: &str) {
        let all = self.faults().join("\n");
        assert!(all.contains(fault), "wanted {fault}; found:\n{all}");
    }

    /// The check finds exactly these: for each expected fault its beginning
    /// (file and line), and words that it must contain.
    #[track_caller]
    pub fn expect(&self, expected: &[(&str, &str)]) {
        let faults = self.faults();
        let all = faults.join("\n");
        assert_eq!(faults.len(), expected.len(), "found:\n{all}");
        for (place, words) in expected {
            let fits = |fault: &&String| {
                fault.starts_with(&format!("{place}: "))
                    && fault.contains(words)
            };
            assert_eq!(
                faults.iter().filter(fits).count(),
                1,
                "wanted {place}: … {words}; found:\n{all}"
            );
        }
    }
}

/// What `book` has said.
pub struct Said {
    /// What is wrong.
    pub faults: String,
    /// How far it and cargo are.
    pub progress: String,
    pub stdout: String,
}

/// `book` in that directory, which must end with that status. What it builds
/// there must not be mistaken for the steps of this repository, which have
/// the same names.
#[track_caller]
pub fn book(root: &Path, words: &str, status: i32) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_book"));
    command.args(words.split(' ')).current_dir(root);
    command.env("CARGO_TARGET_DIR", root.join("target"));
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{words}: {text}");
    let lines = text.lines().map(|line| format!("{line}\n"));
    let (progress, faults) = lines
        .partition(|line| line.starts_with(' ') || line.starts_with("book: "));
    let stdout = String::from_utf8(output.stdout).unwrap();
    Said { faults, progress, stdout }
}

/// In a fresh course `to` stands for `from`, which was in `file` once: the
/// check finds one fault, in that line of that file; line 0 is all of it.
#[track_caller]
pub fn planted(file: &str, from: &str, to: &str, line: usize, words: &str) {
    let course = Course::new();
    course.edit(file, from, to);
    let place = match line {
        0 => file.to_string(),
        line => format!("{file}:{line}"),
    };
    course.expect(&[(&place, words)]);
}

fn copy(from: &Path, to: &Path) {
    for file in kit::project::files(from, "").unwrap() {
        let target = to.join(&file);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(from.join(file), target).unwrap();
    }
}
