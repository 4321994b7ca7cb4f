//! What the node is made of, opened in the right order: what the sandbox hides
//! comes before it, and threads come behind it.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Instant;

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags};
use nix::sys::signalfd::SignalFd;
use peer::access::Access;
use peer::alone::Alone;
use peer::beacons::{Beacons, interfaces};
use peer::board::Shared;
use peer::book::{Book, Path};
use peer::disk::Files;
use peer::hello::Greeting;
use peer::input::Input;
use peer::keeper::Keeper;
use peer::key;
use peer::ledger::{Ledger, open_store};
use peer::members::Members;
use peer::network::Network;
use peer::node::Node;
use peer::posts;
use peer::random::random;
use peer::secure::Keys;
use peer::settings::Settings;
use peer::store::{Recovered, Store};
use service::hosts::Hosts;
use shared::cli::Failure;
use shared::collections::slab::Slab;
use shared::events::sleep::{Clocks, SleepWatch};
use shared::net::resolve::resolve;
use shared::sync::processors;
use shared::web::server::Server;

use super::event_loop::{BEACONS, COMMITTER, EventLoop, INPUT, MINT};
use super::orders::Orders;
use super::page::{Facts, Page, SharedRoom};
use super::signals::Tasks;
use super::site::NodeSite;

/// The file in the directory of a node's data with the key that links have.
pub const KEY: &str = "noise";

/// Of the disk, for blocks, in MiB.
const DISK: usize = 1024;

/// What serves, and the signals that ask for something.
type Serving = (Server<NodeSite>, SignalFd);

/// What is on the disk.
pub struct Data {
    pub directory: Option<PathBuf>,
    pub members_file: Option<PathBuf>,
    pub processors: usize,
    stored: Option<(Store<Files>, Recovered)>,
    keeper: Keeper,
    book: Book,
    network: Network,
    keys: Keys,
    members: Members,
    name: Option<String>,
    control: Option<String>,
    max: usize,
}

impl Data {
    /// Opens it. Names are looked up as well: the sandbox hides the files in
    /// which it is said how.
    ///
    /// # Errors
    /// When something cannot be had: the line says what.
    pub fn open(settings: Settings) -> Result<Self, Failure> {
        let now = Instant::now();
        let Settings { network, secret, join, data: directory, .. } = settings;
        let stored = directory.as_deref().map(open_store).transpose()?;
        let name = directory.as_ref().map(|it| it.as_os_str());
        let (keeper, mut book) = Keeper::open(name, now)?;
        let secret = secret.map(PathBuf::into_os_string);
        let (network, code) = (network.map(Into::into), join.map(Into::into));
        let network = Network::read(network, secret, code)?;
        let mut told = network.addresses.clone();
        for name in &settings.peers {
            told.extend(resolve(name)?);
        }
        for address in told {
            book.add(address, None, Path::Told, now);
        }
        let (private, _) = match &directory {
            Some(directory) => key::secret(directory, KEY)?,
            None => (key::new()?.0.to_bytes(), true),
        };
        let members = settings.members.as_deref().map(Members::read);
        let is_name = |it: &String| posts::name(it.as_bytes()).is_some();
        if settings.name.as_ref().is_some_and(|it| !is_name(it)) {
            return Err(Failure::usage("--name takes up to 32 characters"));
        }
        let processors = processors::allowed().map_err(|errno| {
            Failure::new("cannot ask for processors", errno)
        })?;
        Ok(Data {
            directory,
            members_file: settings.members,
            processors: processors.len(),
            stored,
            keeper,
            book,
            keys: Keys { private, shared: network.shared_key() },
            network,
            members: members.transpose()?.unwrap_or_default(),
            name: settings.name,
            control: settings.control,
            max: settings.disk_mib.unwrap_or(DISK) << 20,
        })
    }

    /// Makes the loop, for a node that listens there.
    ///
    /// # Errors
    /// When something cannot be had: the line says what.
    pub fn start(
        self,
        address: SocketAddr,
        (is_first, traces): (bool, bool),
        hosts: Hosts,
        serve: impl FnOnce(NodeSite) -> nix::Result<Serving>,
        tasks: impl FnOnce(SignalFd) -> Tasks,
    ) -> Result<EventLoop, Failure> {
        let now = Instant::now();
        let Data { directory, stored, network, keys, .. } = self;
        let stored = directory.as_deref().zip(stored);
        let bits = network.bits();
        let (mut ledger, logs) =
            Ledger::open(stored, is_first, bits, self.processors)?;
        let known = Node::new(ledger.author, bits, self.max, logs);
        ledger.follow(known.head());
        let session = random()
            .map_err(|errno| Failure::new("cannot get random bytes", errno))?;
        let greeting = Greeting {
            session: u64::from_be_bytes(session),
            node: keys.node(),
            port: address.port(),
            network: network.said(),
        };
        let (board, room) = (Shared::default(), SharedRoom::default());
        let is_public = self.control.is_some();
        let access = Access::new(address, self.control)?;
        let code = match network.is_public && network.id.is_some() {
            true => network.code(reachable(address)).to_string(),
            false => String::new(),
        };
        let facts = Facts {
            node: greeting.node.to_string(),
            author: ledger.author,
            address,
            token: access.token().to_string(),
            code,
        };
        let page = Page::new(facts, board.clone()).map_err(Failure::wrong)?;
        let page = Rc::new(page);
        let (orders, metrics) = (Orders::default(), Rc::default());
        let site = NodeSite {
            hosts,
            page: Rc::clone(&page),
            room: Rc::clone(&room),
            orders: Rc::clone(&orders),
            access,
            metrics: Rc::clone(&metrics),
        };
        let epoll = |errno: Errno| Failure::new("cannot use epoll", errno);
        let (server, calls) = serve(site).map_err(epoll)?;
        let input = Input::new(server.epoll(), INPUT)?;
        let beacons = match network.is_public {
            true => {
                Some(Beacons::open(address.ip(), now).map_err(|errno| {
                    Failure::new("cannot send beacons", errno)
                })?)
            }
            false => None,
        };
        watch(server.epoll(), &ledger, beacons.as_ref()).map_err(epoll)?;
        let clocks = Clocks::read()
            .map_err(|errno| Failure::new("cannot read clocks", errno))?;
        let mut event_loop = EventLoop {
            server,
            peers: Slab::new(),
            book: self.book,
            keeper: self.keeper,
            beacons,
            network,
            keys: Rc::new(keys),
            members: self.members,
            members_file: self.members_file,
            alone: Alone::new(now),
            next_dial: None,
            is_stale: true,
            sleep: SleepWatch::new(clocks),
            input,
            board,
            room,
            page,
            orders,
            metrics,
            ledger,
            node: known,
            links: BTreeMap::new(),
            unsent: Vec::new(),
            greeting,
            is_public,
            traces,
            surplus: Vec::new(),
            tasks: tasks(calls),
            shown: Default::default(),
            is_ending: false,
            is_forced: false,
        };
        event_loop.remember();
        event_loop.look_around();
        if let Some(name) = self.name {
            event_loop.call_me(name);
        }
        Ok(event_loop)
    }
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
