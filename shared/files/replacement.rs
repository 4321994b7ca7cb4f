//! Enters in step 21: a file that takes the place of another at once: whoever
//! reads the name gets all of the old content, or all of the new.
//!
//! The new content is written under another name, and reaches the disk before
//! the name is changed: what loses its power in between has the old content.

use std::hash::{BuildHasher, RandomState};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use crate::files::root::File;
use nix::errno::Errno;
use nix::fcntl::{self, OFlag, RenameFlags};
use nix::sys::stat::{self, Mode};
use nix::unistd::{self, UnlinkatFlags};

/// How the name of an unfinished file begins. The dot hides it from clients.
pub const PREFIX: &str = ".up-";

/// New content that nobody sees yet. Dropped before it is finished, it is
/// removed.
#[derive(Debug)]
pub struct Replacement {
    directory: OwnedFd,
    file: Arc<OwnedFd>,
    /// The name that the file has meanwhile; `None` when it has its own.
    name: Option<String>,
}

impl Replacement {
    /// A new file in this directory, without content.
    ///
    /// # Errors
    /// Those of openat(2).
    pub fn new(directory: OwnedFd) -> nix::Result<Self> {
        let number = RandomState::new().hash_one(());
        let name = format!("{PREFIX}{number:016x}");
        // Make it, and fail if there is something of this name: a link, which
        // would lead elsewhere, is something. Nobody else may read it yet.
        let flags =
            OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_WRONLY | OFlag::O_CLOEXEC;
        let mode = Mode::S_IRUSR | Mode::S_IWUSR;
        let file = fcntl::openat(&directory, &name[..], flags, mode)?;
        Ok(Replacement { directory, file: Arc::new(file), name: Some(name) })
    }

    /// Adds to the content.
    ///
    /// # Errors
    /// Those of write(2), such as `ENOSPC`.
    pub fn write(&mut self, mut bytes: &[u8]) -> nix::Result<()> {
        while !bytes.is_empty() {
            match unistd::write(&self.file, bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }

    /// There is no more. When it returns, the content is on the disk.
    ///
    /// # Errors
    /// Those of fchmod(2) and fsync(2): a disk that fails says so here at the
    /// latest.
    pub fn sync(self) -> nix::Result<Synced> {
        // Everybody may read it, as soon as it has its name.
        stat::fchmod(&self.file, Mode::from_bits_truncate(0o644))?;
        // Write to the disk what is in the kernel's memory.
        unistd::fsync(&self.file)?;
        let stat = stat::fstat(&self.file)?;
        let file = File { descriptor: Arc::clone(&self.file), stat };
        Ok(Synced { replacement: self, file })
    }
}

/// The same, with all of its content on the disk: before that, no name may
/// lead to it.
#[derive(Debug)]
pub struct Synced {
    replacement: Replacement,
    /// The file.
    pub file: File,
}

impl Synced {
    /// Gives the file its name, in place of what had it, if that is allowed.
    /// When it returns, that is on the disk.
    ///
    /// # Errors
    /// Those of renameat2(2) and fsync(2): `EEXIST` if something has the name
    /// that may not be replaced.
    pub fn rename(self, name: &[u8], may_replace: bool) -> nix::Result<()> {
        let Synced { mut replacement, .. } = self;
        let place = &replacement.directory;
        if let Some(before) = &replacement.name {
            // Give it the name: one step, which happens or does not.
            let flags = match may_replace {
                true => RenameFlags::empty(),
                false => RenameFlags::RENAME_NOREPLACE,
            };
            fcntl::renameat2(place, &before[..], place, name, flags)?;
        }
        replacement.name = None;
        // The name is in the directory: that has to reach the disk as well.
        unistd::fsync(&replacement.directory)
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            // Take the name out of the directory. Whether it fails or not,
            // nobody is left to be told.
            let place = &self.directory;
            let flag = UnlinkatFlags::NoRemoveDir;
            let _ = unistd::unlinkat(place, &name[..], flag);
        }
    }
}

/// Removes a name from a directory. When it returns, that is on the disk.
///
/// # Errors
/// Those of unlinkat(2): `EISDIR` for a directory.
pub fn remove(directory: &OwnedFd, name: &[u8]) -> nix::Result<()> {
    unistd::unlinkat(directory, name, UnlinkatFlags::NoRemoveDir)?;
    unistd::fsync(directory)
}
