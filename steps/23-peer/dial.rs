//! Those that we dial, again and again.

use std::fmt::Display;
use std::mem;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::{Duration, Instant};

use peer::hello::PeerId;
use shared::cli::{self, Failure};

/// How long to wait before the next attempt.
const PAUSE: Duration = Duration::from_secs(1);

/// Somebody that we were told to dial.
pub struct Dial {
    /// As it was written.
    name: String,
    /// What it stands for, and which of them is next.
    addresses: Vec<SocketAddr>,
    next: usize,
    state: State,
    /// Who was there the last time.
    pub node: Option<PeerId>,
    /// Nothing has come of it yet.
    is_new: bool,
    /// It has been said that nobody is there.
    is_told: bool,
}

enum State {
    /// Not before then.
    Waits(Instant),
    /// There is a peer for it.
    Busy,
}

impl Dial {
    /// All that this list names, with commas between them.
    ///
    /// # Errors
    /// When a name leads nowhere.
    pub fn parse(list: &str, now: Instant) -> Result<Vec<Dial>, Failure> {
        let names = list.split(',').filter(|name| !name.is_empty());
        names.map(|name| Dial::new(name, now)).collect()
    }

    fn new(name: &str, now: Instant) -> Result<Dial, Failure> {
        let addresses = resolve(name)?;
        Ok(Dial {
            name: name.to_string(),
            addresses,
            next: 0,
            state: State::Waits(now),
            node: None,
            is_new: true,
            is_told: false,
        })
    }

    /// When it is to be dialled, if it is not being dialled now.
    pub fn due(&self) -> Option<Instant> {
        match self.state {
            State::Waits(until) if !self.addresses.is_empty() => Some(until),
            _ => None,
        }
    }

    /// Whether it may open for the first time.
    pub fn is_new(&self) -> bool {
        self.is_new && !self.addresses.is_empty()
    }

    /// Its name, if nobody has been found there.
    pub fn unreached(&self) -> Option<&str> {
        self.is_told.then_some(&self.name)
    }

    /// Where to.
    pub fn address(&self) -> SocketAddr {
        self.addresses[self.next]
    }

    /// It is being dialled.
    pub fn begun(&mut self) {
        self.state = State::Busy;
    }

    /// There is a link.
    pub fn opened(&mut self) {
        self.is_new = false;
        self.is_told = false;
    }

    /// It has come to an end, or is to be put off; why, if it failed.
    pub fn ended(&mut self, why: Option<&dyn Display>, now: Instant) {
        self.is_new = false;
        self.state = State::Waits(now + PAUSE);
        if let Some(why) = why
            && !self.addresses.is_empty()
        {
            self.next = (self.next + 1) % self.addresses.len();
            // All of them have been tried. Once, not every second.
            if self.next == 0 && !mem::replace(&mut self.is_told, true) {
                let name = &self.name;
                cli::log(format_args!("cannot reach {name}: {why}"));
            }
        }
    }

    /// We are there ourselves: that address is not dialled again.
    pub fn is_own(&mut self) {
        let address = self.address();
        self.addresses.retain(|it| *it != address);
        self.next = 0;
        let name = &self.name;
        cli::log(format_args!("{name} at {address} is this node"));
    }
}

/// What a name stands for. The C library asks /etc/hosts and name servers:
/// that takes its time.
pub fn resolve(name: &str) -> Result<Vec<SocketAddr>, Failure> {
    if let Ok(address) = cli::parse_address(name) {
        return Ok(vec![address]);
    }
    let found = name.to_socket_addrs().map_err(|error| {
        let name = name.escape_debug();
        Failure::new(format_args!("cannot find '{name}' (HOST:PORT)"), error)
    })?;
    Ok(found.collect())
}
