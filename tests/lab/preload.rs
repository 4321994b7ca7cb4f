//! The path of a library to preload.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

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

#[cfg(test)]
mod tests {
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
