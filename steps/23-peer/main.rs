//! Step 23: a peer.
//!
//! One process listens and dials. What is typed goes to all peers, in frames;
//! the first byte of a connection tells HTTP, text and frames apart. New are a
//! connect that does not wait, and standard input in the loop.

use std::env;
use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use nix::sys::signal::{SigSet, Signal};
use peer::hello::{Greeting, network_id};
use peer::random::random;
use peer::text::{Speaks, kind_of};
use shared::cli::{self, Failure};
use shared::collections::slab::Slab;
use shared::events::signals::take_signals;
use shared::net::limit::raise_descriptors;
use shared::net::listener::Listener;
use shared::web::documents::Documents;
use shared::web::file_site::Files;
use shared::web::sendfile::transmit;
use shared::web::server::{Ending, Server};

mod access;
mod asker;
mod board;
mod control;
mod dial;
mod hello;
mod identity;
mod input;
mod json;
mod links;
mod node;
mod roster;
mod talk;
mod verdicts;

use board::Shared;
use control::Control;
use dial::Dial;
use input::Input;
use node::{INPUT, Node};

const HELP: &str = "\
Step 23: a node: what is typed goes to all peers, and what they say is printed.
It serves the files beneath a directory too, and its page is /board.

Usage: step23 [ADDRESS] [--peer HOST:PORT]... [--data DIR] [--control HOST]
              [--trace] [--root DIR] [--cache-mib N]
       step23 hello HOST:PORT

  ADDRESS          IP:PORT, [IPv6]:PORT or a port of 127.0.0.1 (default
                   127.0.0.1:8000); port 0 takes a free one
  --peer H:P       dials this node, again and again until it is there
  --data DIR       keeps in DIR which node this is (default: a new one)
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
        return hello::run(&name, network());
    }
    let flags = ["peer", "data", "control", "trace", "root", "cache-mib"];
    let (address, [peers, data, control, trace, root, mib]) =
        cli::arguments(HELP, flags)?;
    let address = address.map(|it| cli::parse_address(&it)).transpose()?;
    let address = address.unwrap_or(ADDRESS);
    let mib = cli::number("cache-mib", mib, 4096, CACHE_MIB)?;
    let text = |text: OsString| text.to_string_lossy().into_owned();
    let dials = peers.map_or_else(String::new, text);
    let dials = Dial::parse(&dials, Instant::now())?;
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
    let session = u64::from_be_bytes(session);
    let port = address.port();
    let greeting = Greeting { session, node, port, network: network() };
    let board = Shared::default();
    let is_public = control.is_some();
    let files = Documents::new(files, mib << 20, limit);
    let site =
        Control::new(files, board.clone(), address, control.map(text), node)?;
    let mut server = Server::new(listener, Ending::Signals(signals), site)
        .map_err(|errno| Failure::new("cannot use epoll", errno))?;
    server.sends_by(transmit);
    server.sorts_by(|first| kind_of(first) == Speaks::Http);
    // The terminal is for what peers say, not for each client of HTTP.
    server.counts_in(Arc::default());
    let input = Input::new(server.epoll(), INPUT)?;
    let ask = r"printf '/known_hosts\n' | nc -q 1 {host} {port}";
    cli::announce("http", address, [ask, "firefox {url}/board"]);
    cli::log(format_args!("step23: node {node}, at most {limit} descriptors"));
    let mut node = Node {
        server,
        peers: Slab::new(),
        dials,
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

/// The network that all nodes of this step are in.
fn network() -> [u8; 32] {
    network_id("step23", 16, None)
}
