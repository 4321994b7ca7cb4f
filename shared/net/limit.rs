//! Enters in step 15: how many descriptors there may be.

use nix::libc::rlim_t;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Lets this process open as many descriptors as it may: raises the limit
/// that holds (the soft one) to the one up to which it may be raised (the
/// hard one). Returns how many.
///
/// # Errors
/// Those of getrlimit(2) and setrlimit(2); none is known for this use.
pub fn raise_descriptors() -> nix::Result<rlim_t> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    Ok(hard)
}
