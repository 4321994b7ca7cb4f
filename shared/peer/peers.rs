//! Enters in step 24: PEERS: where other nodes are.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use crate::hello::PeerId;
use crate::kind::Kind;
use crate::violation::Violation;
use crate::wire::{Field, Reader};

/// At most so many entries are in one message.
pub const MAX_ENTRIES: usize = 32;

/// One byte says how many entries follow; this is each of them.
pub const FIELDS: [Field; 5] = [
    Field::new("ip", 0, 16, "of a node, IPv4 mapped; may be a lie"),
    Field::new("port", 16, 2, "where it listens; may be a lie"),
    Field::new("flags", 18, 2, "none yet: ignored"),
    Field::new("age", 20, 4, "so many seconds ago it was there; may be a lie"),
    Field::new("node", 24, 32, "which node; its HELLO will tell"),
];

/// Where somebody says that a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    /// Where it listens.
    pub address: SocketAddr,
    /// How many seconds ago it was there.
    pub age: u32,
    /// Which node it is.
    pub node: PeerId,
}

/// The payload of a frame with these: no more than [`MAX_ENTRIES`].
pub fn encode(entries: &[Whereabouts]) -> Vec<u8> {
    let mut out = vec![entries.len() as u8];
    for entry in entries {
        out.extend(octets(entry.address.ip()));
        out.extend(entry.address.port().to_be_bytes());
        out.extend([0, 0]);
        out.extend(entry.age.to_be_bytes());
        out.extend(entry.node.0);
    }
    out
}

/// What a payload says.
///
/// # Errors
/// When it has not exactly as many entries as it says.
pub fn parse(payload: &[u8]) -> Result<Vec<Whereabouts>, Violation> {
    let mut reader = Reader(payload);
    let read = |reader: &mut Reader| {
        let [count] = reader.next_array()?;
        let entries = (0..count).map(|_| entry(reader));
        entries.collect::<Option<Vec<_>>>()
    };
    let entries = read(&mut reader).filter(|it| it.len() <= MAX_ENTRIES);
    let entries = entries.filter(|_| reader.nothing_left().is_some());
    entries.ok_or(Violation::Malformed(Kind::Peers))
}

fn entry(from: &mut Reader) -> Option<Whereabouts> {
    let ip = Ipv6Addr::from(from.next_array::<16>()?).to_canonical();
    let address = SocketAddr::new(ip, from.next_u16()?);
    from.next_u16()?;
    let age = from.next_array().map(u32::from_be_bytes)?;
    Some(Whereabouts { address, age, node: PeerId(from.next_array()?) })
}

/// An address in 16 bytes: IPv4 as RFC 4291 section 2.5.5.2 maps it.
pub fn octets(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
        IpAddr::V6(ip) => ip.octets(),
    }
}

/// Whether somebody at `teller` can be believed, or told, that a node is at
/// `address`: nothing that leads nowhere, or elsewhere for everybody. This
/// machine's own address is of use only to itself.
pub fn is_passed_on(address: SocketAddr, teller: IpAddr) -> bool {
    let ip = address.ip();
    let is_link_local = match ip {
        IpAddr::V4(ip) => ip.is_link_local() || ip.is_broadcast(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    let leads_nowhere =
        ip.is_unspecified() || ip.is_multicast() || address.port() == 0;
    let is_local = ip.is_loopback() && !teller.is_loopback();
    !is_link_local && !leads_nowhere && !is_local
}
