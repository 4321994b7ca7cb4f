//! Enters in step 24: the address book: where nodes are, or may be.
//!
//! An address at which somebody was once found is never forgotten because
//! nobody is there now: after a night, nobody is anywhere. It is only asked
//! less and less often.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crate::back_off::{back_off, is_proven};
use crate::hello::PeerId;
use crate::peers::{MAX_ENTRIES, Whereabouts, is_passed_on};

/// More addresses are not kept.
pub const MAX: usize = 256;

/// So many addresses are kept that one address has told us of, as long as
/// nobody has been found there: a liar fills no book.
pub const MAX_OF_TELLER: usize = 4;

/// We dial others until there are so many links of our own.
pub const DIALLED: usize = 8;

/// And so many more at a time, only to see who is there.
pub const SPARE: usize = 2;

/// How we have come to know an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Path {
    /// We were told so at the start.
    Told,
    /// It is in the book's file.
    File,
    /// By a beacon.
    Beacon,
    /// The node has dialled us, and says that it listens there.
    Came,
    /// Somebody at this address has said so.
    Peer(IpAddr),
}

/// Where a node is, or may be.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Where.
    pub address: SocketAddr,
    /// Which node, as far as anybody has said.
    pub node: Option<PeerId>,
    /// From where we know it.
    pub path: Path,
    /// When somebody was found there last: seconds since 1970; 0: never.
    pub last_good: u64,
    /// How often nobody was, since then.
    pub failures: u32,
    /// It is not dialled before then.
    due: Instant,
    /// It is being dialled, or there is a link.
    is_busy: bool,
    /// Nothing has come of it yet.
    is_new: bool,
}

impl Entry {
    /// Whether it is being dialled, or there is a link.
    pub fn is_busy(&self) -> bool {
        self.is_busy
    }
}

/// What is known of those to whom there are links.
pub struct Links<'l> {
    /// Whether there is a link to this node.
    pub has: &'l dyn Fn(PeerId) -> bool,
    /// How many of them we have dialled, or are dialling.
    pub dialled: usize,
    /// How many of these are only to see who is there.
    pub spare: usize,
}

/// The addresses. Each has a number, which it keeps for as long as it is busy.
#[derive(Debug, Default)]
pub struct Book {
    entries: Vec<Entry>,
    /// Addresses that are our own.
    own: Vec<SocketAddr>,
    /// Something has changed that is to be kept.
    is_changed: bool,
}

impl Book {
    /// Adds an address, or what is new about one. `None`: it is not kept.
    pub fn add(
        &mut self,
        address: SocketAddr,
        node: Option<PeerId>,
        path: Path,
        now: Instant,
    ) -> Option<usize> {
        if self.own.contains(&address) || address.port() == 0 {
            return None;
        }
        let is_it = |entry: &Entry| entry.address == address;
        if let Some(number) = self.entries.iter().position(is_it) {
            let entry = &mut self.entries[number];
            // Who is there, only those know who have been there.
            if entry.last_good == 0 {
                entry.node = node.or(entry.node);
            }
            entry.path = entry.path.min(path);
            // It is in the book's file, too.
            entry.is_new |= path == Path::Told;
            return Some(number);
        }
        let teller = match path {
            Path::Peer(ip) => Some(ip),
            Path::Came | Path::Beacon => Some(address.ip()),
            Path::Told | Path::File => None,
        };
        if teller.is_some_and(|ip| self.told_by(ip) >= MAX_OF_TELLER) {
            return None;
        }
        let entry = Entry {
            address,
            node,
            path,
            last_good: 0,
            failures: 0,
            due: now,
            is_busy: false,
            is_new: path == Path::Told,
        };
        self.is_changed = true;
        if self.entries.len() < MAX {
            self.entries.push(entry);
            return Some(self.entries.len() - 1);
        }
        // In the place of one that was never any good.
        let entries = self.entries.iter().enumerate();
        let worst = entries
            .filter(|(_, it)| it.last_good == 0 && !it.is_busy)
            .filter(|(_, it)| it.path != Path::Told)
            .max_by_key(|(_, it)| it.failures);
        let number = worst.map(|(number, _)| number)?;
        self.entries[number] = entry;
        Some(number)
    }

