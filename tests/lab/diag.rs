//! What the kernel says about a socket: see sock_diag(7).
//!
//! The request and the reply are structs that neither libc nor nix have
//! (`inet_diag_req_v2`, `inet_diag_msg`), so their bytes are put and taken
//! here at the offsets that the man page gives.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsRawFd;

use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send,
    socket,
};

use super::proc::LISTEN;

const NETLINK_HEADER: usize = 16;
const QUESTION: usize = 56;
const SOCK_DIAG_BY_FAMILY: u16 = 20;

/// How many connections may wait at the listener on `address`: the number
/// given to listen(2), as the kernel has it. `None` if nobody listens there.
pub fn queue_limit(address: SocketAddr) -> io::Result<Option<u32>> {
    Ok(queue(address)?.map(|(_, limit)| limit))
}

/// How many connections wait at that listener, and how many may.
pub fn queue(address: SocketAddr) -> io::Result<Option<(u32, u32)>> {
    let nobody = match address {
        SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let found = find(address, (nobody, 0).into())?;
    // One that listens on all addresses is found as well.
    let ip = octets(address.ip());
    let is_there = found.get(8..).is_some_and(|own| own.starts_with(&ip));
    Ok(queues_of(&found).filter(|_| is_there && is_listener(&found)))
}

/// How many bytes wait to be read, and how many to be acknowledged, at the
/// socket that has the address `own` and is connected with `peer`. `None` if
/// there is no such socket.
pub fn queues(
    own: SocketAddr,
    peer: SocketAddr,
) -> io::Result<Option<(u32, u32)>> {
    let found = find(own, peer)?;
    // Where there is no such connection, the listener is found.
    Ok(queues_of(&found).filter(|_| !is_listener(&found)))
}

/// The inet_diag_msg about a TCP socket with these ends: nothing, if there is
/// none. One look, however many sockets there are.
fn find(own: SocketAddr, peer: SocketAddr) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; NETLINK_HEADER + QUESTION];
    let length = bytes.len() as u32;
    let family = if own.is_ipv6() { libc::AF_INET6 } else { libc::AF_INET };
    bytes[0..4].copy_from_slice(&length.to_ne_bytes());
    bytes[4..6].copy_from_slice(&SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    bytes[6..8].copy_from_slice(&(libc::NLM_F_REQUEST as u16).to_ne_bytes());
    // inet_diag_req_v2: family, protocol, extensions, padding, states, id.
    bytes[16] = family as u8;
    bytes[17] = libc::IPPROTO_TCP as u8;
    // inet_diag_sockid: ports and addresses, those of our end first.
    let id = &mut bytes[NETLINK_HEADER + 8..];
    id[0..2].copy_from_slice(&own.port().to_be_bytes());
    id[2..4].copy_from_slice(&peer.port().to_be_bytes());
    for (at, ip) in [(4, octets(own.ip())), (20, octets(peer.ip()))] {
        id[at..at + ip.len()].copy_from_slice(&ip);
    }
    // Its cookie: any socket will do.
    id[40..48].fill(0xFF);
    let answer = ask(&bytes)?;
    let (Some(length), Some(kind)) = (answer.get(..4), answer.get(4..6)) else {
        return Ok(Vec::new());
    };
    // Anything else says that there is no such socket.
    let length = length.try_into().map_or(0, u32::from_ne_bytes) as usize;
    let is_found = kind == SOCK_DIAG_BY_FAMILY.to_ne_bytes();
    let found = answer.get(NETLINK_HEADER..length).filter(|_| is_found);
    Ok(found.unwrap_or_default().to_vec())
}

fn octets(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

fn is_listener(body: &[u8]) -> bool {
    body.get(1) == Some(&LISTEN)
}

/// The two queues of the socket that `body` (an inet_diag_msg) is about.
fn queues_of(body: &[u8]) -> Option<(u32, u32)> {
    // After four bytes and the id of 48 bytes: expires, rqueue, wqueue.
    let number = |at: usize| {
        let bytes = body.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_ne_bytes(bytes))
    };
    Some((number(56)?, number(60)?))
}

/// Sends a request; what comes back.
fn ask(request: &[u8]) -> io::Result<Vec<u8>> {
    let socket = socket(
        AddressFamily::Netlink,
        SockType::Datagram,
        SockFlag::SOCK_CLOEXEC,
        SockProtocol::NetlinkSockDiag,
    )?;
    send(socket.as_raw_fd(), request, MsgFlags::empty())?;
    let mut bytes = vec![0; 4096];
    let got = recv(socket.as_raw_fd(), &mut bytes, MsgFlags::empty())?;
    bytes.truncate(got);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_waits_to_be_read() -> io::Result<()> {
        use std::io::{Read, Write};
        use std::net::{TcpListener, TcpStream};
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let mut ours = TcpStream::connect(listener.local_addr()?)?;
        let (mut theirs, peer) = listener.accept()?;
        let own = theirs.local_addr()?;
        ours.write_all(b"12345")?;
        theirs.peek(&mut [0])?;
        assert_eq!(queues(own, peer)?, Some((5, 0)));
        theirs.read_exact(&mut [0; 5])?;
        assert_eq!(queues(own, peer)?, Some((0, 0)));
        let nowhere = "127.0.0.1:1".parse().map_err(io::Error::other)?;
        assert_eq!(queues(own, nowhere)?, None);
        Ok(())
    }
}
