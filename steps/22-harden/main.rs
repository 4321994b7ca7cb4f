//! Step 22: nothing that it does not need.
//!
//! No client gets all that there is, and whoever makes this program do
//! something else finds that it cannot: the kernel has been told what it
//! needs. New system calls: landlock_create_ruleset, landlock_add_rule,
//! landlock_restrict_self, seccomp, prctl.

use std::process::{self, ExitCode};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use nix::libc::rlim_t;
use nix::sys::signal::{SigSet, Signal};
use service::arguments::Arguments;
use service::hosts::{Hosts, Room};
use service::log::{Log, open_log};
use service::places::Places;
use service::reload::Reload;
use service::sandbox::{self, Mode};
use service::sites::{Common, Current};
use service::source::Source;
use service::systemd::{self, Notifier};
use shared::cli::{self, Failure};
use shared::events::handlers::{handle, terminate};
use shared::net::limit::raise_descriptors;
use shared::sync::processors;
use shared::sync::stealing::Pool;
use shared::web::admission::Admission;
use shared::web::work::{self, Work};
use shared::web::workers::Workers;

mod needs;

const HELP: &str = "\
Step 22: the same as step 21, with limits for each client and in a sandbox.

Usage: step22 --settings FILE [--cache-mib N] [--workers N] [--pin]
              [--threads N] [--queue N]
       step22 --check FILE
       step22 [ADDRESS] [--root DIR] [--write PATH] [--upload-max MIB]
              [--host NAME] [--fallback PATH] [--guestbook FILE]
              [--templates DIR] [--log FILE] [--rate RATE] [--sandbox MODE]
              [--cache-mib N] [--workers N] [--pin] [--threads N] [--queue N]

  --settings FILE   what to serve, and where: steps/22-harden/site.toml is one
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
  --rate RATE       how often a client may ask, such as '50/s burst 100'
                    (default: as often as it likes)
  --sandbox MODE    off, best (as much of it as this kernel has: the default)
                    or require
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

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    // SAFETY: there is no other thread yet, and no descriptor of ours.
    let (inherited, notifier) =
        unsafe { (systemd::take_sockets()?, Notifier::take()?) };
    let arguments = Arguments::read(HELP)?;
    let common = Arc::<Common>::default();
    let opened = arguments.source.open(&common, None);
    let (settings, sites) =
        opened.unwrap_or_else(|lines| give_up(&arguments.source, &lines));
    if arguments.checks {
        let (name, count) = (arguments.source.name(), sites.list().len());
        let plural = if count == 1 { "" } else { "s" };
        cli::print(format_args!("{name}: fine, {count} site{plural}"));
        return Ok(());
    }
    let numbers = processors::allowed()
        .map_err(|errno| Failure::new("cannot ask for processors", errno))?;
    let count = arguments.workers.or(settings.workers);
    let count = count.unwrap_or(numbers.len());
    let limit = raise_descriptors()
        .map_err(|errno| Failure::new("cannot raise RLIMIT_NOFILE", errno))?;
    let mut places = Places::listen(&settings, inherited, count)?;
    let log = settings.log.as_ref().map(|(path, _)| open_log(path));
    let log = log.transpose()?;
    // What comes now binds this thread and those that it starts: so it has
    // started none.
    if settings.harden.sandbox != Mode::Off {
        let needs = needs::of(&settings, &arguments.source);
        let report = sandbox::enter(settings.harden.sandbox, &needs)?;
        cli::log(format_args!("sandbox: {report}"));
        common.is_sandboxed.store(true, Ordering::Relaxed);
    }
    let signals =
        [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGUSR1];
    let signals = SigSet::from_iter(signals);
    signals
        .thread_block()
        .map_err(|errno| Failure::new("cannot block signals", errno))?;
    let log = log.map(Log::start).transpose()?;
    let threads = arguments.threads.unwrap_or(count);
    let pool = Pool::start(threads, arguments.queue, Work::run)?;
    let pool = common.pool.get_or_init(|| pool);
    let current = Arc::new(Current::new(sites));
    let room = Room {
        cache: arguments.cache_mib << 20,
        descriptors: limit / count as rlim_t,
    };
    let mut workers = Workers::new()?;
    let admission = Admission::new(limit as usize)
        .map_err(|errno| Failure::new("cannot make an eventfd", errno))?;
    workers.admit_by(Arc::new(admission));
    if let Some(log) = &log {
        workers.log_to(log.handle());
    }
    for (at, (first, others)) in places.take().enumerate() {
        let current = Arc::clone(&current);
        let site = move || Hosts::new(current, room);
        let submit = work::submit(pool);
        let processor = arguments.pin.then(|| numbers[at % numbers.len()]);
        workers.start_at(first, others, site, submit, processor)?;
    }
    places.announce();
    cli::log(format_args!("{}: at most {limit} descriptors", cli::program()));
    notifier.ready();
    let mut reload =
        Reload::new(arguments.source, settings, common, current, log);
    let wait = || {
        // Take one of these signals, and wait until there is one.
        signals
            .wait()
            .map_err(|errno| Failure::new("cannot wait for signals", errno))
    };
    loop {
        match wait()? {
            Signal::SIGHUP => {
                notifier.reloading();
                reload.run();
                notifier.ready();
            }
            Signal::SIGUSR1 => {
                reload.reopen_log();
                workers.tell();
            }
            _ => break,
        }
    }
    notifier.stopping();
    // A second one ends the process, whatever is still to be done.
    handle(&[(Signal::SIGINT, terminate), (Signal::SIGTERM, terminate)])
        .map_err(|errno| Failure::new("cannot handle signals", errno))?;
    workers.drain()?;
    workers.tell();
    reload.stop_log();
    places.leave();
    Ok(())
}

/// Says what is wrong with the settings, and ends.
fn give_up(source: &Source, lines: &[String]) -> ! {
    lines.iter().for_each(cli::log);
    process::exit(match source {
        Source::File(_) => 2,
        Source::Flags(_) => 1,
    })
}
