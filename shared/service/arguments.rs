//! Enters in step 22: what the command line says: a settings file, or in a few
//! flags what one would say.

use std::ffi::OsString;

use shared::cli::{self, Failure};

use crate::flags::Flags;
use crate::source::Source;

/// Of memory, for files.
const CACHE_MIB: usize = 64;

/// Of what takes long.
const QUEUE: usize = 256;

/// What the command line says.
pub struct Arguments {
    /// Where the settings are.
    pub source: Source,
    /// It is only to be said what is wrong.
    pub checks: bool,
    /// Of memory for files, in each worker: up to 4096.
    pub cache_mib: usize,
    /// How many loops, from 1.
    pub workers: Option<usize>,
    /// Whether each stays on a processor.
    pub pin: bool,
    /// How many threads for what takes long, from 1.
    pub threads: Option<usize>,
    /// How much of that may wait, from 1.
    pub queue: usize,
}

impl Arguments {
    /// Reads the command line; `--help` prints `help` and ends.
    ///
    /// # Errors
    /// When it cannot be understood, or says two things at once.
    pub fn read(help: &str) -> Result<Self, Failure> {
        let flags = [
            "settings",
            "check",
            "cache-mib",
            "workers",
            "pin",
            "threads",
            "queue",
            "root",
            "write",
            "upload-max",
            "host",
            "fallback",
            "guestbook",
            "templates",
            "log",
            "rate",
            "sandbox",
        ];
        let (address, values) = cli::arguments(help, flags)?;
        let [settings, check, mib, workers, pin, threads, queue, site @ ..] =
            values;
        let checks = check.is_some();
        let is_twice = settings.is_some() && checks;
        let source = match settings.or(check) {
            Some(file) => {
                let has_flags = site.iter().any(Option::is_some);
                if is_twice || address.is_some() || has_flags {
                    return Err(Failure::usage(
                        "one settings file says all of it, or flags do",
                    ));
                }
                Source::File(file.into())
            }
            None => Source::Flags(Box::new(Flags::read(address, site)?)),
        };
        let count = |flag, value: Option<OsString>| {
            value.map(|it| cli::count(flag, Some(it), 1)).transpose()
        };
        Ok(Arguments {
            source,
            checks,
            cache_mib: cli::number("cache-mib", mib, 4096, CACHE_MIB)?,
            workers: count("workers", workers)?,
            pin: pin.is_some(),
            threads: count("threads", threads)?,
            queue: cli::count("queue", queue, QUEUE)?,
        })
    }
}
