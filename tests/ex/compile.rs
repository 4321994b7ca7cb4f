//! Building programs with cargo, from within a program that cargo runs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

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

    /// Builds the student's answer to the exercise `id`. The compiler's
    /// words go to the student.
    ///
    /// # Errors
    /// When it does not compile.
    pub fn build(&self, id: &str) -> Result<Subject, String> {
        let mut cargo = self.cargo_build();
        cargo.args(["--example", "nasty", "--example", id]);
        let status = cargo
            .status()
            .map_err(|error| format!("cannot run cargo: {error}"))?;
        if !status.success() {
            return Err(format!(
                "{id} does not compile: see above; nothing was graded"
            ));
        }
        Ok(self.subject(self.built.join("examples").join(id)))
    }

    /// Builds the library to preload.
    ///
    /// # Errors
    /// When it does not compile.
    pub fn build_shim(&self) -> Result<(), String> {
        let mut cargo = self.cargo_build();
        match cargo.args(["--example", "nasty"]).status() {
            Ok(status) if status.success() => Ok(()),
            Ok(_) => Err("the shim does not compile: see above".to_string()),
            Err(error) => Err(format!("cannot run cargo: {error}")),
        }
    }

    /// Builds the steps and the library to preload.
    ///
    /// # Errors
    /// When they do not compile.
    pub fn build_steps(&self) -> Result<(), String> {
        let mut cargo = self.cargo_build();
        let status = cargo
            .args(["--bins", "--example", "nasty"])
            .status()
            .map_err(|error| format!("cannot run cargo: {error}"))?;
        if status.success() {
            Ok(())
        } else {
            Err("the steps do not compile: see above".to_string())
        }
    }

    /// `program` as something to be graded.
    pub fn subject(&self, program: PathBuf) -> Subject {
        let nasty = self.built.join("examples/libnasty.so");
        Subject { program, nasty, is_step: false }
    }

    /// `cargo build` of the profile, and to the place, of this program.
    fn cargo_build(&self) -> Command {
        let mut command = Command::new(cargo());
        command.args(["build", "--quiet"]).current_dir(&self.root);
        let profile = self.built.file_name().unwrap_or_default();
        if profile == "debug" {
            command.args(["--profile", "dev"]);
        } else {
            command.arg("--profile").arg(profile);
        }
        if let Some(target) = self.built.parent() {
            command.arg("--target-dir").arg(target);
        }
        command
    }
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
