//! What the kernel says about a socket: see sock_diag(7).
//!
//! The request and the reply are structs that neither libc nor nix have
//! (`inet_diag_req_v2`, `inet_diag_msg`), so their bytes are put and taken
//! here at the offsets that the man page gives.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, OwnedFd};

use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send,
    socket,
};

use super::proc::LISTEN;

const NETLINK_HEADER: usize = 16;
const QUESTION: usize = 56;
const SOCK_DIAG_BY_FAMILY: u16 = 20;

/// How many connections may wait at the IPv4 listener on `address`: the
/// number given to listen(2), as the kernel has it. `None` if nobody
/// listens there.
pub fn queue_limit(address: SocketAddr) -> io::Result<Option<u32>> {
    Ok(queue(address)?.map(|(_, limit)| limit))
}

/// How many connections wait at that listener, and how many may.
pub fn queue(address: SocketAddr) -> io::Result<Option<(u32, u32)>> {
    let socket = ask(&question(1 << LISTEN, libc::NLM_F_DUMP))?;
    loop {
        let result = receive(&socket)?;
        let mut rest = result.as_slice();
        while let Some((length, kind)) = header(rest) {
            match i32::from(kind) {
                libc::NLMSG_DONE => return Ok(None),
                libc::NLMSG_ERROR => {
                    return Err(io::Error::other("sock_diag refused"));
                }
                _ => {}
            }
            let body = rest.get(NETLINK_HEADER..length).unwrap_or_default();
            if let Some(queue) = queue_of(body, address) {
                return Ok(Some(queue));
            }
            let aligned = length.next_multiple_of(4).min(rest.len());
            rest = &rest[aligned..];
        }
        if result.is_empty() {
            return Ok(None);
        }
    }
}

/// A netlink message's length and type; `None` if there is no message.
fn header(bytes: &[u8]) -> Option<(usize, u16)> {
    let length = u32::from_ne_bytes(bytes.get(..4)?.try_into().ok()?);
    let kind = u16::from_ne_bytes(bytes.get(4..6)?.try_into().ok()?);
    let length = usize::try_from(length).ok()?;
    (length >= NETLINK_HEADER).then_some((length, kind))
}

/// How many bytes wait to be read, and how many to be acknowledged, at the
/// socket that has the address `own` and is connected with `peer`. `None` if
/// there is no such socket. One look, however many sockets there are.
pub fn queues(
    own: SocketAddr,
    peer: SocketAddr,
) -> io::Result<Option<(u32, u32)>> {
    let mut bytes = question(!0, 0);
    if own.is_ipv6() {
        bytes[16] = libc::AF_INET6 as u8;
    }
    // inet_diag_sockid: ports and addresses, those of our end first.
    let id = &mut bytes[NETLINK_HEADER + 8..];
    id[0..2].copy_from_slice(&own.port().to_be_bytes());
    id[2..4].copy_from_slice(&peer.port().to_be_bytes());
    for (at, ip) in [(4, own.ip()), (20, peer.ip())] {
        match ip {
            IpAddr::V4(ip) => id[at..at + 4].copy_from_slice(&ip.octets()),
            IpAddr::V6(ip) => id[at..at + 16].copy_from_slice(&ip.octets()),
        }
    }
    // Its cookie: any socket will do.
    id[40..48].fill(0xFF);
    let answer = receive(&ask(&bytes)?)?;
    match header(&answer) {
        Some((length, SOCK_DIAG_BY_FAMILY)) => {
            let body = answer.get(NETLINK_HEADER..length).unwrap_or_default();
            // Where there is no such connection, the listener is found.
            let is_listener = body.get(1) == Some(&LISTEN);
            Ok(queues_of(body).filter(|_| !is_listener))
        }
        _ => Ok(None),
    }
}

/// A request about the TCP sockets of IPv4 in these states.
fn question(states: u32, flags: i32) -> Vec<u8> {
    let mut bytes = vec![0; NETLINK_HEADER + QUESTION];
    let length = bytes.len() as u32;
    let flags = (libc::NLM_F_REQUEST | flags) as u16;
    bytes[0..4].copy_from_slice(&length.to_ne_bytes());
    bytes[4..6].copy_from_slice(&SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    bytes[6..8].copy_from_slice(&flags.to_ne_bytes());
    // inet_diag_req_v2: family, protocol, extensions, padding, states, id.
    bytes[16] = libc::AF_INET as u8;
    bytes[17] = libc::IPPROTO_TCP as u8;
    bytes[20..24].copy_from_slice(&states.to_ne_bytes());
    bytes
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

/// The same, if it is about `address`.
fn queue_of(body: &[u8], address: SocketAddr) -> Option<(u32, u32)> {
    let SocketAddr::V4(wanted) = address else { return None };
    // inet_diag_msg: four bytes, then the socket's id: ports, addresses.
    let port = u16::from_be_bytes(body.get(4..6)?.try_into().ok()?);
    let ip: [u8; 4] = body.get(8..12)?.try_into().ok()?;
    let same = port == wanted.port() && ip == wanted.ip().octets();
    queues_of(body).filter(|_| same)
}

/// Sends a request; what comes back is to be received from the socket.
fn ask(request: &[u8]) -> io::Result<OwnedFd> {
    let socket = socket(
        AddressFamily::Netlink,
        SockType::Datagram,
        SockFlag::SOCK_CLOEXEC,
        SockProtocol::NetlinkSockDiag,
    )?;
    send(socket.as_raw_fd(), request, MsgFlags::empty())?;
    Ok(socket)
}

fn receive(socket: &OwnedFd) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 32 * 1024];
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

    #[test]
    fn the_standard_library_asks_for_a_queue() -> io::Result<()> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        let limit = queue_limit(listener.local_addr()?)?;
        assert!(limit.is_some_and(|limit| limit >= 16), "{limit:?}");
        let nowhere = "127.0.0.1:0".parse().map_err(io::Error::other)?;
        assert_eq!(queue_limit(nowhere)?, None);
        Ok(())
    }
}
