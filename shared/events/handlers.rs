//! Enters in step 10: signals that call a function.
//!
//! A handler runs between two instructions of the program, wherever that is.
//! It may call what signal-safety(7) lists, and touch atomics; nothing else.

use nix::libc::{self, c_int};
use nix::sys::signal::{self, SaFlags, SigAction, SigHandler, SigSet, Signal};

/// What a signal calls; it gets the signal's number.
pub type Handler = extern "C" fn(c_int);

/// Has each handler called when its signal comes, from now on.
///
/// # Errors
/// Those of sigaction(2): `EINVAL` for SIGKILL and SIGSTOP.
pub fn handle(handlers: &[(Signal, Handler)]) -> nix::Result<()> {
    for &(signal, handler) in handlers {
        let handler = SigHandler::Handler(handler);
        // NOCLDSTOP: a child that is stopped has not ended. No RESTART: a
        // signal interrupts accept, and `Listener::accept` goes on.
        let flags = SaFlags::SA_NOCLDSTOP;
        let action = SigAction::new(handler, flags, SigSet::empty());
        // SAFETY: the handlers make system calls and touch atomics, so
        // nothing that they interrupt matters to them.
        unsafe { signal::sigaction(signal, &action) }?;
    }
    // Who started this program may have blocked them, and a program keeps
    // the mask that it was started with.
    SigSet::from_iter(handlers.iter().map(|it| it.0)).thread_unblock()
}

/// A handler that ends this process with status 0.
pub extern "C" fn terminate(_: c_int) {
    exit()
}

/// Ends this process with status 0, and at once.
pub fn exit() -> ! {
    // Not exit(3), which would write what the parent may have left in its
    // buffers, and is forbidden in a handler.
    // SAFETY: the call takes a number.
    unsafe { libc::_exit(0) }
}
