//! Building programs with cargo, from within a program that cargo runs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::grade::Subject;

/// The project: its sources, and where its programs are built.
#[derive(Clone, Debug)]
pub struct Project {
    /// The directory with Cargo.toml.
    pub root: PathBuf,
    /// The directory with the built programs, such as `target/debug`.
    pub built: PathBuf,
}

impl Project {
    /// The project around the current directory.
    ///
    /// # Errors
    /// When there is none.
    pub fn find() -> Result<Project, String> {
        let here = std::env::current_dir()
            .map_err(|error| format!("no current directory: {error}"))?;
        let is_root = |path: &&Path| path.join("steps/steps.toml").is_file();
        let root = here.ancestors().find(is_root);
        let root = root.ok_or("not inside the project: no steps/steps.toml")?;
        let own = std::env::current_exe()
            .map_err(|error| format!("cannot find myself: {error}"))?;
        let built = own.parent().ok_or("this program has no directory")?;
        Ok(Project { root: root.to_path_buf(), built: built.to_path_buf() })
    }

    /// Builds the student's program for the exercise `id`. What the compiler
    /// says goes to the student.
    ///
    /// # Errors
    /// When it does not compile.
    pub fn build(&self, id: &str) -> Result<Subject, String> {
        let targets = ["--example", "nasty", "--example", id];
        let built = self.cargo_build(&targets)?;
        let built = built.ok_or_else(|| {
            format!("{id} does not compile: see above; nothing was graded")
        })?;
        Ok(self.subject(self.found(&built, id)))
    }

    /// Builds the library to preload. Returns its path.
    ///
    /// # Errors
    /// When it does not compile.
    pub fn build_shim(&self) -> Result<PathBuf, String> {
        let built = self.cargo_build(&["--example", "nasty"])?;
        let built = built.ok_or("the shim does not compile: see above")?;
        Ok(self.found(&built, "libnasty.so"))
    }

    /// Builds the steps and the library to preload.
    ///
    /// # Errors
    /// When they do not compile.
    pub fn build_steps(&self) -> Result<(), String> {
        let built = self.cargo_build(&["--bins", "--example", "nasty"])?;
        let built = built.ok_or("the steps do not compile: see above")?;
        drop(built);
        Ok(())
    }

    /// `program` as something to be graded.
    pub fn subject(&self, program: PathBuf) -> Subject {
        let nasty = self.built.join("examples/libnasty.so");
        Subject { program, nasty, is_step: false }
    }

    /// The built file called `name`.
    fn found(&self, built: &[PathBuf], name: &str) -> PathBuf {
        let is_it =
            |path: &&PathBuf| path.file_name().is_some_and(|n| n == name);
        let found = built.iter().find(is_it).cloned();
        found.unwrap_or_else(|| self.built.join("examples").join(name))
    }

    /// Runs `cargo build`, in the profile of this program: the paths of what
    /// it has built, or `None` if that does not compile. Where they are
    /// depends on settings, the environment and the target, so cargo is
    /// asked.
    fn cargo_build(
        &self,
        targets: &[&str],
    ) -> Result<Option<Vec<PathBuf>>, String> {
        let mut command = Command::new(cargo());
        command.args(["build", "--quiet"]).current_dir(&self.root);
        command.args(["--message-format", "json-render-diagnostics"]);
        match self.built.file_name().and_then(|name| name.to_str()) {
            None | Some("debug") => command.args(["--profile", "dev"]),
            Some(profile) => command.args(["--profile", profile]),
        };
        if !self.built.join("examples").exists() {
            eprintln!("building; the first time this takes half a minute");
        }
        let output = command
            .args(targets)
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| format!("cannot run cargo: {error}"))?;
        let messages = String::from_utf8_lossy(&output.stdout);
        let artifacts = messages.lines().flat_map(file_names);
        Ok(output.status.success().then(|| artifacts.collect()))
    }
}

/// The paths in a message of cargo's: the strings of its array `filenames`.
fn file_names(message: &str) -> Vec<PathBuf> {
    let list = message.split_once("\"filenames\":[").map(|(_, rest)| rest);
    let mut rest = list.unwrap_or_default();
    let mut names = Vec::new();
    while let Some(text) = rest.trim_start_matches(',').strip_prefix('"') {
        let mut name = String::new();
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '"' => break,
                // A path holds no other escapes than these.
                '\\' => name.extend(letters.next()),
                letter => name.push(letter),
            }
        }
        names.push(PathBuf::from(name));
        rest = letters.as_str();
    }
    names
}

/// The cargo that runs us, or the one in the path.
pub fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Runs a command to its end.
///
/// # Errors
/// When it cannot be started.
pub fn run(command: &mut Command) -> Result<Output, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.output().map_err(|error| format!("cannot run {program}: {error}"))
}
