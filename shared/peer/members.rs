//! Enters in step 27: who may have a link at all: those on a list, if there is
//! one, and nobody who has broken the protocol before.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use shared::cli::Failure;

use crate::hello::PeerId;

/// How long a node is not spoken to that has broken the protocol: it has a
/// name that is its own.
const NODE: Duration = Duration::from_secs(24 * 60 * 60);

/// The same for an address: behind it there may be others.
const ADDRESS: Duration = Duration::from_secs(10 * 60);

/// More are not remembered: the one that would be forgotten first goes.
const MAX_DISCOURAGED: usize = 4096;

/// Who is not spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Node(PeerId),
    Address(IpAddr),
}

/// Who may have a link.
#[derive(Debug, Default)]
pub struct Members {
    /// `None`: everybody who knows the network's secret.
    allowed: Option<BTreeSet<PeerId>>,
    /// Until when.
    discouraged: BTreeMap<Who, Instant>,
}

impl Members {
    /// Those in this file: a line for each, 64 hexadecimal digits, and behind
    /// them what people call it. What begins with `#` is for people as well.
    ///
    /// # Errors
    /// When it cannot be read, or a line says something else.
    pub fn read(file: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(file).map_err(|error| {
            let what = format!("cannot read {}", file.display());
            Failure::new(what, error)
        })?;
        let lines = text.lines().map(str::trim).enumerate();
        let lines = lines
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let nodes = lines.map(|(at, line)| {
            let word = line.split_whitespace().next().unwrap_or_default();
            PeerId::from_digits(word).ok_or_else(|| {
                Failure::wrong(format_args!(
                    "{}:{}: a node has 64 hexadecimal digits",
                    file.display(),
                    at + 1
                ))
            })
        });
        let allowed = nodes.collect::<Result<_, _>>()?;
        Ok(Members { allowed: Some(allowed), ..Members::default() })
    }

    /// From now on those of this list; who has been discouraged stays so.
    pub fn take_list(&mut self, other: Members) {
        self.allowed = other.allowed;
    }

    /// Whether this node may have a link.
    pub fn admits(&self, node: PeerId, now: Instant) -> bool {
        let is_listed =
            self.allowed.as_ref().is_none_or(|it| it.contains(&node));
        is_listed && !self.is_discouraged(Who::Node(node), now)
    }

    /// Whether somebody at this address may begin a handshake: that costs
    /// more than to refuse them.
    pub fn hears(&self, address: IpAddr, now: Instant) -> bool {
        !self.is_discouraged(Who::Address(address), now)
    }

    fn is_discouraged(&self, who: Who, now: Instant) -> bool {
        self.discouraged.get(&who).is_some_and(|until| *until > now)
    }

    /// This node has broken the protocol.
    pub fn discourage(&mut self, node: PeerId, now: Instant) {
        self.remember(Who::Node(node), now + NODE);
    }

    /// Somebody at this address has, who has not shown which node they are.
    /// On this machine everybody has the same address.
    pub fn discourage_address(&mut self, address: IpAddr, now: Instant) {
        if !address.is_loopback() {
            self.remember(Who::Address(address), now + ADDRESS);
        }
    }

    fn remember(&mut self, who: Who, until: Instant) {
        let all = &mut self.discouraged;
        if all.len() == MAX_DISCOURAGED && !all.contains_key(&who) {
            let first = all.iter().min_by_key(|(_, until)| **until);
            let first = first.map(|(who, _)| *who);
            first.map(|who| all.remove(&who));
        }
        all.insert(who, until);
    }

    /// How many are not spoken to now.
    pub fn discouraged(&self, now: Instant) -> usize {
        self.discouraged.values().filter(|until| **until > now).count()
    }
}
