//! What the command line says.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use peer::network::Network;
use shared::cli::{self, Failure};
use shared::net::resolve::resolve;

const HELP: &str = "\
Step 26: a node of a swarm: what is typed becomes a signed block, which reaches
all nodes. It serves the files beneath a directory, and its page is /board.

Usage: step26 [ADDRESS] [--network NAME [--secret FILE] | --join CODE]
              [--peer HOST:PORT]... [--data DIR] [--control HOST] [--trace]
              [--disk MIB] [--first] [--root DIR] [--cache-mib N]
       step26 hello HOST:PORT
       step26 say [HOST:PORT] LINE
       step26 fsck|dump|log DIR
       step26 export|import DIR FILE

  ADDRESS          IP:PORT, [IPv6]:PORT or a port of 127.0.0.1 (default
                   127.0.0.1:8000, in a network [::]:8000); port 0 takes a
                   free one
  --network NAME   is a node of this network: finds others in the room, and is
                   found by them. It prints the code with which others join
  --secret FILE    the network is only for those who have what is in this file;
                   it is made if there is none
  --join CODE      is a node of the network that this code is of
  --peer H:P       dials this node, again and again until it is there
  --data DIR       keeps in DIR what was said, the author's key, which node
                   this is, and where others are (default: nothing is kept)
  --disk MIB       how much of that may be what was said, from 1 (default:
                   1024)
  --first          the key has said nothing yet, although it is not new: no
                   peer has to say so
  --control HOST   others than this machine may ask too what the node knows,
                   and have it say something, under this name or address
  --trace          shows each frame
  --root DIR       the directory (default: the small site of step 08)
  --cache-mib N    how much memory files are kept in, from 0 to 4096 MiB
                   (default: 64)
  hello HOST:PORT  greets a node, shows what it says, and ends
  say LINE         has the node that runs at 127.0.0.1:8000, or at HOST:PORT,
                   say this; -: each line of standard input
  fsck DIR         checks each block, while the node is not running
  dump DIR         shows what each byte is
  log DIR          shows what was said
  export DIR FILE  writes all blocks into a file
  import DIR FILE  takes those of a file that are new
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

/// Of the disk, for blocks.
const DISK_MIB: usize = 1024;

/// What the command line says.
pub struct Arguments {
    pub address: SocketAddr,
    pub network: Network,
    /// Where nodes are.
    pub told: Vec<SocketAddr>,
    pub directory: Option<OsString>,
    pub disk_mib: usize,
    pub is_first: bool,
    pub control: Option<String>,
    pub traces: bool,
    pub root: Option<OsString>,
    pub cache_mib: usize,
}

impl Arguments {
    /// Reads it.
    ///
    /// # Errors
    /// When it cannot be understood.
    pub fn read() -> Result<Self, Failure> {
        let flags = [
            "network",
            "secret",
            "join",
            "peer",
            "data",
            "disk",
            "first",
            "control",
            "trace",
            "root",
            "cache-mib",
        ];
        let (address, values) = cli::arguments(HELP, flags)?;
        let [name, secret, code, peers, directory, disk, first, rest @ ..] =
            values;
        let [control, trace, root, mib] = rest;
        let network = Network::read(name, secret, code)?;
        let address = address.map(|it| cli::parse_address(&it)).transpose()?;
        let default = match network.is_public {
            true => NETWORK_ADDRESS,
            false => ADDRESS,
        };
        let text = |text: OsString| text.to_string_lossy().into_owned();
        let mut told = network.addresses.clone();
        let peers = peers.map(text).unwrap_or_default();
        for name in peers.split(',').filter(|name| !name.is_empty()) {
            told.extend(resolve(name)?);
        }
        Ok(Arguments {
            address: address.unwrap_or(default),
            network,
            told,
            directory,
            disk_mib: cli::count("disk", disk, DISK_MIB)?,
            is_first: first.is_some(),
            control: control.map(text),
            traces: trace.is_some(),
            root,
            cache_mib: cli::number("cache-mib", mib, 4096, CACHE_MIB)?,
        })
    }
}
