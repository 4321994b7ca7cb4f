//! Enters in step 23: HELLO: who one is. Each end sends it first.

use std::fmt::{self, Display};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use sha2::{Digest, Sha256};

use crate::kind::Kind;
use crate::violation::{Reason, Violation};
use crate::wire::{Field, Reader, hex};

/// The versions of the protocol that we speak, from and to.
pub const VERSIONS: (u16, u16) = (1, 1);

/// What HELLO says.
pub const FIELDS: [Field; 12] = [
    Field::new("proto_min", 0, 2, "the lowest version that it speaks"),
    Field::new("proto_max", 2, 2, "the highest; both use the highest common"),
    Field::new("session", 4, 8, "random, of this process: ours is ourselves"),
    Field::new("node", 12, 32, "random, of this node: anybody may claim it"),
    Field::new("port", 44, 2, "where it listens, 0: nowhere; may be a lie"),
    Field::new("flags", 46, 2, "none yet: ignored"),
    Field::new("clock", 48, 8, "its time in ms since 1970: never believed"),
    Field::new("network", 56, 32, "a hash: another one is refused"),
    Field::new("your ip", 88, 16, "where it sees us; may be a lie"),
    Field::new("your port", 104, 2, "and at which port"),
    Field::new("proof", 106, 2, "so many bytes follow: none before step 27"),
    Field::new("", 108, 0, "the proof"),
];

/// Which node it is, whatever its address: 32 bytes that nobody looks into.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeerId(pub [u8; 32]);

impl Display for PeerId {
    /// The first eight digits: enough to tell apart those of a room.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0[..4]))
    }
}

/// Enters in step 24.
impl PeerId {
    /// All of its digits.
    pub fn digits(self) -> String {
        hex(&self.0)
    }

    /// The node with these 64 digits; `None` if they are something else.
    pub fn from_digits(digits: &str) -> Option<Self> {
        let are_digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let mut node = [0; 32];
        (are_digits && digits.len() == 2 * node.len()).then_some(())?;
        for (byte, pair) in node.iter_mut().zip(digits.as_bytes().chunks(2)) {
            let pair = str::from_utf8(pair).ok()?;
            *byte = u8::from_str_radix(pair, 16).ok()?;
        }
        Some(PeerId(node))
    }
}

impl fmt::Debug for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

/// What an end says of itself, and of the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// The versions that it speaks, from and to.
    pub versions: (u16, u16),
    /// A number that each process draws once.
    pub session: u64,
    /// The node.
    pub node: PeerId,
    /// Where it listens; 0 if it does not.
    pub port: u16,
    /// None has a meaning yet.
    pub flags: u16,
    /// Its clock: milliseconds since 1970.
    pub clock: u64,
    /// [`network_id`].
    pub network: [u8; 32],
    /// Where it sees the other end.
    pub seen: SocketAddr,
    /// Empty before step 27.
    pub proof: Vec<u8>,
}

impl Hello {
    /// The payload of a frame.
    pub fn encode(&self) -> Vec<u8> {
        let ip = match self.seen.ip() {
            IpAddr::V4(ip) => ip.to_ipv6_mapped(),
            IpAddr::V6(ip) => ip,
        };
        let mut out = Vec::new();
        out.extend(self.versions.0.to_be_bytes());
        out.extend(self.versions.1.to_be_bytes());
        out.extend(self.session.to_be_bytes());
        out.extend(self.node.0);
        out.extend(self.port.to_be_bytes());
        out.extend(self.flags.to_be_bytes());
        out.extend(self.clock.to_be_bytes());
        out.extend(self.network);
        out.extend(ip.octets());
        out.extend(self.seen.port().to_be_bytes());
        out.extend((self.proof.len() as u16).to_be_bytes());
        out.extend(&self.proof);
        out
    }

    /// What a payload says.
    ///
    /// # Errors
    /// When it has not exactly these fields, or no version at all.
    pub fn parse(payload: &[u8]) -> Result<Self, Violation> {
        let hello = Hello::read(Reader(payload));
        let hello = hello.filter(|it| it.versions.0 <= it.versions.1);
        hello.ok_or(Violation::Malformed(Kind::Hello))
    }

    fn read(mut from: Reader) -> Option<Self> {
        let hello = Hello {
            versions: (from.next_u16()?, from.next_u16()?),
            session: from.next_u64()?,
            node: PeerId(from.next_array()?),
            port: from.next_u16()?,
            flags: from.next_u16()?,
            clock: from.next_u64()?,
            network: from.next_array()?,
            seen: {
                let ip = Ipv6Addr::from(from.next_array::<16>()?);
                SocketAddr::new(ip.to_canonical(), from.next_u16()?)
            },
            proof: {
                let length = from.next_u16()?;
                from.next_slice(length.into())?.to_vec()
            },
        };
        from.nothing_left().map(|()| hello)
    }
}

/// What this process says of itself, to everybody.
#[derive(Debug, Clone, Copy)]
pub struct Greeting {
    /// Its number.
    pub session: u64,
    /// Its node.
    pub node: PeerId,
    /// Where it listens; 0 if it does not.
    pub port: u16,
    /// Its network.
    pub network: [u8; 32],
}

impl Greeting {
    /// Its HELLO for somebody at this address; `clock` is in milliseconds
    /// since 1970.
    pub fn hello(&self, seen: SocketAddr, clock: u64) -> Hello {
        Hello {
            versions: VERSIONS,
            session: self.session,
            node: self.node,
            port: self.port,
            flags: 0,
            clock,
            network: self.network,
            seen,
            proof: Vec::new(),
        }
    }

    /// Whether we can have a link with somebody who says this.
    ///
    /// # Errors
    /// Why not.
    pub fn suits(&self, hello: &Hello) -> Result<(), Reason> {
        let (from, to) = hello.versions;
        if from > VERSIONS.1 || to < VERSIONS.0 {
            return Err(Reason::Version);
        }
        // Enters in step 24: who joins knows only how it begins.
        let joins = hello.network == only_prefix(&self.network);
        if hello.network != self.network && !joins {
            return Err(Reason::Network);
        }
        if hello.session == self.session {
            return Err(Reason::Itself);
        }
        // Another process that says it is this node: two have its number.
        match hello.node == self.node {
            true => Err(Reason::Duplicate),
            false => Ok(()),
        }
    }
}

/// What somebody says who knows no more of a network than how its number
/// begins: that, and zeros. Enters in step 24.
pub fn only_prefix(network: &[u8; 32]) -> [u8; 32] {
    let mut known = [0; 32];
    known[..8].copy_from_slice(&network[..8]);
    known
}

/// What distinguishes a network: nodes of different ones have no links. `name`
/// has at most 255 bytes, `bits` is how much a block costs there, and a
/// `secret` keeps those apart who do not have it; it hides nothing.
pub fn network_id(name: &str, bits: u8, secret: Option<&[u8]>) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"swarm network v1");
    hash.update([name.len() as u8]);
    hash.update(name);
    hash.update([bits]);
    hash.update(secret.map_or([0; 32], |it| Sha256::digest(it).into()));
    hash.finalize().into()
}
