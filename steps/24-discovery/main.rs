//! Step 24: who is there?
//!
//! Nodes find each other: by addresses that they are given, by beacons in the
//! room, by what their peers know, and by a book that survives the night. New
//! are datagrams, to one and to a group.

use std::env;
use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags};
use nix::sys::signal::{SigSet, Signal};
use peer::board::Shared;
use peer::book::Path;
use peer::control::Control;
use peer::hello::Greeting;
use peer::input::Input;
use peer::random::random;
use peer::text::{Speaks, kind_of};
use peer::{greet, identity};
use shared::cli::{self, Failure};
use shared::collections::slab::Slab;
use shared::events::signals::take_signals;
use shared::events::sleep::{Clocks, SleepWatch};
use shared::net::limit::raise_descriptors;
use shared::net::listener::Listener;
use shared::net::resolve::resolve;
use shared::web::documents::Documents;
use shared::web::file_site::Files;
use shared::web::sendfile::transmit;
use shared::web::server::{Ending, Server};

mod alone;
mod beacons;
mod discover;
mod hearsay;
mod keeper;
mod links;
mod network;
mod node;
mod verdicts;

use alone::Alone;
use beacons::{Beacons, interfaces};
use keeper::Keeper;
use network::Network;
use node::{BEACONS, INPUT, Node};

const HELP: &str = "\
Step 24: a node that finds others: what is typed goes to all peers, and what
they say is printed. It serves the files beneath a directory, and its page is
/board.

Usage: step24 [ADDRESS] [--network NAME [--secret FILE] | --join CODE]
              [--peer HOST:PORT]... [--data DIR] [--control HOST] [--trace]
              [--root DIR] [--cache-mib N]
       step24 hello HOST:PORT

  ADDRESS          IP:PORT, [IPv6]:PORT or a port of 127.0.0.1 (default
                   127.0.0.1:8000, in a network [::]:8000); port 0 takes a
                   free one
  --network NAME   is a node of this network: finds others in the room, and is
                   found by them. It prints the code with which others join
  --secret FILE    the network is only for those who have what is in this file;
                   it is made if there is none
  --join CODE      is a node of the network that this code is of
  --peer H:P       dials this node, again and again until it is there
  --data DIR       keeps in DIR which node this is, and where others are
                   (default: nothing is kept)
  --control HOST   others than this machine may ask too what the node knows,
                   and have it say something, under this name or address
  --trace          shows each frame
  --root DIR       the directory (default: the small site of step 08)
  --cache-mib N    how much memory files are kept in, from 0 to 4096 MiB
                   (default: 64)
  hello HOST:PORT  greets a node, shows what it says, and ends
  -h, --help

It can be asked: /known_hosts and /peers, by nc or over HTTP.
Ctrl-C tells the peers, and lets it finish the responses that it owes; a second
one does not.
";

/// Where a node listens by default.
const ADDRESS: SocketAddr =
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8000);

/// And in a network, where others are to reach it.
const NETWORK_ADDRESS: SocketAddr =
    SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 8000);

/// Of memory, for files.
const CACHE_MIB: usize = 64;

fn main() -> ExitCode {
    cli::main(run)
}

fn run() -> Result<(), Failure> {
    let mut words = env::args_os().skip(1);
    if words.next().is_some_and(|word| word == "hello") {
        let name = words.next().filter(|_| words.next().is_none());
        let name = name.and_then(|name| name.into_string().ok());
        let name = name.ok_or_else(|| {
            Failure::usage("hello takes one node, as HOST:PORT")
        })?;
        let network = Network::read(None, None, None)?;
        return greet::run(&name, network.said());
    }
    let flags = [
        "network",
        "secret",
        "join",
        "peer",
        "data",
        "control",
        "trace",
        "root",
        "cache-mib",
    ];
    let (address, values) = cli::arguments(HELP, flags)?;
    let [name, secret, code, peers, data, control, trace, root, mib] = values;
    let now = Instant::now();
    let network = Network::read(name, secret, code)?;
    let address = address.map(|it| cli::parse_address(&it)).transpose()?;
    let address = address.unwrap_or(match network.is_public {
        true => NETWORK_ADDRESS,
        false => ADDRESS,
    });
    let mib = cli::number("cache-mib", mib, 4096, CACHE_MIB)?;
    let text = |text: OsString| text.to_string_lossy().into_owned();
    let (keeper, mut book) = Keeper::open(data.as_deref(), now)?;
    for address in told(&peers.map(text).unwrap_or_default(), &network)? {
        book.add(address, None, Path::Told, now);
    }
    let files = Arc::new(Files::open(root)?);
    let node = identity::node(data.as_deref())?;
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
    let session = random()
        .map_err(|errno| Failure::new("cannot get random bytes", errno))?;
    let greeting = Greeting {
        session: u64::from_be_bytes(session),
        node,
        port: address.port(),
        network: network.said(),
    };
    let board = Shared::default();
    let is_public = control.is_some();
    let files = Documents::new(files, mib << 20, limit);
    let control = control.map(text);
    let site = Control::new(files, board.clone(), address, control, node)?;
    let mut server = Server::new(listener, Ending::Signals(signals), site)
        .map_err(|errno| Failure::new("cannot use epoll", errno))?;
    server.sends_by(transmit);
    server.sorts_by(|first| kind_of(first) == Speaks::Http);
    // The terminal is for what peers say, not for each client of HTTP.
    server.counts_in(Arc::default());
    let input = Input::new(server.epoll(), INPUT)?;
    let beacons = match network.is_public {
        true => Some(beacons(address.ip(), server.epoll(), now)?),
        false => None,
    };
    let ask = r"printf '/known_hosts\n' | nc -q 1 {host} {port}";
    cli::announce("http", address, [ask, "firefox {url}/board"]);
    if network.is_public && network.id.is_some() {
        let code = network.code(reachable(address));
        let command = cli::command();
        cli::print(format_args!("  others: {command} --join {code}"));
    }
    cli::log(format_args!("step24: node {node}, at most {limit} descriptors"));
    let clocks = Clocks::read()
        .map_err(|errno| Failure::new("cannot read clocks", errno))?;
    let mut node = Node {
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
        greeting,
        is_public,
        traces: trace.is_some(),
        surplus: Vec::new(),
        is_ending: false,
    };
    node.run()
}

/// The addresses that we are told of.
fn told(list: &str, network: &Network) -> Result<Vec<SocketAddr>, Failure> {
    let mut all = network.addresses.clone();
    for name in list.split(',').filter(|name| !name.is_empty()) {
        all.extend(resolve(name)?);
    }
    Ok(all)
}

/// Beacons, on the kernel's list.
fn beacons(
    listens: IpAddr,
    epoll: &Epoll,
    now: Instant,
) -> Result<Beacons, Failure> {
    let cannot = |errno| Failure::new("cannot listen for beacons", errno);
    let beacons = Beacons::open(listens, now).map_err(cannot)?;
    let event = EpollEvent::new(EpollFlags::EPOLLIN, BEACONS);
    epoll.add(beacons.socket(), event).map_err(cannot)?;
    Ok(beacons)
}

/// Where others can reach a node that listens there.
fn reachable(address: SocketAddr) -> Vec<SocketAddr> {
    let ips = interfaces(address.ip()).into_iter().map(IpAddr::V4);
    ips.map(|ip| SocketAddr::new(ip, address.port())).collect()
}
