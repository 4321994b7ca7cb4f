//! Enters in step 08: a directory that no name leads out of.
//!
//! A test of the name for `..` confines nothing: a symbolic link needs no
//! dots, and what was tested can be another file by the time it is opened.
//! Only the kernel sees every step of the way, so it is asked to:
//! openat2(2) with `RESOLVE_BENEATH`, in Linux since 5.6.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{self, AT_FDCWD, OFlag, OpenHow, ResolveFlag};
use nix::libc;
use nix::sys::{stat, uio};

/// How often to repeat an opening that a renaming elsewhere disturbed.
const TRIES: usize = 16;

/// A directory and what lies beneath it. It stays the same directory when
/// it is moved, or another takes its name.
#[derive(Debug)]
pub struct Root {
    directory: OwnedFd,
}

/// What there is under a name.
#[derive(Debug)]
pub enum Entry {
    /// A regular file, open for reading.
    File(File),
    /// A directory.
    Directory,
    /// Nothing to be given away: no entry, or a device, a pipe, a socket, or
    /// a link that leads out of the root.
    Nothing,
}

impl Root {
    /// Takes the directory `path` as a root.
    ///
    /// # Errors
    /// Those of openat2(2): `ENOENT`, `ENOTDIR`, `EACCES`, and `ENOSYS` if
    /// the kernel is older than Linux 5.6.
    pub fn open(path: &Path) -> nix::Result<Self> {
        // Any way may lead to the root itself. This could be a plain open,
        // but then a kernel without openat2 would fail at the first visitor.
        let how = OpenHow::new()
            .flags(OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC);
        Ok(Root { directory: fcntl::openat2(AT_FDCWD, path, how)? })
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
        match self.open_beneath(name) {
            Ok(descriptor) => Entry::of(descriptor),
            Err(
                // No such name, or a file where a directory should be.
                Errno::ENOENT | Errno::ENOTDIR | Errno::ENAMETOOLONG
                // The way led out of the root, into /proc's magic links, or
                // from link to link for ever.
                | Errno::EXDEV | Errno::ELOOP
                // A Unix socket, or a device without a driver.
                | Errno::ENXIO | Errno::ENODEV,
            ) => Ok(Entry::Nothing),
            Err(errno) => Err(errno),
        }
    }

    fn open_beneath(&self, name: &[u8]) -> nix::Result<OwnedFd> {
        // Without O_NONBLOCK, opening a pipe waits until somebody writes
        // there. Without O_NOCTTY, a terminal could become ours, and its
        // Ctrl-C too.
        let flags = OFlag::O_RDONLY
            | OFlag::O_NONBLOCK
            | OFlag::O_NOCTTY
            | OFlag::O_CLOEXEC;
        // BENEATH: no step of the way may leave the root, by `..`, by an
        // absolute link or by any other. NO_MAGICLINKS: nor by the links in
        // /proc, which lead to open files without a way at all.
        let resolve =
            ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_MAGICLINKS;
        let how = OpenHow::new().flags(flags).resolve(resolve);
        for _ in 0..TRIES {
            match fcntl::openat2(&self.directory, name, how) {
                // A signal; or a directory was moved while the kernel was
                // on a `..`, and it could not tell whether that still leads
                // beneath the root.
                Err(Errno::EINTR | Errno::EAGAIN) => {}
                answer => return answer,
            }
        }
        Err(Errno::EAGAIN)
    }
}

impl Entry {
    /// Asks what has been opened. Asking the descriptor, not the name: by
    /// now the name may be another file's.
    fn of(descriptor: OwnedFd) -> nix::Result<Self> {
        let facts = stat::fstat(&descriptor)?;
        match facts.st_mode & libc::S_IFMT {
            libc::S_IFREG => Ok(Entry::File(File {
                descriptor,
                size: facts.st_size as u64,
                seconds: facts.st_mtime,
                nanoseconds: facts.st_mtime_nsec as u32,
                inode: facts.st_ino,
            })),
            libc::S_IFDIR => Ok(Entry::Directory),
            _ => Ok(Entry::Nothing),
        }
    }
}

/// A regular file, open for reading, and what fstat(2) said of it then.
#[derive(Debug)]
pub struct File {
    descriptor: OwnedFd,
    /// In bytes. The file may be longer or shorter by the time it is read.
    pub size: u64,
    /// When the content changed last, in seconds since 1970.
    pub seconds: i64,
    /// The rest of that time, in nanoseconds.
    pub nanoseconds: u32,
    /// Which file it is, on its file system.
    pub inode: u64,
}

impl File {
    /// Reads what is at `offset`, at most a buffer full; 0 is the end.
    /// There is no position to keep, so several may read at once.
    ///
    /// # Errors
    /// Those of pread(2), except `EINTR`, after which it is repeated.
    pub fn read_at(
        &self,
        offset: u64,
        buffer: &mut [u8],
    ) -> nix::Result<usize> {
        loop {
            let place = offset as libc::off_t;
            match uio::pread(self.descriptor.as_fd(), buffer, place) {
                Err(Errno::EINTR) => {}
                answer => return answer,
            }
        }
    }
}
