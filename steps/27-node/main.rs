//! Step 27: the whole program.
//!
//! The web server of step 22 and the node of step 26 in one process: links
//! that nobody else can read, a page on which a room talks, and a sandbox
//! around all of it.

use std::env;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use nix::libc::rlim_t;
use nix::sys::epoll::{EpollEvent, EpollFlags};
use peer::settings::TABLE;
use peer::text::{Speaks, kind_of};
use service::hosts::{Hosts, Room};
use service::log::{Log, open_log};
use service::places::Places;
use service::reload::Reload;
use service::sandbox::{self, Mode};
use service::sites::{Common, Current};
use service::source::Source;
use service::systemd::{self, Notifier};
use shared::cli::{self, Failure};
use shared::net::address::UNIX;
use shared::net::limit::raise_descriptors;
use shared::net::listener::Listener;
use shared::sync::stealing::Pool;
use shared::web::admission::Admission;
use shared::web::log;
use shared::web::sendfile::transmit;
use shared::web::server::{Ending, Server};
use shared::web::work::{self, Work};

mod arguments;
mod commands;
mod discover;
mod event_loop;
mod events;
mod gossip;
mod hearsay;
mod hello;
mod links;
mod metrics;
mod needs;
mod opening;
mod orders;
mod page;
mod room;
mod signals;
mod site;
mod typed;
mod verdicts;

use arguments::Arguments;
use event_loop::{CALLS, EventLoop};
use opening::Data;
use signals::{Signals, Tasks};
use site::NodeSite;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let words: Vec<OsString> = env::args_os().skip(1).collect();
    if let Some(result) = commands::run(&words) {
        return result;
    }
    // SAFETY: there is no other thread yet, and no descriptor of ours.
    let (inherited, notifier) =
        unsafe { (systemd::take_sockets()?, Notifier::take()?) };
    let arguments = Arguments::read()?;
    let mut common = Common::default();
    common.others = &[TABLE];
    let common = Arc::new(common);
    let opened = arguments.source.open(&common, None);
    let (settings, sites) =
        opened.unwrap_or_else(|lines| give_up(&arguments.source, &lines));
    if arguments.checks {
        let (name, count) = (arguments.source.name(), sites.list().len());
        let plural = if count == 1 { "" } else { "s" };
        cli::print(format_args!("{name}: fine, {count} site{plural}"));
        return Ok(());
    }
    let limit = raise_descriptors()
        .map_err(|errno| Failure::new("cannot raise RLIMIT_NOFILE", errno))?;
    // The disk first of all: another process may have it.
    let data = Data::open(arguments.peer)?;
    let mut places = Places::listen(&settings, inherited, 1)?;
    let (first, others) = places.take().next().unzip();
    let listeners: Vec<Listener> =
        first.into_iter().chain(others.into_iter().flatten()).collect();
    let mut addresses = listeners.iter().map(Listener::address);
    let address = addresses.find(|it| *it != UNIX).ok_or_else(|| {
        Failure::wrong("a node listens at an address, where others find it")
    })?;
    let log = settings.log.as_ref().map(|(path, _)| open_log(path));
    let log = log.transpose()?;
    let signals = Signals::take()
        .map_err(|errno| Failure::new("cannot take signals", errno))?;
    // What comes now binds this thread and those that it starts: so it has
    // started none.
    let mut report = None;
    if settings.harden.sandbox != Mode::Off {
        let needs = needs::of(&settings, &arguments.source, &data);
        report = Some(sandbox::enter(settings.harden.sandbox, &needs)?);
        common.is_sandboxed.store(true, Ordering::Relaxed);
    }
    let log = log.map(Log::start).transpose()?;
    let threads = arguments.threads.unwrap_or(data.processors);
    let pool = Pool::start(threads, arguments.queue, Work::run)?;
    let pool = Arc::clone(common.pool.get_or_init(|| pool));
    let current = Arc::new(Current::new(sites));
    let descriptors = limit as rlim_t;
    let room = Room { cache: arguments.cache_mib << 20, descriptors };
    let hosts = Hosts::new(Arc::clone(&current), room);
    let lines = log.as_ref().map(|it| log::Log::new(it.handle()));
    let Signals { end, calls } = signals;
    let serve = |site| {
        let mut server = new_server(listeners, Ending::Signals(end), site)?;
        server.helped_by(work::submit(&pool))?;
        server.logs_to(lines);
        server.admits_by(Arc::new(Admission::new(limit as usize)?))?;
        let event = EpollEvent::new(EpollFlags::EPOLLIN, CALLS);
        server.epoll().add(&calls, event)?;
        Ok((server, calls))
    };
    let has_workers = settings.workers.is_some_and(|count| count > 1);
    let reload = Reload::new(arguments.source, settings, common, current, log);
    let tasks = |calls| Tasks { reload, notifier, calls };
    let flags = (arguments.is_first, arguments.traces);
    let event_loop = data.start(address, flags, hosts, serve, tasks)?;
    if has_workers {
        cli::log("workers: a node has one loop");
    }
    if let Some(report) = report {
        cli::log(format_args!("sandbox: {report}"));
    }
    announce(&event_loop, address);
    cli::log(format_args!(
        "step27: node {}, author {}, at most {limit} descriptors",
        event_loop.greeting.node, event_loop.ledger.author,
    ));
    event_loop.tasks.notifier.ready();
    let result = event_loop.run();
    places.leave();
    result
}

/// Says what to open, and what to type on the next machine.
fn announce(event_loop: &EventLoop, address: SocketAddr) {
    let ask = r"printf '/known_hosts\n' | nc -q 1 {host} {port}";
    cli::announce("http", address, [ask, "firefox {url}/board"]);
    let (command, code) = (cli::command(), &event_loop.page.code);
    if !code.is_empty() {
        cli::print(format_args!("  others: {command} --join {code}"));
    } else if address.ip().is_loopback() {
        cli::print(format_args!("  one more: {command} 0 --peer {address}"));
    }
}

/// A server of what speaks HTTP at these places; the rest is for the loop.
fn new_server(
    listeners: Vec<Listener>,
    ending: Ending,
    site: NodeSite,
) -> nix::Result<Server<NodeSite>> {
    let mut listeners = listeners.into_iter();
    let first = listeners.next().ok_or(nix::Error::EINVAL)?;
    let mut server = Server::new(first, ending, site)?;
    for listener in listeners {
        server.accepts_at(listener)?;
    }
    server.sends_by(transmit);
    server.sorts_by(|first| kind_of(first) == Speaks::Http);
    // The terminal is for what peers say, not for each client of HTTP.
    server.counts_in(Arc::default());
    Ok(server)
}

/// Says what is wrong with the settings, and ends.
fn give_up(source: &Source, lines: &[String]) -> ! {
    lines.iter().for_each(cli::log);
    process::exit(match source {
        Source::File(_) => 2,
        Source::Flags(_) => 1,
    })
}
