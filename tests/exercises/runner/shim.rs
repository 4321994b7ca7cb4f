//! `cargo ex shim`: a command under the kernel that keeps its promises and
//! does no more. The runs of the book are repeated with it.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus};

use crate::lab::preload::Preload;

/// Runs `command` with the library preloaded and these settings; under cargo
/// only the program that it runs, not cargo itself. Returns its status.
///
/// # Errors
/// When it cannot be run.
pub fn run(
    library: &Path,
    settings: &str,
    command: &[&str],
) -> Result<ExitStatus, String> {
    let [program, arguments @ ..] = command else {
        return Err("which command? cargo ex shim w=7 -- COMMAND".to_string());
    };
    let preload = Preload::new(library)
        .map_err(|error| format!("cannot link to the shim: {error}"))?;
    let path = preload.path().to_string_lossy();
    let mut child = Command::new(program);
    if *program == "cargo" {
        let runner = format!(
            "target.'cfg(unix)'.runner = \
             ['env', 'LD_PRELOAD={path}', 'SHIM={settings}']"
        );
        child.arg("--config").arg(runner);
    } else {
        child.env("LD_PRELOAD", &*path).env("SHIM", settings);
    }
    child
        .args(arguments)
        .status()
        .map_err(|error| format!("cannot run {program}: {error}"))
}

/// The exit status of a child as that of this program.
pub fn code(status: ExitStatus) -> u8 {
    let code = status.code().or(status.signal().map(|number| 128 + number));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}
