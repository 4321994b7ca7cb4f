//! A directory of one's own, which goes when it is no longer needed.

use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

/// A new directory with a name that no other program has, nor one that was
/// killed before it could remove its own.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes it where temporary files are kept, or else in memory. Its path
    /// can stand in LD_PRELOAD.
    pub fn new() -> io::Result<Scratch> {
        let temporary = std::env::temp_dir();
        make(&temporary)
            .or_else(|error| make(Path::new("/dev/shm")).map_err(|_| error))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

fn make(parent: &Path) -> io::Result<Scratch> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    if !is_plain(parent) {
        return Err(ErrorKind::InvalidFilename.into());
    }
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("ex-{}-{number}", process::id()));
        match DirBuilder::new().mode(0o700).create(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => return made.map(|()| Scratch(path)),
        }
    }
}

/// Whether LD_PRELOAD understands this path: it takes spaces and colons for
/// separators.
pub fn is_plain(path: &Path) -> bool {
    !path.as_os_str().as_encoded_bytes().iter().any(|b| b" :".contains(b))
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays behind does no harm: no other run has this name.
        let _ = fs::remove_dir_all(&self.0);
    }
}
