//! Signals that are read: those that end the node, and those that have it do
//! something.

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use peer::members::Members;
use peer::roster;
use peer::violation::Reason;
use service::reload::Reload;
use service::systemd::Notifier;
use shared::cli;
use shared::collections::slab::Key;
use shared::events::signals::take_signals;

use super::event_loop::EventLoop;

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

impl EventLoop {
    /// Somebody has sent SIGHUP or SIGUSR1.
    pub fn called(&mut self) {
        while let Some(signal) = next(&self.tasks.calls) {
            if signal == Signal::SIGUSR1 {
                self.tasks.reload.reopen_log();
                continue;
            }
            self.tasks.notifier.reloading();
            self.tasks.reload.run();
            match self.members_file.as_deref().map(Members::read) {
                Some(Ok(list)) => self.take_members(list),
                Some(Err(failure)) => cli::log(failure),
                None => {}
            }
            self.tasks.notifier.ready();
        }
    }

    /// There is another list: who is not on it has to go.
    fn take_members(&mut self, list: Members) {
        self.members.take_list(list);
        let now = self.now();
        let members = &self.members;
        let gone = self.peers.iter().filter(|(_, peer)| {
            let node = roster::node(peer);
            node.is_some_and(|node| !members.admits(node, now))
        });
        let gone: Vec<Key> = gone.map(|(key, _)| key).collect();
        for key in gone {
            if let Some(link) = self.peers.get_mut(key).and_then(|it| it.link())
            {
                link.close(Reason::Refused, now);
            }
            self.go_on(key, 0);
        }
    }
}

/// The next one that has come, if any has.
fn next(calls: &SignalFd) -> Option<Signal> {
    // It can fail only for a descriptor that is none.
    let info = calls.read_signal().ok()??;
    Signal::try_from(info.ssi_signo.cast_signed()).ok()
}
