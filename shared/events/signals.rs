//! Enters in step 16: signals that are read, like anything else.

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// From now on SIGINT and SIGTERM interrupt nothing: they are to be read.
///
/// # Errors
/// Those of sigprocmask(2) and signalfd(2).
pub fn take_signals() -> nix::Result<SignalFd> {
    let signals = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM]);
    // Blocked, a signal waits; else it would be handled as before.
    signals.thread_block()?;
    // Ask for a descriptor that is ready for reading when one waits.
    SignalFd::with_flags(
        &signals,
        SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC,
    )
}
