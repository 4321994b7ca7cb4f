//! Enters in step 21: for whom a proxy speaks.
//!
//! Behind a proxy every peer is the proxy. It says in `X-Forwarded-For` who
//! its client is, behind what that client itself may have said, which may be
//! anything. So that field is read from its end, and only as long as those
//! who wrote it are believed.

use std::net::{IpAddr, SocketAddr};

use httparse::Header;

/// Networks whose proxies are believed.
#[derive(Debug, Default, Clone)]
pub struct Networks {
    /// First addresses, and how many of their bits count.
    networks: Vec<(IpAddr, u32)>,
    /// Whoever comes through a Unix socket.
    unix: bool,
}

impl Networks {
    /// Adds one: `10.0.0.0/8`, `2001:db8::/32`, an address alone, or `unix`.
    /// Says whether it was understood.
    #[must_use = "it may not have been understood"]
    pub fn add(&mut self, text: &str) -> bool {
        if text == "unix" {
            self.unix = true;
            return true;
        }
        let network = parse(text);
        self.networks.extend(network);
        network.is_some()
    }

    /// Whether this address is in one of them; `None` is a Unix socket's.
    pub fn trusts(&self, address: Option<IpAddr>) -> bool {
        let Some(address) = address else { return self.unix };
        let is_in = |network: &(IpAddr, u32)| is_in(address, *network);
        self.networks.iter().any(is_in)
    }
}

/// `ADDRESS/BITS`, or an address, which is a network of its own.
fn parse(text: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse::<u32>().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let canonical = address.to_canonical();
    // An IPv4 address in an IPv6 address has 96 bits before it.
    let before = if canonical == address { 0 } else { 96 };
    let bits = bits.unwrap_or(most).checked_sub(before)?;
    (bits <= most - before).then_some((canonical, bits))
}

fn is_in(address: IpAddr, (network, bits): (IpAddr, u32)) -> bool {
    let (differ, most) = match (address.to_canonical(), network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            ((a.to_bits() ^ b.to_bits()).into(), 32)
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits(), 128),
        _ => return false,
    };
    // No shift takes all of the bits away.
    u128::checked_shr(differ, most - bits).unwrap_or(0) == 0
}

/// Who sent a request with these fields over a connection with `peer`: the
/// last address in all lines of `X-Forwarded-For` that is not a trusted
/// proxy's, if the peer is one. What is no address ends the search: the one
/// behind it is the last that a trusted proxy has seen.
pub fn client(
    fields: &[Header],
    peer: Option<IpAddr>,
    trusted: &Networks,
) -> Option<IpAddr> {
    let lines = fields
        .iter()
        .rev()
        .filter(|field| field.name.eq_ignore_ascii_case("X-Forwarded-For"));
    let addresses = lines.flat_map(|line| line.value.rsplit(|b| *b == b','));
    let mut client = peer;
    for address in addresses.map(<[u8]>::trim_ascii) {
        // RFC 9110 section 5.6.1: empty elements of a list do not count.
        if address.is_empty() {
            continue;
        }
        if !trusted.trusts(client) {
            break;
        }
        let Some(address) = parse_address(address) else { break };
        client = Some(address);
    }
    client
}

/// An address, to which some proxies add a port.
fn parse_address(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?;
    let address = text.parse().ok();
    let with_port = || Some(text.parse::<SocketAddr>().ok()?.ip());
    Some(address.or_else(with_port)?.to_canonical())
}
