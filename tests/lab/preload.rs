//! The path of a library to preload.

use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::scratch::{Scratch, is_plain};

/// A path to a library that LD_PRELOAD understands: where the library's own
/// is not plain, a link to it.
#[derive(Debug)]
pub struct Preload {
    path: PathBuf,
    _link: Option<Scratch>,
}

impl Preload {
    /// The library itself, or a link to it.
    pub fn new(library: &Path) -> io::Result<Preload> {
        if is_plain(library) {
            return Ok(Preload { path: library.to_path_buf(), _link: None });
        }
        let scratch = Scratch::new()?;
        let path = scratch.path().join("shim.so");
        symlink(library, &path)?;
        Ok(Preload { path, _link: Some(scratch) })
    }

    /// The path for LD_PRELOAD.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_library_below_a_path_with_a_space_is_reached_by_a_link() {
        let library = Path::new("/a directory/libshim.so");
        let Ok(preload) = Preload::new(library) else { panic!("no link") };
        let path = preload.path().to_path_buf();
        assert!(is_plain(&path), "{}", path.display());
        assert_eq!(fs::read_link(&path).ok().as_deref(), Some(library));
        drop(preload);
        assert!(fs::read_link(&path).is_err());
    }
}
