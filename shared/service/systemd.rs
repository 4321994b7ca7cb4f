//! Enters in step 22: what a service manager hands over, and wants to hear:
//! sd_listen_fds(3) and sd_notify(3), of which systemd(1) is the one that most
//! machines have.

use std::env;
use std::ffi::OsString;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::socket::{
    self, AddressFamily, MsgFlags, SockFlag, SockType, UnixAddr,
};
use nix::time::{ClockId, clock_gettime};
use nix::unistd;
use shared::cli::{self, Failure};

/// The first descriptor that is handed over.
const FIRST: RawFd = 3;

/// The listening sockets that this process has been started with, for it and
/// not for a child that it may start.
///
/// # Errors
/// When there are none though the environment says so.
///
/// # Safety
/// There may not be another thread, nor anything that owns a descriptor from
/// 3 on.
pub unsafe fn take_sockets() -> Result<Vec<OwnedFd>, Failure> {
    // SAFETY: the caller's promise.
    let (pid, count) = unsafe { (take("LISTEN_PID"), take("LISTEN_FDS")) };
    // SAFETY: the caller's promise.
    unsafe { take("LISTEN_FDNAMES") };
    let number = |text: Option<OsString>| text?.to_str()?.parse::<i32>().ok();
    if number(pid) != Some(unistd::getpid().as_raw()) {
        return Ok(Vec::new());
    }
    let count = number(count).unwrap_or(0);
    let sockets = (FIRST..FIRST.saturating_add(count)).map(|number| {
        // SAFETY: if there is such a descriptor, it has been handed over to
        // us; and the environment, which says so, is read once.
        let socket = unsafe { OwnedFd::from_raw_fd(number) };
        match fcntl(&socket, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)) {
            Ok(_) => Ok(socket),
            Err(errno) => {
                // Nobody has given it to us: closing it would be a fault.
                std::mem::forget(socket);
                let what = format_args!("LISTEN_FDS: descriptor {number}");
                Err(Failure::new(what, errno))
            }
        }
    });
    sockets.collect()
}

/// Who is told how it is with this process, if anybody.
#[derive(Debug)]
pub struct Notifier {
    socket: Option<(OwnedFd, UnixAddr)>,
}

impl Notifier {
    /// The one that the environment names.
    ///
    /// # Errors
    /// When it cannot be reached at all.
    ///
    /// # Safety
    /// There may not be another thread.
    pub unsafe fn take() -> Result<Self, Failure> {
        // SAFETY: the caller's promise.
        let Some(path) = (unsafe { take("NOTIFY_SOCKET") }) else {
            return Ok(Notifier { socket: None });
        };
        let open = || {
            let address = match path.as_bytes() {
                // A name that is no file's: unix(7).
                [b'@', name @ ..] => UnixAddr::new_abstract(name)?,
                path => UnixAddr::new(path)?,
            };
            let (family, kind) = (AddressFamily::Unix, SockType::Datagram);
            let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
            let socket = socket::socket(family, kind, flags, None)?;
            Ok((socket, address))
        };
        let socket: nix::Result<_> = open();
        let what = format_args!("NOTIFY_SOCKET {}", path.display());
        let socket = socket.map_err(|errno| Failure::new(what, errno))?;
        Ok(Notifier { socket: Some(socket) })
    }

    /// Clients are served.
    pub fn ready(&self) {
        self.say("READY=1");
    }

    /// The settings are read again. Ends with [`Notifier::ready`].
    pub fn reloading(&self) {
        // Since the start of the machine, as the manager counts.
        let time = clock_gettime(ClockId::CLOCK_MONOTONIC).map(Duration::from);
        let micros = time.unwrap_or_default().as_micros();
        self.say(&format!("RELOADING=1\nMONOTONIC_USEC={micros}"));
    }

    /// The end has begun.
    pub fn stopping(&self) {
        self.say("STOPPING=1");
    }

    /// Whoever does not listen is not told: that is no matter of the clients.
    fn say(&self, text: &str) {
        let Some((socket, address)) = &self.socket else { return };
        let (socket, flags) = (socket.as_raw_fd(), MsgFlags::MSG_NOSIGNAL);
        let sent = socket::sendto(socket, text.as_bytes(), address, flags);
        if let Err(errno) = sent {
            let why = cli::strerror(errno);
            cli::log(format_args!("cannot notify the service manager: {why}"));
        }
    }
}

/// Takes a variable out of the environment: it is not for children.
///
/// # Safety
/// There may not be another thread.
unsafe fn take(name: &str) -> Option<OsString> {
    let value = env::var_os(name);
    // SAFETY: nobody else reads the environment now.
    unsafe { env::remove_var(name) };
    value
}
