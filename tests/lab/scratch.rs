//! A directory of one's own, which goes when it is no longer needed.

use std::ffi::{CString, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// A new directory with a name that no other program has, nor one that was
/// killed before it could remove its own.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes it where temporary files are kept, or else in memory.
    ///
    /// # Errors
    /// Those of mkdtemp(3).
    pub fn new() -> io::Result<Scratch> {
        make(&std::env::temp_dir())
            .or_else(|error| make(Path::new("/dev/shm")).map_err(|_| error))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

fn make(parent: &Path) -> io::Result<Scratch> {
    let template = parent.join("ex-XXXXXX").into_os_string().into_vec();
    let template = CString::new(template)?.into_raw();
    // SAFETY: the template is a C string of ours, and mkdtemp(3) writes only
    // over its last six letters.
    let made = unsafe { libc::mkdtemp(template) };
    let error = io::Error::last_os_error();
    // SAFETY: it came from into_raw, and its length has not changed.
    let path = unsafe { CString::from_raw(template) };
    if made.is_null() {
        return Err(error);
    }
    let path = OsString::from_vec(path.into_bytes());
    debug_assert!(!path.as_bytes().ends_with(b"XXXXXX"));
    Ok(Scratch(path.into()))
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays behind does no harm: no other run has this name.
        let _ = fs::remove_dir_all(&self.0);
    }
}
