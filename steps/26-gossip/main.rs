//! Step 26: a swarm.
//!
//! What one node says reaches all, over a tree of links that grows by itself;
//! and whoever was away is told what they have missed. What a node knows and
//! says is a value without sockets: around it there is the loop.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags};
use nix::sys::signal::{SigSet, Signal};
use peer::alone::Alone;
use peer::beacons::{Beacons, interfaces};
use peer::board::Shared;
use peer::book::Path;
use peer::commands;
use peer::control::Control;
use peer::disk::Files as Segments;
use peer::hello::Greeting;
use peer::identity;
use peer::input::Input;
use peer::keeper::Keeper;
use peer::ledger::{Ledger, open_store};
use peer::log::Logs;
use peer::node::Node;
use peer::random::random;
use peer::store::{Recovered, Store};
use peer::text::{Speaks, kind_of};
use shared::cli::{self, Failure};
use shared::collections::slab::Slab;
use shared::events::signals::take_signals;
use shared::events::sleep::{Clocks, SleepWatch};
use shared::net::limit::raise_descriptors;
use shared::net::listener::Listener;
use shared::sync::processors;
use shared::web::documents::Documents;
use shared::web::file_site::Files;
use shared::web::sendfile::transmit;
use shared::web::server::{Ending, Server};

mod arguments;
mod discover;
mod event_loop;
mod gossip;
mod hearsay;
mod links;
mod verdicts;

use arguments::Arguments;
use event_loop::{BEACONS, COMMITTER, EventLoop, INPUT, MINT};

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let words: Vec<OsString> = env::args_os().skip(1).collect();
    if let Some(result) = commands::run(&words) {
        return result;
    }
    let mut arguments = Arguments::read()?;
    let now = Instant::now();
    let address = arguments.address;
    let directory = arguments.directory.as_deref();
    // First of all: another process may have it.
    let stored = directory.map(|it| open_store(it.as_ref())).transpose()?;
    let (keeper, mut book) = Keeper::open(directory, now)?;
    for address in &arguments.told {
        book.add(*address, None, Path::Told, now);
    }
    let files = Arc::new(Files::open(arguments.root.take())?);
    let node = identity::node(directory)?;
    let listener = Listener::open_nonblocking(address)
        .map_err(|errno| Failure::listening(address, errno))?;
    let address = listener.address();
    let signals = take_signals()
        .and_then(|signals| {
            // A program in the background that reads the terminal is stopped
            // by this, unless it is blocked: then read(2) fails.
            let background = SigSet::from(Signal::SIGTTIN);
            background.thread_block().map(|()| signals)
        })
        .map_err(|errno| Failure::new("cannot take signals", errno))?;
    let limit = raise_descriptors()
        .map_err(|errno| Failure::new("cannot raise RLIMIT_NOFILE", errno))?;
    // After the signals are blocked: its threads begin with that.
    let (mut ledger, logs) = open_ledger(&arguments, stored)?;
    let network = arguments.network;
    let max = arguments.disk_mib << 20;
    let known = Node::new(ledger.author, network.bits(), max, logs);
    ledger.follow(known.head());
    let session = random()
        .map_err(|errno| Failure::new("cannot get random bytes", errno))?;
    let greeting = Greeting {
        session: u64::from_be_bytes(session),
        node,
        port: address.port(),
        network: network.said(),
    };
    let board = Shared::default();
    let is_public = arguments.control.is_some();
    let files = Documents::new(files, arguments.cache_mib << 20, limit);
    let (control, page) = (arguments.control.take(), board.clone());
    let site = Control::new(files, page, address, control, node)?;
    let mut server = Server::new(listener, Ending::Signals(signals), site)
        .map_err(|errno| Failure::new("cannot use epoll", errno))?;
    server.sends_by(transmit);
    server.sorts_by(|first| kind_of(first) == Speaks::Http);
    // The terminal is for what peers say, not for each client of HTTP.
    server.counts_in(Arc::default());
    let input = Input::new(server.epoll(), INPUT)?;
    let beacons = match network.is_public {
        true => Some(
            Beacons::open(address.ip(), now)
                .map_err(|errno| Failure::new("cannot send beacons", errno))?,
        ),
        false => None,
    };
    watch(server.epoll(), &ledger, beacons.as_ref())
        .map_err(|errno| Failure::new("cannot use epoll", errno))?;
    let ask = r"printf '/known_hosts\n' | nc -q 1 {host} {port}";
    cli::announce("http", address, [ask, "firefox {url}/board"]);
    if network.is_public && network.id.is_some() {
        let code = network.code(reachable(address));
        let command = cli::command();
        cli::print(format_args!("  others: {command} --join {code}"));
    }
    let author = ledger.author;
    cli::log(format_args!(
        "step26: node {node}, author {author}, at most {limit} descriptors"
    ));
    let clocks = Clocks::read()
        .map_err(|errno| Failure::new("cannot read clocks", errno))?;
    let mut event_loop = EventLoop {
        server,
        peers: Slab::new(),
        book,
        keeper,
        beacons,
        network,
        alone: Alone::new(now),
        next_dial: None,
        is_stale: true,
        sleep: SleepWatch::new(clocks),
        input,
        board,
        ledger,
        node: known,
        links: BTreeMap::new(),
        unsent: Vec::new(),
        greeting,
        is_public,
        traces: arguments.traces,
        surplus: Vec::new(),
        is_ending: false,
        is_forced: false,
    };
    event_loop.remember();
    event_loop.run()
}

/// What this node and others have said before.
fn open_ledger(
    arguments: &Arguments,
    stored: Option<(Store<Segments>, Recovered)>,
) -> Result<(Ledger, Logs), Failure> {
    let directory = arguments.directory.as_deref().map(path::Path::new);
    let bits = arguments.network.bits();
    let threads = processors::allowed()
        .map_err(|errno| Failure::new("cannot ask for processors", errno))?;
    let stored = directory.zip(stored);
    Ledger::open(stored, arguments.is_first, bits, threads.len())
}

/// Has the kernel look for what other threads have done, and for beacons.
fn watch(
    epoll: &Epoll,
    ledger: &Ledger,
    beacons: Option<&Beacons>,
) -> nix::Result<()> {
    let event = |data| EpollEvent::new(EpollFlags::EPOLLIN, data);
    epoll.add(&ledger.mint, event(MINT))?;
    epoll.add(&ledger.committer, event(COMMITTER))?;
    match beacons {
        Some(beacons) => epoll.add(beacons.socket(), event(BEACONS)),
        None => Ok(()),
    }
}

/// Where others can reach a node that listens there.
fn reachable(address: SocketAddr) -> Vec<SocketAddr> {
    let ips = interfaces(address.ip()).into_iter().map(IpAddr::V4);
    ips.map(|ip| SocketAddr::new(ip, address.port())).collect()
}
