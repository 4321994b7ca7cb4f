//! Enters in step 24: which node this is: the same after it has been started
//! anew.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

use crate::hello::PeerId;
use crate::random::random;
use crate::wire::hex;
use nix::fcntl::{self, OFlag};
use nix::sys::stat::Mode;
use shared::cli::Failure;
use shared::files::replacement::Replacement;

/// The file in the directory of a node's data.
const NAME: &str = "node";

/// The node whose data is in `directory`, or a new one without data.
///
/// # Errors
/// When the directory cannot be used: the line says why.
pub fn node(directory: Option<&OsStr>) -> Result<PeerId, Failure> {
    let Some(directory) = directory.map(Path::new) else { return new() };
    let file = directory.join(NAME);
    match fs::read_to_string(&file) {
        Ok(text) => PeerId::from_digits(text.trim_end()).ok_or_else(|| {
            Failure::wrong(format_args!(
                "{}: 64 hexadecimal digits are wanted: remove the file, and \
                 this is a new node",
                file.display()
            ))
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let node = new()?;
            keep(directory, node).map_err(|error| {
                let what = format!("cannot write {}", file.display());
                Failure::new(what, error)
            })?;
            Ok(node)
        }
        Err(error) => {
            let what = format!("cannot read {}", file.display());
            Err(Failure::new(what, error))
        }
    }
}

/// A node that nobody has met yet.
pub fn new() -> Result<PeerId, Failure> {
    random()
        .map(PeerId)
        .map_err(|errno| Failure::new("cannot get random bytes", errno))
}

/// Writes it down, so that half of it is never found.
fn keep(directory: &Path, node: PeerId) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let flags = OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let directory = fcntl::open(directory, flags, Mode::empty())?;
    let mut file = Replacement::new(directory)?;
    file.write(format!("{}\n", hex(&node.0)).as_bytes())?;
    file.sync()?.rename(NAME.as_bytes(), false)?;
    Ok(())
}
