//! Enters in step 18: the bytes of a file: in memory, or to be sent from the
//! file.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use crate::files::root::File;
use crate::http::validators::Validators;
use crate::web::file_site::validators;
use nix::errno::Errno;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::{stat, uio};
use nix::unistd;

/// Up to this size a body is copied, and leaves with its head; beyond it, two
/// system calls cost less than the copy.
pub const SMALL: u64 = 20 * 1024;

/// What is to be sent. A copy of it is no copy of the bytes.
#[derive(Clone)]
pub enum Content {
    /// In memory.
    Small(Arc<[u8]>),
    /// To be sent from the file.
    Large(Arc<OwnedFd>),
}

impl Content {
    /// That of a file in this state.
    pub fn of(file: File, state: Validators) -> Self {
        let is_small = state.size <= SMALL;
        match is_small.then(|| read(&file.descriptor, state)).flatten() {
            Some(body) => Content::Small(body.into()),
            None => Content::Large(file.descriptor),
        }
    }

    /// These bytes. Many of them become a file that lies nowhere: all threads
    /// can send from it as from any other. Enters in step 21.
    ///
    /// # Errors
    /// Those of memfd_create(2) and write(2): no descriptor or memory is left.
    pub fn in_memory(bytes: Vec<u8>) -> nix::Result<Self> {
        if bytes.len() as u64 <= SMALL {
            return Ok(Content::Small(bytes.into()));
        }
        // Ask for a file in memory, which has no name (this one is shown in
        // /proc) and goes with its last descriptor. Nobody else has that one:
        // there is nothing to seal it against.
        let file = memfd_create(c"gzip", MFdFlags::MFD_CLOEXEC)?;
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            match unistd::write(&file, rest) {
                // No file in memory does this: it would be for ever.
                Ok(0) => return Err(Errno::EIO),
                Ok(count) => rest = &rest[count..],
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(Content::Large(Arc::new(file)))
    }

    /// All of it, in memory; `None` if the file is no longer in this state, or
    /// cannot be read. Enters in step 21.
    pub fn bytes(&self, state: Validators) -> Option<Arc<[u8]>> {
        match self {
            Content::Small(body) => Some(Arc::clone(body)),
            Content::Large(file) => Some(read(file, state)?.into()),
        }
    }
}

/// All of a file; `None` if it changed while it was read.
fn read(file: &Arc<OwnedFd>, before: Validators) -> Option<Vec<u8>> {
    let mut body = vec![0; before.size as usize];
    let mut read = 0;
    while read < body.len() {
        match uio::pread(file, &mut body[read..], read as i64) {
            Err(Errno::EINTR) => {}
            // The response will find the same, and say so.
            Ok(0) | Err(_) => return None,
            Ok(count) => read += count,
        }
    }
    let stat = stat::fstat(file).ok()?;
    let after = validators(&File { descriptor: file.clone(), stat });
    (after == before).then_some(body)
}
