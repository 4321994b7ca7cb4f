//! Enters in step 25: a thread that waits for the disk, so that the loop does
//! not have to.
//!
//! While one fdatasync(2) is under way, others write; the next one is for all
//! of them together (group commit).

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use nix::errno::Errno;
use nix::sys::eventfd::{EfdFlags, EventFd};
use shared::cli::Failure;

use crate::disk::sync;

/// Tells the thread what to sync, and the loop what has been.
pub struct Committer(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    wanted: Condvar,
    /// Not 0 if there is something to be taken.
    done: EventFd,
}

#[derive(Default)]
struct State {
    /// All up to this ticket is to be synced, in this file.
    next: Option<(u64, Arc<File>)>,
    /// All up to this one has been.
    durable: u64,
    failed: Option<Errno>,
}

impl Committer {
    /// Starts the thread.
    ///
    /// # Errors
    /// When that fails, or there is no eventfd.
    pub fn start() -> Result<Self, Failure> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        let done = EventFd::from_value_and_flags(0, flags)
            .map_err(|errno| Failure::new("cannot make an eventfd", errno))?;
        let (state, wanted) = (Mutex::default(), Condvar::new());
        let inner = Arc::new(Inner { state, wanted, done });
        let of_thread = Arc::clone(&inner);
        thread::Builder::new()
            .spawn(move || of_thread.work())
            .map_err(|error| Failure::new("cannot start a thread", error))?;
        Ok(Committer(inner))
    }

    /// Has the file synced; what has been written to it by now is then known
    /// by this ticket. Tickets only grow.
    pub fn request(&self, ticket: u64, file: Arc<File>) {
        self.0.lock().next = Some((ticket, file));
        self.0.wanted.notify_one();
    }

    /// The same where nothing is kept: all is known at once.
    pub fn pass(&self, ticket: u64) {
        self.0.lock().durable = ticket;
        // It fails only if the number is near 2^64.
        let _ = self.0.done.write(1);
    }

    /// Up to which ticket all is on the disk.
    ///
    /// # Errors
    /// The one of fdatasync(2), for ever: nobody knows what is on the disk.
    pub fn take(&self) -> io::Result<u64> {
        // The number first: what comes now is counted anew. It fails only if
        // it is 0.
        let _ = self.0.done.read();
        let state = self.0.lock();
        match state.failed {
            Some(errno) => Err(errno.into()),
            None => Ok(state.durable),
        }
    }
}

impl Inner {
    fn work(&self) {
        loop {
            let mut state = self.lock();
            while state.next.is_none() {
                let wanted = self.wanted.wait(state);
                state = wanted.unwrap_or_else(PoisonError::into_inner);
            }
            let Some((ticket, file)) = state.next.take() else { continue };
            drop(state);
            let result = sync(&*file);
            let mut state = self.lock();
            match result {
                Ok(()) => state.durable = ticket,
                // A second fdatasync(2) would say that all is well.
                Err(error) => {
                    let number = error.raw_os_error();
                    state.failed = number.map(Errno::from_raw);
                }
            }
            let has_failed = state.failed.is_some();
            drop(state);
            // It fails only if the number is near 2^64.
            let _ = self.done.write(1);
            if has_failed {
                return;
            }
        }
    }

    /// Nothing that is done under the lock panics halfway.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsFd for Committer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.done.as_fd()
    }
}
