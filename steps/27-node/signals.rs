//! Signals that are read: those that end the node, and those that have it do
//! something.

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use service::reload::Reload;
use service::systemd::Notifier;
use shared::events::signals::take_signals;

/// What else the process does.
pub struct Tasks {
    pub reload: Reload,
    pub notifier: Notifier,
    /// The signals that ask for it.
    pub calls: SignalFd,
}

/// Where they come from.
pub struct Signals {
    /// SIGINT and SIGTERM.
    pub end: SignalFd,
    /// SIGHUP and SIGUSR1.
    pub calls: SignalFd,
}

impl Signals {
    /// From now on they interrupt nothing: they are to be read.
    ///
    /// # Errors
    /// Those of sigprocmask(2) and signalfd(2).
    pub fn take() -> nix::Result<Self> {
        let end = take_signals()?;
        let calls = SigSet::from_iter([Signal::SIGHUP, Signal::SIGUSR1]);
        calls.thread_block()?;
        // A program in the background that reads the terminal is stopped by
        // this, unless it is blocked: then read(2) fails.
        SigSet::from(Signal::SIGTTIN).thread_block()?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        Ok(Signals { end, calls: SignalFd::with_flags(&calls, flags)? })
    }
}

/// The next one that has come, if any has.
pub fn next(calls: &SignalFd) -> Option<Signal> {
    // It can fail only for a descriptor that is none.
    let info = calls.read_signal().ok()??;
    Signal::try_from(info.ssi_signo.cast_signed()).ok()
}
