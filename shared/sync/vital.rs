//! Enters in step 18: threads that a program is nothing without.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::process;
use std::thread::{self, JoinHandle};

use crate::cli::{self, Failure};

/// Starts a thread for `work`. If it fails, or panics, the whole process ends
/// with status 1: with one thread gone it would look as if all were well.
///
/// # Errors
/// Those of pthread_create(3): `EAGAIN` if there may be no more threads.
pub fn spawn(
    work: impl FnOnce() -> Result<(), Failure> + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().spawn(|| {
        match panic::catch_unwind(AssertUnwindSafe(work)) {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => {
                cli::log(format_args!("{}: {failure}", cli::program()));
                process::exit(1);
            }
            // The panic has said what it is.
            Err(_) => process::exit(1),
        }
    })
}
