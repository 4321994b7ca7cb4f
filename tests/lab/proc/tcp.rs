//! The TCP sockets of a process.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::descriptors;

/// A row of /proc/net/tcp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Our end.
    pub local: SocketAddr,
    /// The other end.
    pub remote: SocketAddr,
    /// As in the kernel's include/net/tcp_states.h.
    pub state: u8,
    /// Bytes not yet acknowledged.
    pub unsent: u64,
    /// Bytes not yet read, or connections not yet accepted.
    pub unread: u64,
    /// The socket's number; 0 once nobody has it open.
    pub inode: u64,
}

/// `Row::state` of a socket that waits for connections.
pub const LISTEN: u8 = 0x0A;
/// `Row::state` of a connection that has not been accepted yet.
pub const SYN_SENT: u8 = 0x02;
/// `Row::state` of a connection that was closed here first.
pub const TIME_WAIT: u8 = 0x06;

/// The TCP sockets in the network that `pid` lives in.
pub fn tcp_rows(pid: i32) -> Vec<Row> {
    rows(pid, |_| true)
}

/// Those of them whose lines are wanted: there may be ten thousand others.
fn rows(pid: i32, is_wanted: impl Fn(&str) -> bool) -> Vec<Row> {
    let files = ["tcp", "tcp6"].map(|name| format!("/proc/{pid}/net/{name}"));
    let texts = files.iter().filter_map(|path| fs::read_to_string(path).ok());
    texts
        .flat_map(|text| {
            let lines = text.lines().skip(1).filter(|line| is_wanted(line));
            lines.filter_map(parse_row).collect::<Vec<_>>()
        })
        .collect()
}

/// The TCP sockets that `pid` has open.
pub fn own_rows(pid: i32) -> Vec<Row> {
    let open = descriptors(pid);
    let inode = |name: &String| {
        let inner = name.strip_prefix("socket:[")?.strip_suffix(']')?;
        Some(inner.to_string())
    };
    let open: BTreeSet<String> = open.iter().filter_map(inode).collect();
    if open.is_empty() {
        return Vec::new();
    }
    let mut rows = rows(pid, |line| {
        let inode = line.split_ascii_whitespace().nth(9);
        inode.is_some_and(|inode| open.contains(inode))
    });
    // The list may change while it is read, and then have a row twice.
    let mut seen = BTreeSet::new();
    rows.retain(|row| seen.insert(row.inode));
    rows
}

/// A row as the kernel prints it.
fn parse_row(line: &str) -> Option<Row> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (unsent, unread) = fields.get(4)?.split_once(':')?;
    Some(Row {
        local: parse_address(fields.get(1)?)?,
        remote: parse_address(fields.get(2)?)?,
        state: u8::from_str_radix(fields.get(3)?, 16).ok()?,
        unsent: u64::from_str_radix(unsent, 16).ok()?,
        unread: u64::from_str_radix(unread, 16).ok()?,
        inode: fields.get(9)?.parse().ok()?,
    })
}

/// The kernel prints addresses as 32-bit numbers of this machine's byte
/// order, and ports as the numbers they are.
fn parse_address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |at: usize| -> Option<[u8; 4]> {
        let digits = ip.get(at * 8..at * 8 + 8)?;
        Some(u32::from_str_radix(digits, 16).ok()?.to_ne_bytes())
    };
    let ip: IpAddr = if ip.len() == 8 {
        Ipv4Addr::from(word(0)?).into()
    } else {
        let words = [word(0)?, word(1)?, word(2)?, word(3)?];
        let octets: [u8; 16] = words.concat().try_into().ok()?;
        Ipv6Addr::from(octets).into()
    };
    Some(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_words_of_this_machine() {
        let word = u32::from_ne_bytes([127, 0, 0, 9]);
        let address = parse_address(&format!("{word:08X}:1F90"));
        assert_eq!(address, "127.0.0.9:8080".parse().ok());
        let last = u32::from_ne_bytes([0, 0, 0, 1]);
        let text = format!("{:024}{last:08X}:0050", 0);
        assert_eq!(parse_address(&text), "[::1]:80".parse().ok());
    }
}
