//! Enters in step 25: the key of an author. Who has it is the author.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use ed25519_dalek::SigningKey;
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use shared::cli::Failure;

use crate::hello::PeerId;
use crate::random::random;
use crate::wire::hex;

/// The file in the directory of a node's data.
const NAME: &str = "key";

/// Whether there is a key in this directory.
pub fn is_in(directory: &Path) -> bool {
    directory.join(NAME).exists()
}

/// The key in this directory, and whether it has just been made.
///
/// # Errors
/// When it cannot be read or made, or others can read it.
pub fn open(directory: &Path) -> Result<(SigningKey, bool), Failure> {
    let (seed, is_new) = secret(directory, NAME)?;
    Ok((SigningKey::from_bytes(&seed), is_new))
}

/// The 32 secret bytes in the file with this name, and whether they have just
/// been made.
///
/// # Errors
/// When the file cannot be read or made, or others can read it.
pub fn secret(
    directory: &Path,
    name: &str,
) -> Result<([u8; 32], bool), Failure> {
    let file = directory.join(name);
    let shown = file.display();
    let cannot = |what: &str, error: io::Error| {
        Failure::new(format_args!("cannot {what} {shown}"), error)
    };
    match fs::read_to_string(&file) {
        Ok(text) => {
            let metadata = fs::metadata(&file);
            let mode = metadata.map_err(|error| cannot("read", error))?;
            if mode.permissions().mode() & 0o077 != 0 {
                return Err(Failure::wrong(format_args!(
                    "{shown} can be read by others: chmod 600 {shown}"
                )));
            }
            let seed = PeerId::from_digits(text.trim_end());
            let seed = seed.ok_or_else(|| {
                Failure::wrong(format_args!(
                    "{shown}: a key has 64 hexadecimal digits"
                ))
            })?;
            Ok((seed.0, false))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let seed = random_key()?;
            make(directory, &file, &seed)
                .map_err(|error| cannot("write", error))?;
            Ok((seed, true))
        }
        Err(error) => Err(cannot("read", error)),
    }
}

/// A key that is kept nowhere.
///
/// # Errors
/// Those of getrandom(2).
pub fn new() -> Result<(SigningKey, bool), Failure> {
    Ok((SigningKey::from_bytes(&random_key()?), true))
}

fn random_key() -> Result<[u8; 32], Failure> {
    random().map_err(|errno| Failure::new("cannot get random bytes", errno))
}

/// Makes the file: nobody else may read it, not even for a moment; half of it
/// is never found; and it does not take the place of another one.
fn make(directory: &Path, file: &Path, seed: &[u8; 32]) -> io::Result<()> {
    let unfinished = file.with_extension("new");
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error);
        }
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut new = options.open(&unfinished)?;
    new.write_all(format!("{}\n", hex(seed)).as_bytes())?;
    new.sync_all()?;
    let flags = RenameFlags::RENAME_NOREPLACE;
    renameat2(AT_FDCWD, &unfinished, AT_FDCWD, file, flags)?;
    // Its name, too.
    File::open(directory)?.sync_all()
}
