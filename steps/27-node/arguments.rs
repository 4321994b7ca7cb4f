//! What the command line says: a settings file, or in flags what one would say.

use std::ffi::OsString;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use peer::settings::{self, Settings};
use service::flags::Flags;
use service::source::Source;
use shared::cli::{self, Failure};

const HELP: &str = "\
Step 27: the whole program: the web server of step 22 and a node of a swarm, in
one process and on one port. Its page is /board.

Usage: step27 [ADDRESS] [--network NAME [--secret FILE] | --join CODE]
              [--peer HOST:PORT]... [--data DIR] [--disk MIB] [--first]
              [--members FILE] [--name NAME] [--control HOST] [--trace]
              [--root DIR] [--write PATH] [--upload-max MIB] [--host NAME]
              [--fallback PATH] [--guestbook FILE] [--templates DIR]
              [--log FILE] [--rate RATE] [--sandbox MODE]
              [--cache-mib N] [--threads N] [--queue N]
       step27 --settings FILE [--first] [--trace]
              [--cache-mib N] [--threads N] [--queue N]
       step27 --check FILE
       step27 hello HOST:PORT [CODE]
       step27 id DIR
       step27 say [HOST:PORT] LINE
       step27 peers [HOST:PORT]
       step27 fsck|dump|log DIR
       step27 get DIR AUTHOR/NUMBER
       step27 export|import DIR FILE

  ADDRESS          IP:PORT, [IPv6]:PORT or a port of 127.0.0.1 (default
                   127.0.0.1:8000, in a network [::]:8000); port 0 takes a
                   free one
  --network NAME   is a node of this network: finds others in the room, and is
                   found by them. It prints the code with which others join
  --secret FILE    the network is only for those who have what is in this file;
                   it is made if there is none
  --join CODE      is a node of the network that this code is of
  --peer H:P       dials this node, again and again until it is there
  --data DIR       keeps in DIR what was said, both keys, and where others are
                   (default: nothing is kept)
  --disk MIB       how much of that may be what was said, from 1 (default:
                   1024)
  --first          the key has said nothing yet, although it is not new: no
                   peer has to say so
  --members FILE   links only with these nodes: a line with 64 digits for each,
                   as `id` shows them
  --name NAME      what others are to call the author
  --control HOST   others than this machine may use the page as well, under
                   this name or address
  --trace          shows each frame
  --root DIR       the directory (default: this book, if it has been built)
  --settings FILE  all of this, and several sites: steps/27-node/node.toml is
                   one with everything that there is
  --check FILE     says what is wrong with such a file, and ends
  -h, --help       and the flags of the web server: as those of step 22

Ctrl-C tells the peers, and lets it finish the responses that it owes; a second
one does not. SIGHUP makes it read its settings and its members again, SIGUSR1
open its log again.
";

/// Where a node listens by default.
const ADDRESS: SocketAddr =
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8000);

/// And in a network, where others are to reach it.
const NETWORK_ADDRESS: SocketAddr =
    SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 8000);

/// The book, once `cargo book` has built it; and a page that says how.
const ROOTS: [&str; 2] = ["book/build", "steps/27-node/start"];

/// Of memory, for files.
const CACHE_MIB: usize = 64;

/// Of what takes long.
const QUEUE: usize = 256;

/// What the command line says.
pub struct Arguments {
    /// What the web server is to be.
    pub source: Source,
    /// What the node is to be.
    pub peer: Settings,
    /// It is only to be said what is wrong.
    pub checks: bool,
    pub is_first: bool,
    pub traces: bool,
    pub cache_mib: usize,
    pub threads: Option<usize>,
    pub queue: usize,
}

impl Arguments {
    /// Reads it.
    ///
    /// # Errors
    /// When it cannot be understood, or says two things at once.
    pub fn read() -> Result<Self, Failure> {
        let flags = [
            "settings",
            "check",
            "first",
            "trace",
            "cache-mib",
            "threads",
            "queue",
            "network",
            "secret",
            "join",
            "peer",
            "data",
            "disk",
            "members",
            "name",
            "control",
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
        let (address, values) = cli::arguments(HELP, flags)?;
        let [settings, check, first, trace, mib, threads, queue, rest @ ..] =
            values;
        let (checks, is_twice) =
            (check.is_some(), settings.is_some() && check.is_some());
        let has_flags = address.is_some() || rest.iter().any(Option::is_some);
        let (source, peer) = match settings.or(check) {
            Some(_) if is_twice || has_flags => {
                return Err(Failure::usage(
                    "one settings file says all of it, or flags do",
                ));
            }
            Some(file) => {
                let file = PathBuf::from(file);
                (Source::File(file.clone()), peer_in(&file)?)
            }
            None => from_flags(address, rest)?,
        };
        let count = |flag, value: Option<OsString>| {
            value.map(|it| cli::count(flag, Some(it), 1)).transpose()
        };
        Ok(Arguments {
            source,
            peer,
            checks,
            is_first: first.is_some(),
            traces: trace.is_some(),
            cache_mib: cli::number("cache-mib", mib, 4096, CACHE_MIB)?,
            threads: count("threads", threads)?,
            queue: cli::count("queue", queue, QUEUE)?,
        })
    }
}

fn from_flags(
    address: Option<String>,
    values: [Option<OsString>; 19],
) -> Result<(Source, Settings), Failure> {
    let [network, secret, join, peers, data, disk, members, name, rest @ ..] =
        values;
    let [control, mut site @ ..] = rest;
    let text = |text: OsString| text.to_string_lossy().into_owned();
    let peers = peers.map(text).unwrap_or_default();
    let peers = peers.split(',').filter(|it| !it.is_empty());
    let disk = disk.map(|it| cli::count("disk", Some(it), 1)).transpose()?;
    let peer = Settings {
        network: network.map(text),
        secret: secret.map(PathBuf::from),
        join: join.map(text),
        peers: peers.map(str::to_string).collect(),
        data: data.map(PathBuf::from),
        disk_mib: disk,
        members: members.map(PathBuf::from),
        name: name.map(text),
        control: control.map(text),
    };
    let default = match peer.network.is_some() || peer.join.is_some() {
        true => NETWORK_ADDRESS,
        false => ADDRESS,
    };
    let address = address.unwrap_or_else(|| default.to_string());
    let [root, ..] = &mut site;
    let book = ROOTS.iter().find(|it| Path::new(it).is_dir());
    *root = root.take().or(book.map(OsString::from));
    let flags = Flags::read(Some(address), site)?;
    Ok((Source::Flags(Box::new(flags)), peer))
}

/// What a settings file says of the node.
fn peer_in(file: &Path) -> Result<Settings, Failure> {
    // That it cannot be read is said by who reads the rest of it.
    let text = fs::read(file).unwrap_or_default();
    let directory = file.parent().unwrap_or(Path::new("."));
    let (peer, faults) = settings::parse(&text, directory);
    let lines = faults.iter().map(|it| format!("{}:{it}", file.display()));
    let lines: Vec<String> = lines.collect();
    match lines[..] {
        [] => Ok(peer),
        _ => Err(Failure::wrong(lines.join("\n"))),
    }
}
