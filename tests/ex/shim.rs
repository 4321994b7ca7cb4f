//! `cargo ex shim`: a command under the kernel that keeps its promises and
//! does no more. The runs of the book are repeated with it.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

/// A path to a library that LD_PRELOAD understands: it takes spaces and
/// colons for separators, so a library below such a directory is reached by
/// a link.
#[derive(Debug)]
pub struct Preload {
    path: PathBuf,
    link: Option<PathBuf>,
}

impl Preload {
    /// # Errors
    /// When a link is needed and no directory will have it.
    pub fn new(library: &Path) -> io::Result<Preload> {
        if is_plain(library) {
            return Ok(Preload { path: library.to_path_buf(), link: None });
        }
        let mut last = io::Error::other("no directory for a link");
        for directory in [&*std::env::temp_dir(), Path::new("/dev/shm")] {
            for number in 0..100 {
                let name = format!("shim-{}-{number}.so", std::process::id());
                let link = directory.join(name);
                if !is_plain(&link) {
                    break;
                }
                match symlink(library, &link) {
                    Ok(()) => {
                        return Ok(Preload {
                            path: link.clone(),
                            link: Some(link),
                        });
                    }
                    Err(error) => last = error,
                }
            }
        }
        Err(last)
    }

    /// The path for LD_PRELOAD.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Preload {
    fn drop(&mut self) {
        if let Some(link) = &self.link {
            // A link that stays behind does no harm.
            let _ = fs::remove_file(link);
        }
    }
}

fn is_plain(path: &Path) -> bool {
    !path.as_os_str().as_encoded_bytes().iter().any(|b| b" :".contains(b))
}

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
             ['env', 'LD_PRELOAD={path}', 'NASTY={settings}']"
        );
        child.arg("--config").arg(runner);
    } else {
        child.env("LD_PRELOAD", &*path).env("NASTY", settings);
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
