//! Enters in step 24: the beacon: a datagram to everybody in the room that
//! says that a node is here. It is answered by dialling, never by a datagram.

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::hello::PeerId;
use crate::wire::{Field, Reader};

/// The group that it is sent to, and the port. 239/8 is for organisations'
/// own use: RFC 2365.
pub const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 83, 83);
/// The port of the group.
pub const PORT: u16 = 8383;

/// How often it is sent, but for some jitter.
pub const PERIOD: Duration = Duration::from_secs(5);

/// How many bytes it has.
pub const LENGTH: usize = 74;

const MAGIC: [u8; 2] = [0xd5, 0x55];
const VERSION: u8 = 1;

/// What it says.
pub const FIELDS: [Field; 7] = [
    Field::new("magic", 0, 2, "d5 55, or it is no beacon"),
    Field::new("version", 2, 1, "another one is ignored"),
    Field::new("flags", 3, 1, "none yet: ignored"),
    Field::new("network", 4, 32, "a hash: another one is ignored"),
    Field::new("node", 36, 32, "which node; its HELLO will tell"),
    Field::new("port", 68, 2, "where it listens; may be a lie"),
    Field::new("sequence", 70, 4, "how many it has sent before"),
];

/// What a beacon says. Where it comes from, recvfrom(2) says: that is not
/// left to the sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beacon {
    /// The network of the node.
    pub network: [u8; 32],
    /// The node.
    pub node: PeerId,
    /// Where it listens.
    pub port: u16,
    /// How many it has sent before.
    pub sequence: u32,
}

impl Beacon {
    /// The datagram.
    pub fn encode(&self) -> [u8; LENGTH] {
        let mut out = [0; LENGTH];
        out[..2].copy_from_slice(&MAGIC);
        out[2] = VERSION;
        out[4..36].copy_from_slice(&self.network);
        out[36..68].copy_from_slice(&self.node.0);
        out[68..70].copy_from_slice(&self.port.to_be_bytes());
        out[70..].copy_from_slice(&self.sequence.to_be_bytes());
        out
    }

    /// What a datagram says; `None` if it is no beacon of our version.
    pub fn parse(datagram: &[u8]) -> Option<Self> {
        let mut from = Reader(datagram);
        let [magic @ .., version, _flags] = from.next_array::<4>()?;
        (magic == MAGIC && version == VERSION).then_some(())?;
        let beacon = Beacon {
            network: from.next_array()?,
            node: PeerId(from.next_array()?),
            port: from.next_u16()?,
            sequence: from.next_array().map(u32::from_be_bytes)?,
        };
        from.nothing_left()?;
        (beacon.port != 0).then_some(beacon)
    }
}
