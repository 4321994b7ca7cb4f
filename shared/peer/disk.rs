//! Enters in step 25: what a store needs of a disk, and segments as files in a
//! directory, which belongs to one process at a time.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, Flock, FlockArg, fallocate};
use nix::sys::uio::pwrite;
use nix::unistd;

/// What a store needs of a disk: segments, each with a number from 1.
pub trait Disk {
    /// The numbers of those that there are, in order.
    ///
    /// # Errors
    /// Those of reading a directory.
    fn segments(&mut self) -> io::Result<Vec<u32>>;

    /// All bytes of one.
    ///
    /// # Errors
    /// Those of reading a file.
    fn read(&mut self, segment: u32) -> io::Result<Vec<u8>>;

    /// Makes one of so many zeros, in the place of one that was being made.
    /// When it returns, that is on the disk.
    ///
    /// # Errors
    /// Above all `ENOSPC`.
    fn create(&mut self, segment: u32, size: u64) -> io::Result<()>;

    /// Writes bytes into one. They may be lost until they are synced.
    ///
    /// # Errors
    /// Above all `EIO` and `ENOSPC`.
    fn write(&mut self, segment: u32, at: u64, bytes: &[u8]) -> io::Result<()>;

    /// When it returns, what was written to one is on the disk.
    ///
    /// # Errors
    /// `EIO`: nobody knows what is on the disk, and to ask again is no use.
    fn sync(&mut self, segment: u32) -> io::Result<()>;
}

/// Segments of a directory.
pub struct Files {
    directory: PathBuf,
    /// Nobody else has the directory as long as this is open.
    _lock: Flock<File>,
    /// The one that was used last.
    open: Option<(u32, Arc<File>)>,
}

impl Files {
    /// Those of this directory, which is made if there is none.
    ///
    /// # Errors
    /// Those of mkdir(2), open(2) and flock(2): `EWOULDBLOCK` if another
    /// process has the directory.
    pub fn open(directory: &Path) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true).mode(0o600);
        let lock = options.open(directory.join("LOCK"))?;
        // Ask to be the only one that has the file locked. The kernel unlocks
        // it when the process ends, however that may be.
        let lock = Flock::lock(lock, FlockArg::LockExclusiveNonblock)
            .map_err(|(_, errno)| errno)?;
        let directory = directory.to_path_buf();
        Ok(Files { directory, _lock: lock, open: None })
    }

    fn path(&self, segment: u32) -> PathBuf {
        self.directory.join(format!("seg-{segment:06}.blk"))
    }

    /// The file of a segment, to be written and synced.
    ///
    /// # Errors
    /// Those of open(2).
    pub fn file(&mut self, segment: u32) -> io::Result<Arc<File>> {
        if let Some((number, file)) = &self.open
            && *number == segment
        {
            return Ok(Arc::clone(file));
        }
        let file = OpenOptions::new().write(true).open(self.path(segment))?;
        let file = Arc::new(file);
        self.open = Some((segment, Arc::clone(&file)));
        Ok(file)
    }
}

/// The number in the name of a segment's file.
fn number(name: &str) -> Option<u32> {
    let digits = name.strip_prefix("seg-")?.strip_suffix(".blk")?;
    digits.parse().ok().filter(|number| *number > 0)
}

impl Disk for Files {
    fn segments(&mut self) -> io::Result<Vec<u32>> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            numbers.extend(entry?.file_name().to_str().and_then(number));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn read(&mut self, segment: u32) -> io::Result<Vec<u8>> {
        fs::read(self.path(segment))
    }

    fn create(&mut self, segment: u32, size: u64) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let file = options.open(self.path(segment))?;
        // Ask for the room now: what is appended later cannot fail for want of
        // it, and a sync has no new length to write.
        match fallocate(&file, FallocateFlags::empty(), 0, size as i64) {
            // This file system cannot do that.
            Err(Errno::EOPNOTSUPP) => file.set_len(size)?,
            result => result?,
        }
        file.sync_all()?;
        // The name is in the directory: that has to reach the disk as well.
        File::open(&self.directory)?.sync_all()
    }

    fn write(&mut self, segment: u32, at: u64, bytes: &[u8]) -> io::Result<()> {
        let file = self.file(segment)?;
        let mut done = 0;
        while done < bytes.len() {
            // Ask for bytes to be written at this place, wherever the file's
            // position may be.
            let offset = (at + done as u64) as i64;
            match pwrite(&file, &bytes[done..], offset) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => done += count,
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }

    fn sync(&mut self, segment: u32) -> io::Result<()> {
        sync(&*self.file(segment)?)
    }
}

/// Has what was written to a file reach the disk.
///
/// # Errors
/// Those of fdatasync(2).
pub fn sync(file: impl AsFd) -> io::Result<()> {
    // Ask for the content, and only as much about the file as is needed to
    // find it.
    unistd::fdatasync(file).map_err(io::Error::from)
}
