//! Enters in step 09: a directory that no name leads out of.
//!
//! A test of the name for `..` confines nothing: a symbolic link needs no
//! dots, and what was tested can be another file by the time it is opened.
//! Only the kernel sees every component of the way, so it is asked to:
//! openat2(2) with `RESOLVE_BENEATH`, in Linux since 5.6.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;

use nix::errno::Errno;
use nix::fcntl::{self, AT_FDCWD, OFlag, OpenHow, ResolveFlag};
use nix::libc;
use nix::sys::stat::{self, FileStat};

/// Every open descriptor of the process that looks, under its number.
const DESCRIPTORS: &str = "/proc/self/fd";

/// How often to repeat an opening that a renaming elsewhere disturbed.
const MAX_ATTEMPTS: usize = 16;

/// A directory and what lies beneath it. It stays the same directory when
/// it is moved, or when another one takes its name.
#[derive(Debug)]
pub struct Root {
    directory: OwnedFd,
}

/// What a name stands for.
#[derive(Debug)]
pub enum Entry {
    /// A regular file, open for reading.
    File(File),
    /// A directory.
    Directory,
    /// No entry; or a device, a pipe, a socket, or a link that leads out of
    /// the root.
    NotFound,
}

/// A regular file, open for reading, and what fstat(2) said of it.
#[derive(Debug)]
pub struct File {
    /// Shared with the response that sends it.
    pub descriptor: Arc<OwnedFd>,
    /// Its size, and the time of its last change: both may be others by the
    /// time it is read.
    pub stat: FileStat,
}

impl Root {
    /// Takes the directory `path` as a root.
    ///
    /// # Errors
    /// Those of openat2(2): `ENOENT`, `ENOTDIR`, `EACCES`; `ENOSYS` if the
    /// kernel is older than Linux 5.6, `EPERM` if a container forbids it.
    pub fn open(path: &Path) -> nix::Result<Self> {
        // Any way may lead to the root itself. O_PATH asks for a place in
        // the tree only: nothing is read through it.
        let how = OpenHow::new()
            .flags(OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC);
        let directory = fcntl::openat2(AT_FDCWD, path, how)?;
        // Without it no file could be opened later.
        fcntl::openat2(AT_FDCWD, DESCRIPTORS, how)?;
        Ok(Root { directory })
    }

    /// Opens what `name` stands for beneath the root, and never waits for
    /// it. The name is relative; symbolic links in it are followed as long
    /// as they are relative too and stay beneath the root.
    ///
    /// # Errors
    /// Those of openat2(2) that say something of this process or machine:
    /// `EACCES`, `EMFILE`, `ENFILE`, `ENOMEM`, `EIO`… and `EAGAIN`, if
    /// directories are being moved about all the time.
    pub fn open_entry(&self, name: &[u8]) -> nix::Result<Entry> {
        let descriptor = match self.find(name) {
            Ok(descriptor) => descriptor,
            Err(
                // No such name, or a file where a directory should be.
                Errno::ENOENT | Errno::ENOTDIR | Errno::ENAMETOOLONG
                // The way led out of the root, into /proc's magic links, or
                // from link to link for ever.
                | Errno::EXDEV | Errno::ELOOP,
            ) => return Ok(Entry::NotFound),
            Err(errno) => return Err(errno),
        };
        // Ask the descriptor, not the name: by now the name may be another
        // file's.
        let stat = stat::fstat(&descriptor)?;
        match stat.st_mode & libc::S_IFMT {
            libc::S_IFREG => {}
            libc::S_IFDIR => return Ok(Entry::Directory),
            _ => return Ok(Entry::NotFound),
        }
        let descriptor = Arc::new(reopen(&descriptor)?);
        Ok(Entry::File(File { descriptor, stat }))
    }

    /// Opens the directory `name` beneath the root, to read what is in it and
    /// to change that. The name of the root itself is empty. Enters in step 20.
    ///
    /// # Errors
    /// Those of openat2(2): besides those of [`Root::open_entry`] `ENOENT` and
    /// `ENOTDIR`, and what a way that leads out of the root gets.
    pub fn open_directory(&self, name: &[u8]) -> nix::Result<OwnedFd> {
        let place = self.find(if name.is_empty() { b"." } else { name })?;
        // Whatever the name stands for by now, it is this one: nothing else
        // than a directory has a "." in it.
        let how = OpenHow::new()
            .flags(OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC);
        openat2(&place, b".", how)
    }

    /// Finds `name`, but does not open it yet. Opening is an act: a pipe
    /// wakes the program that waits to write into it, a device may do
    /// anything. O_PATH only says which file it is.
    fn find(&self, name: &[u8]) -> nix::Result<OwnedFd> {
        // BENEATH: no component of the way may leave the root, by `..`, by
        // an absolute link or by any other. NO_MAGICLINKS: nor by the links
        // in /proc, which lead to open files without a way at all.
        let resolve =
            ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_MAGICLINKS;
        let how = OpenHow::new()
            .flags(OFlag::O_PATH | OFlag::O_CLOEXEC)
            .resolve(resolve);
        openat2(&self.directory, name, how)
    }
}

/// The directory itself: a place, through which nothing can be read. Enters
/// in step 10.
impl AsFd for Root {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }
}

/// Opens for reading what `file` is, by the one magic link that leads there:
/// whatever the name stands for by now, it is this file. The way begins at
/// `/proc/self`, which is another directory in each process.
fn reopen(file: &OwnedFd) -> nix::Result<OwnedFd> {
    let how = OpenHow::new().flags(OFlag::O_RDONLY | OFlag::O_CLOEXEC);
    let name = format!("{DESCRIPTORS}/{}", file.as_raw_fd());
    openat2(AT_FDCWD, name.as_bytes(), how)
}

/// openat2(2), repeated after what is no failure.
fn openat2(
    directory: impl AsFd,
    name: &[u8],
    how: OpenHow,
) -> nix::Result<OwnedFd> {
    for _ in 0..MAX_ATTEMPTS {
        match fcntl::openat2(&directory, name, how) {
            // A signal; or a directory was moved while the kernel was on a
            // `..`, and it could not tell whether that still leads beneath
            // the root.
            Err(Errno::EINTR | Errno::EAGAIN) => {}
            result => return result,
        }
    }
    Err(Errno::EAGAIN)
}