    /// How many addresses are only hearsay from there. On this machine there
    /// may be many nodes.
    fn told_by(&self, ip: IpAddr) -> usize {
        let is_from = |entry: &&Entry| match entry.path {
            _ if entry.last_good > 0 || ip.is_loopback() => false,
            Path::Peer(teller) => teller == ip,
            Path::Came | Path::Beacon => entry.address.ip() == ip,
            Path::Told | Path::File => false,
        };
        self.entries.iter().filter(is_from).count()
    }

    /// Which address is to be dialled next, and when. Not one whose node is
    /// linked already, unless it is still to be seen whether it can be dialled.
    pub fn next(
        &self,
        now: Instant,
        links: &Links,
    ) -> Option<(Instant, usize)> {
        let has_spare = links.spare < SPARE;
        let may_be = |entry: &Entry| match entry.node {
            _ if entry.is_busy || self.own.contains(&entry.address) => false,
            Some(node) if (links.has)(node) => {
                entry.last_good == 0 && has_spare
            }
            _ if entry.path == Path::Told => true,
            _ => links.dialled < DIALLED && !self.has_neighbour(entry),
        };
        let entries = self.entries.iter().enumerate();
        let entries = entries.filter(|(_, entry)| may_be(entry));
        // Of those that are due: who was there last, and then who fails least.
        let best = entries.min_by_key(|(_, entry)| {
            let last = u64::MAX - entry.last_good;
            (entry.due.max(now), entry.path != Path::Told, last, entry.failures)
        });
        best.map(|(number, entry)| (entry.due, number))
    }

    /// Whether a network that belongs to one organisation, as far as that can
    /// be told by the address, has a link of ours: whoever has many addresses
    /// there is not to have all of our links.
    fn has_neighbour(&self, entry: &Entry) -> bool {
        let network = |address: SocketAddr| match address.ip() {
            IpAddr::V4(ip) if ip.is_loopback() || ip.is_private() => None,
            IpAddr::V4(ip) => Some(ip.octets()[..2].to_vec()),
            IpAddr::V6(ip) if ip.is_loopback() || ip.is_unique_local() => None,
            IpAddr::V6(ip) => Some(ip.octets()[..4].to_vec()),
        };
        let own = network(entry.address);
        let busy = self.entries.iter().filter(|it| it.is_busy);
        own.is_some() && busy.map(|it| network(it.address)).any(|it| it == own)
    }

    /// An entry that is busy.
    pub fn entry(&self, number: usize) -> Option<&Entry> {
        self.entries.get(number)
    }

