//! Enters in step 19: responses that are made elsewhere, and come later.
//!
//! A loop gives a job away and goes on with its other clients. A thread does
//! the job, and puts what comes out of it where the loop will find it.

use std::mem;
use std::os::fd::{AsFd, BorrowedFd};
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::errno::Errno;
use nix::sys::eventfd::{EfdFlags, EventFd};

use super::site::{Done, Job, Ticket};
use crate::collections::slab::Key;
use crate::http::status::Status;

/// A job, and for whom it is done.
pub struct Task {
    job: Job,
    key: Key,
    ticket: Ticket,
    results: Arc<Results>,
}

impl Task {
    /// Does the job, unless nobody waits for it any more. If it panics, the
    /// response is 500.
    pub fn run(self) {
        let Task { job, key, ticket, results } = self;
        if ticket.is_good() {
            let done = panic::catch_unwind(AssertUnwindSafe(|| job(&ticket)));
            let failed = |_| failed(Status::InternalServerError);
            results.put(key, done.unwrap_or_else(failed));
        }
    }
}

/// A response that says no more than this status, and that it is worth to try
/// again.
pub fn failed(status: Status) -> Done {
    Done::Response(Box::new(move |out| {
        out.start(status)
            .field("Content-Type", "text/plain; charset=utf-8")
            .field("Retry-After", "1")
            .body(format!("{}\n", status.reason()).as_bytes());
    }))
}

/// Takes a task for a pool, unless that has too many.
pub type Submit = Box<dyn Fn(Box<Task>) -> Result<(), Box<Task>> + Send>;

/// Where a loop finds what has been done for its clients.
pub struct Results {
    done: Mutex<Vec<(Key, Done)>>,
    /// Not 0 if there are any.
    count: EventFd,
}

impl Results {
    /// None yet.
    ///
    /// # Errors
    /// Those of eventfd2(2).
    pub fn new() -> nix::Result<Self> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        let count = EventFd::from_value_and_flags(0, flags)?;
        Ok(Results { done: Mutex::new(Vec::new()), count })
    }

    /// What is to be done for the client with this key.
    pub fn task(
        self: &Arc<Self>,
        key: Key,
        (job, ticket): (Job, Ticket),
    ) -> Box<Task> {
        Box::new(Task { job, key, ticket, results: Arc::clone(self) })
    }

    /// Puts in what is for the client with this key.
    pub fn put(&self, key: Key, done: Done) {
        let mut all = self.lock();
        all.push((key, done));
        let is_first = all.len() == 1;
        drop(all);
        // The others find the loop awake, or about to be: one number for all.
        if is_first {
            // It fails only if the number is near 2^64.
            let _ = self.count.write(1);
        }
    }

    /// Takes all that there are.
    ///
    /// # Errors
    /// Those of read(2); none is known.
    pub fn take(&self) -> nix::Result<Vec<(Key, Done)>> {
        // The number first: a result that comes now is counted anew.
        match self.count.read() {
            Ok(_) | Err(Errno::EAGAIN) => Ok(mem::take(&mut *self.lock())),
            Err(errno) => Err(errno),
        }
    }

    /// Nothing that is done under the lock panics halfway.
    fn lock(&self) -> MutexGuard<'_, Vec<(Key, Done)>> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsFd for Results {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.count.as_fd()
    }
}
