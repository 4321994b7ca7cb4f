//! Step 21: a service.
//!
//! What makes a server one that can be left alone for months: settings, whose
//! mistakes are explained; several sites; a log; and changes of all that
//! while clients are served. New system calls: umask, unlink.

use std::process::{self, ExitCode};
use std::sync::Arc;

use nix::libc::rlim_t;
use nix::sys::signal::{SigSet, Signal};
use service::hosts::{Hosts, Room};
use service::log::{Log, open_log};
use service::sites::{Common, Current};
use shared::cli::{self, Failure};
use shared::events::handlers::{handle, terminate};
use shared::net::limit::raise_descriptors;
use shared::sync::processors;
use shared::sync::stealing::Pool;
use shared::web::work::{self, Work};
use shared::web::workers::Workers;

mod arguments;
mod flags;
mod places;
mod reload;
mod source;

use arguments::Arguments;
use places::Places;
use reload::Reload;
use source::Source;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let arguments = Arguments::read()?;
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
    let mut places = Places::listen(&settings, count)?;
    // Before there is another thread: it begins with the mask of the thread
    // that starts it.
    let signals =
        [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGUSR1];
    let signals = SigSet::from_iter(signals);
    signals
        .thread_block()
        .map_err(|errno| Failure::new("cannot block signals", errno))?;
    let log = settings.log.as_ref().map(|(path, _)| open_log(path));
    let log = log.transpose()?.map(Log::start).transpose()?;
    let threads = arguments.threads.unwrap_or(count);
    let pool = Pool::start(threads, arguments.queue, Work::run)?;
    let pool = common.pool.get_or_init(|| pool);
    let current = Arc::new(Current::new(sites));
    let room = Room {
        cache: arguments.cache_mib << 20,
        descriptors: limit / count as rlim_t,
    };
    let mut workers = Workers::new()?;
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
            Signal::SIGHUP => reload.run(),
            Signal::SIGUSR1 => {
                reload.reopen_log();
                workers.tell();
            }
            _ => break,
        }
    }
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
