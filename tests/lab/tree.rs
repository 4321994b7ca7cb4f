//! Files of every kind, for programs that serve them.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use nix::sys::stat::{Mode, SFlag, makedev, mknod};

use super::Lab;
use super::trouble::{Outcome, Trouble};

/// The files of a check, in its scratch directory.
pub struct Tree {
    top: PathBuf,
}

impl Tree {
    /// None yet.
    pub fn new(lab: &Lab) -> Tree {
        Tree { top: lab.scratch().to_path_buf() }
    }

    /// The whole path of `path` in the tree.
    pub fn path(&self, path: &str) -> PathBuf {
        self.top.join(path)
    }

    /// The same as an argument of a program.
    pub fn argument(&self, path: &str) -> String {
        self.path(path).to_string_lossy().into_owned()
    }

    /// A regular file, with the directories above it.
    pub fn file(&self, path: &str, content: impl AsRef<[u8]>) -> Outcome {
        let path = self.path(path);
        if let Some(parent) = path.parent() {
            made(&path, fs::create_dir_all(parent))?;
        }
        made(&path, fs::write(&path, content))
    }

    /// A program: what a shell is to run.
    pub fn program(&self, path: &str, script: &str) -> Outcome {
        self.file(path, format!("#!/bin/sh\n{script}\n"))?;
        let path = self.path(path);
        made(&path, fs::set_permissions(&path, Permissions::from_mode(0o755)))
    }

    /// A directory, with those above it.
    pub fn directory(&self, path: &str) -> Outcome {
        let path = self.path(path);
        made(&path, fs::create_dir_all(&path))
    }

    /// A symbolic link.
    pub fn link(&self, path: &str, to: impl AsRef<Path>) -> Outcome {
        let path = self.path(path);
        made(&path, symlink(to, &path))
    }

    /// Gives something another name.
    pub fn rename(&self, from: &str, to: &str) -> Outcome {
        let to = self.path(to);
        made(&to, fs::rename(self.path(from), &to))
    }

    /// A socket that nobody listens at any more.
    pub fn socket(&self, path: &str) -> Outcome {
        let path = self.path(path);
        made(&path, UnixListener::bind(&path).map(drop))
    }

    /// A named pipe that nobody writes to.
    pub fn pipe(&self, path: &str) -> Outcome {
        let path = self.path(path);
        let pipe = mknod(&path, SFlag::S_IFIFO, Mode::S_IRWXU, 0);
        made(&path, pipe.map_err(io::Error::from))
    }

    /// A device that is always at its end, like /dev/null. False where only
    /// others may make devices.
    pub fn device(&self, path: &str) -> bool {
        let (path, null) = (self.path(path), makedev(1, 3));
        mknod(&path, SFlag::S_IFCHR, Mode::S_IRWXU, null).is_ok()
    }
}

fn made(path: &Path, result: io::Result<()>) -> Outcome {
    result.map_err(|error| {
        Trouble::blocked(format!("cannot make {}: {error}", path.display()))
    })
}
