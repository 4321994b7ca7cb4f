//! A signalfd for SIGTERM, which nobody has blocked; and then SIGTERM.

use std::error::Error;

use nix::sys::signal::{SigSet, Signal, raise};
use nix::sys::signalfd::{SfdFlags, SignalFd};

fn main() -> Result<(), Box<dyn Error>> {
    let signals = SigSet::from_iter([Signal::SIGTERM]);
    // Here belongs: signals.thread_block()?;
    let descriptor = SignalFd::with_flags(&signals, SfdFlags::SFD_NONBLOCK)?;
    raise(Signal::SIGTERM)?;
    let signal = descriptor.read_signal()?;
    println!("read: signal {:?}", signal.map(|it| it.ssi_signo));
    Ok(())
}
