//! What the command line says: a settings file, or in a few flags what one
//! would say.

use std::ffi::OsString;

use shared::cli::{self, Failure};

use super::flags::Flags;
use super::source::Source;

pub const HELP: &str = "\
Step 21: serves sites as a settings file says; or a directory, which is listed,
and as flags say.

Usage: step21 --settings FILE [--cache-mib N] [--workers N] [--pin]
              [--threads N] [--queue N]
       step21 --check FILE
       step21 [ADDRESS] [--root DIR] [--write PATH] [--upload-max MIB]
              [--host NAME] [--fallback PATH] [--guestbook FILE]
              [--templates DIR] [--log FILE] [--cache-mib N] [--workers N]
              [--pin] [--threads N] [--queue N]

  --settings FILE   what to serve, and where: steps/21-service/site.toml is one
                    with everything that there is
  --check FILE      says what is wrong with such a file, and ends
  ADDRESS           IP:PORT, [IPv6]:PORT or a port of 127.0.0.1 (default
                    127.0.0.1:8080); port 0 takes a free one
  --root DIR        the directory (default: the small site of step 08)
  --write PATH      where clients may PUT and DELETE, such as /up
  --upload-max MIB  the largest file that they may send, from 0 to 1048576
                    (default: 1024)
  --host NAME       a name of this server, besides localhost, under which it
                    may be asked to change something
  --fallback PATH   the page for names that are not there, such as /index.html
  --guestbook FILE  where the guest book is kept: then there is /guestbook
  --templates DIR   the templates (default: those of step 20)
  --log FILE        where each request gets a line; - is standard error
  --cache-mib N     how much memory each worker keeps files in, from 0 to
                    4096 MiB (default: 64)
  --workers N       how many loops, from 1 (default: one for each processor
                    that this process may use)
  --pin             keeps each worker on one of these processors
  --threads N       how many threads for what takes long, from 1 (default: as
                    many as workers)
  --queue N         how many of these requests wait, from 1 (default: 256), but
                    for those that a thread has fetched, 16 at most; the next
                    gets a 503
  -h, --help

Ctrl-C lets it finish the responses that it owes; a second one does not.
SIGHUP makes it read its settings again, SIGUSR1 open its log again and say
what each worker has done so far.
";

/// Of memory, for files.
const CACHE_MIB: usize = 64;

/// Of what takes long.
const QUEUE: usize = 256;

/// What the command line says.
pub struct Arguments {
    pub source: Source,
    /// It is only to be said what is wrong.
    pub checks: bool,
    pub cache_mib: usize,
    pub workers: Option<usize>,
    pub pin: bool,
    pub threads: Option<usize>,
    pub queue: usize,
}

impl Arguments {
    /// Reads the command line.
    ///
    /// # Errors
    /// When it cannot be understood, or says two things at once.
    pub fn read() -> Result<Self, Failure> {
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
        ];
        let (address, values) = cli::arguments(HELP, flags)?;
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
