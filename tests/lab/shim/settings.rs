//! What `SHIM` asks for, read once, and the counters that go with it.

use std::ffi::{CStr, c_int};
use std::net::IpAddr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Every Nth of something, or never.
#[derive(Debug, Default)]
pub struct Every {
    nth: Option<u64>,
    count: AtomicU64,
}

impl Every {
    /// Counts one more; true if it is an Nth.
    pub fn strikes(&self) -> bool {
        self.nth.is_some_and(|nth| {
            let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
            count.is_multiple_of(nth)
        })
    }

    /// Counts one more; how many Nths there were.
    pub fn times(&self) -> u64 {
        self.strikes();
        let count = self.count.load(Ordering::Relaxed);
        self.nth.map_or(0, |nth| count / nth)
    }
}

/// The errors with which the first calls fail, one after the other.
#[derive(Debug, Default)]
pub struct Script {
    errors: Vec<c_int>,
    count: AtomicUsize,
}

impl Script {
    /// What the next call fails with, if it does.
    pub fn next(&self) -> Option<c_int> {
        let turn = self.count.fetch_add(1, Ordering::Relaxed);
        self.errors.get(turn).copied().filter(|error| *error != 0)
    }
}

/// What the resolver makes of every host name.
#[derive(Debug)]
pub enum Names {
    /// These addresses, in this order.
    Addresses(Vec<IpAddr>),
    /// This error of getaddrinfo(3).
    Failure(c_int),
}

/// The settings of this process.
#[derive(Debug, Default)]
pub struct Settings {
    pub write_at_most: Option<usize>,
    pub read_at_most: Option<usize>,
    pub interrupt: Every,
    pub again: Every,
    pub alarm: Every,
    pub fork: Every,
    pub thread: Every,
    pub spurious: Every,
    pub nap: Every,
    pub die: Every,
    pub speed: Option<u64>,
    pub accept: Script,
    pub bind: Script,
    pub openat2: Script,
    pub landlock: Script,
    pub seccomp: Script,
    pub sendfile: Script,
    pub file_sync: Script,
    pub directory_sync: Script,
    pub file_write: Script,
    pub slow_names: Option<u64>,
    /// A pipe, out of which each sync of a file reads a byte.
    pub gate: Option<&'static str>,
    pub names: Option<Names>,
    pub own_port: bool,
    /// The first part of `SHIM` that means nothing.
    pub wrong: Option<&'static str>,
}

impl Settings {
    /// Those that the environment had when this was first called.
    pub fn get() -> &'static Settings {
        static SETTINGS: OnceLock<Settings> = OnceLock::new();
        SETTINGS.get_or_init(|| {
            // SAFETY: the name is a C string. Called first before main, when
            // nobody else can be changing the environment.
            let value = unsafe { libc::getenv(c"SHIM".as_ptr()) };
            if value.is_null() {
                return Settings::default();
            }
            // SAFETY: an environment string lasts as long as the process
            // unless it is changed; the parser keeps no part of it but
            // `wrong`, which is used before main.
            match unsafe { CStr::from_ptr(value) }.to_str() {
                Ok(text) => Settings::parse(text),
                Err(_) => Settings {
                    wrong: Some("it is not UTF-8"),
                    ..Settings::default()
                },
            }
        })
    }

    fn parse(text: &'static str) -> Settings {
        let mut settings = Settings::default();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            if settings.set(part).is_none() {
                settings.wrong.get_or_insert(part);
            }
        }
        settings
    }

    /// Understands one `name=value`; `None` if it cannot.
    fn set(&mut self, part: &'static str) -> Option<()> {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        match name {
            "w" => self.write_at_most = Some(positive(value)? as usize),
            "r" => self.read_at_most = Some(positive(value)? as usize),
            "eintr" => self.interrupt.nth = Some(positive(value)?),
            "again" => self.again.nth = Some(positive(value)?),
            "alarm" => self.alarm.nth = Some(positive(value)?),
            "fork" => self.fork.nth = Some(positive(value)?),
            "thread" => self.thread.nth = Some(positive(value)?),
            "speed" => self.speed = Some(positive(value)?),
            "spurious" => self.spurious.nth = Some(positive(value)?),
            "nap" => self.nap.nth = Some(positive(value)?),
            "die" => self.die.nth = Some(positive(value)?),
            "accept" => self.accept.errors = errors(value)?,
            "bind" => self.bind.errors = errors(value)?,
            "openat2" => self.openat2.errors = errors(value)?,
            "landlock" => self.landlock.errors = errors(value)?,
            "seccomp" => self.seccomp.errors = errors(value)?,
            "sendfile" => self.sendfile.errors = errors(value)?,
            "fsync" => self.file_sync.errors = errors(value)?,
            "dirsync" => self.directory_sync.errors = errors(value)?,
            "disk" => self.file_write.errors = errors(value)?,
            "gate" => self.gate = Some(value),
            "slow" => self.slow_names = Some(positive(value)?),
            "own" if value.is_empty() => self.own_port = true,
            "gai" => self.names = Some(parse_names(value)?),
            _ => return None,
        }
        Some(())
    }
}

fn positive(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number| *number > 0)
}

fn errors(value: &str) -> Option<Vec<c_int>> {
    let error = |name| match name {
        // This one does not fail: a later one does.
        "0" => Some(0),
        "EACCES" => Some(libc::EACCES),
        "EMFILE" => Some(libc::EMFILE),
        "ENFILE" => Some(libc::ENFILE),
        "ECONNABORTED" => Some(libc::ECONNABORTED),
        "EINVAL" => Some(libc::EINVAL),
        "ENOSYS" => Some(libc::ENOSYS),
        "EIO" => Some(libc::EIO),
        "ENOSPC" => Some(libc::ENOSPC),
        "EDQUOT" => Some(libc::EDQUOT),
        "EROFS" => Some(libc::EROFS),
        _ => None,
    };
    value.split('+').map(error).collect()
}

fn parse_names(value: &str) -> Option<Names> {
    match value {
        "NONAME" => Some(Names::Failure(libc::EAI_NONAME)),
        "AGAIN" => Some(Names::Failure(libc::EAI_AGAIN)),
        "FAIL" => Some(Names::Failure(libc::EAI_FAIL)),
        list => {
            let addresses = list.split('+').map(|one| one.parse().ok());
            Some(Names::Addresses(addresses.collect::<Option<_>>()?))
        }
    }
}
