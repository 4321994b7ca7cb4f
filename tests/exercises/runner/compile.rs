//! Building programs with cargo, from within a program that cargo runs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The project: its sources, and where its programs are built.
#[derive(Clone, Debug)]
pub struct Project {
    /// The directory with Cargo.toml.
    pub root: PathBuf,
    /// The directory with this program, such as `target/debug`.
    pub built: PathBuf,
}

impl Project {
    /// The project around the current directory.
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

    /// The program of an exercise, once it is built.
    pub fn example(&self, id: &str) -> PathBuf {
        self.built.join("examples").join(id)
    }

    /// The library to preload, once it is built.
    pub fn shim(&self) -> PathBuf {
        self.example("libshim.so")
    }

    /// `cargo build`, in the profile of this program. The compiler's words go
    /// to the student. Cargo is quiet unless it will take long: the first
    /// build should not look as if nothing happened.
    pub fn build(&self, what: &[&str]) -> Result<(), String> {
        let mut command = Command::new(cargo());
        command.arg("build").args(what).current_dir(&self.root);
        if self.shim().exists() {
            command.arg("--quiet");
        } else {
            eprintln!("building for the first time: this takes a minute");
        }
        match self.built.file_name().unwrap_or_default() {
            profile if profile == "debug" => command.args(["--profile", "dev"]),
            profile => command.arg("--profile").arg(profile),
        };
        let output = run(command.stderr(Stdio::inherit()))?;
        if output.status.success() {
            Ok(())
        } else {
            Err("this does not compile: see above".to_string())
        }
    }
}

/// The cargo that runs us, or the one in the path.
pub fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Result<Output, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.output().map_err(|error| format!("cannot run {program}: {error}"))
}