    /// All of them.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Those that are not our own.
    pub fn others(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|it| !self.own.contains(&it.address))
    }

    /// It is being dialled.
    pub fn begun(&mut self, number: usize) {
        self.entries[number].is_busy = true;
    }

    /// This node is there, as it says itself.
    pub fn found(&mut self, number: usize, node: PeerId) {
        self.entries[number].node = Some(node);
    }

    /// This node was found there, and there is a link; `clock` is in seconds
    /// since 1970.
    pub fn tried(&mut self, number: usize, node: PeerId, clock: u64) {
        let entry = &mut self.entries[number];
        (entry.node, entry.last_good) = (Some(node), clock.max(1));
        entry.is_new = false;
        self.is_changed = true;
    }

    /// Nobody was found, or somebody else than was looked for. `chance` is
    /// random.
    pub fn failed(&mut self, number: usize, now: Instant, chance: u64) {
        let entry = &mut self.entries[number];
        entry.failures = entry.failures.saturating_add(1);
        entry.due = now + back_off(entry.failures, chance);
        (entry.is_busy, entry.is_new) = (false, false);
        self.is_changed = true;
    }

    /// A link has ended that has lasted for so long. One that ends soon is
    /// worth as little as none.
    pub fn ended(
        &mut self,
        number: usize,
        lasted: Duration,
        now: Instant,
        chance: u64,
    ) {
        if is_proven(lasted) {
            self.entries[number].failures = 0;
        }
        self.failed(number, now, chance);
    }

    /// It is not needed, since there is another link to its node.
    pub fn put_off(&mut self, number: usize) {
        let entry = &mut self.entries[number];
        (entry.is_busy, entry.is_new) = (false, false);
    }

    /// We are there ourselves: it is not dialled again.
    pub fn is_own(&mut self, number: usize) {
        let address = self.entries[number].address;
        if self.own.len() < MAX {
            self.own.push(address);
        }
        self.is_changed = true;
        self.put_off(number);
    }

    /// Somebody wants this address dialled. Enters in step 27.
    pub fn tell(&mut self, address: SocketAddr, now: Instant) {
        self.own.retain(|it| *it != address);
        self.add(address, None, Path::Told, now);
    }

    /// Somebody wants nobody to be dialled there any more. Enters in step 27.
    pub fn forget(&mut self, address: SocketAddr) {
        let found = self.entries.iter().position(|it| it.address == address);
        if let Some(number) = found {
            self.is_own(number);
        }
    }

    /// Whether those that we were told of may open for the first time.
    pub fn is_beginning(&self) -> bool {
        self.entries.iter().any(|entry| entry.is_new)
    }

    /// After a sleep the time that was to pass has passed.
    pub fn wake(&mut self, now: Instant) {
        for entry in &mut self.entries {
            (entry.due, entry.failures) = (now, 0);
        }
    }

    /// Where nodes are, for somebody at `ip`: only where we have found them.
    /// `clock` is in seconds since 1970.
    pub fn known(&self, ip: IpAddr, clock: u64) -> Vec<Whereabouts> {
        let is_good =
            |it: &&Entry| it.last_good > 0 && is_passed_on(it.address, ip);
        let mut good: Vec<&Entry> =
            self.entries.iter().filter(is_good).collect();
        good.sort_by_key(|it| u64::MAX - it.last_good);
        let known = good.into_iter().take(MAX_ENTRIES).filter_map(|it| {
            let age = clock.saturating_sub(it.last_good);
            Some(Whereabouts {
                address: it.address,
                age: age.try_into().unwrap_or(u32::MAX),
                node: it.node?,
            })
        });
        known.collect()
    }

    /// Whether something has changed since the last time that is to be kept.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.is_changed)
    }

    /// The book's file: a line for each address.
    pub fn to_text(&self) -> String {
        let lines = self.others().map(|it| {
            let (ip, port) = (it.address.ip(), it.address.port());
            let node = it.node.map_or("-".to_string(), PeerId::digits);
            let Entry { last_good, failures, .. } = it;
            format!("{ip} {port} {node} {last_good} {failures}\n")
        });
        lines.collect()
    }

    /// Reads the book's file; returns the numbers of the lines that say
    /// nothing, too.
    pub fn from_text(text: &str, now: Instant) -> (Self, Vec<usize>) {
        let mut book = Book::default();
        let mut wrong = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let read = line_of(line).and_then(|(address, node, rest)| {
                let at = book.add(address, node, Path::File, now)?;
                let entry = &mut book.entries[at];
                (entry.last_good, entry.failures) = rest;
                Some(())
            });
            if read.is_none() {
                wrong.push(number + 1);
            }
        }
        book.is_changed = false;
        (book, wrong)
    }
}

type Line = (SocketAddr, Option<PeerId>, (u64, u32));

fn line_of(line: &str) -> Option<Line> {
    let mut words = line.split(' ');
    let mut next = || words.next();
    let ip: IpAddr = next()?.parse().ok()?;
    let address = SocketAddr::new(ip, next()?.parse().ok()?);
    let node = match next()? {
        "-" => None,
        digits => Some(PeerId::from_digits(digits)?),
    };
    let rest = (next()?.parse().ok()?, next()?.parse().ok()?);
    next().is_none().then_some((address, node, rest))
}
