//! Exercise 24a, Who is there? Nodes that announce themselves to a group.
//!
//! Try it: `cargo run --example 24a -- 127.0.0.1:8001`, and another on 8002

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::net::{TcpStream, UdpSocket};
use std::os::fd::AsRawFd;
use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn};
use nix::sys::socket::{bind, setsockopt, socket, sockopt};
use peer::random::random;
use shared::cli::{self, Failure};
use shared::net::listener::Listener;

/// The other nodes by their ids: where each is, and when it was heard last.
static NODES: Mutex<Nodes> = Mutex::new(Nodes::new());
type Nodes = BTreeMap<u64, (SocketAddr, Instant)>;
const MAX_NODES: usize = 100; //-solution

//-main

fn run() -> Result<(), Failure> {
    let usage = "usage: 24a [ADDRESS] [--group IP:PORT] [--period MS]";
    let flags = ["group", "period"];
    let (address, [group, period]) = cli::server_arguments(usage, flags)?;
    let period = cli::number("period", period, 3_600_000, 1000)?;
    let group = group.unwrap_or("239.77.0.1:8383".into());
    let group = group.to_string_lossy().parse().map_err(Failure::usage)?;
    serve(address, group, period as u64)
        .map_err(|error| Failure::new("cannot serve", error))
}

/// Announces this node, hears others, and sends each client the list.
fn serve(at: SocketAddr, group: SocketAddrV4, ms: u64) -> io::Result<()> {
    let period = Duration::from_millis(ms);
    let IpAddr::V4(ip) = at.ip() else { Err(io::ErrorKind::Unsupported)? };
    let (id, limit) = (u64::from_ne_bytes(random()?), period * 3);
    let (listener, socket) = (Listener::open(at)?, join(group, ip)?);
    thread::Builder::new().spawn(move || hear(&socket, id, limit))?;
    // What it sends to a group leaves from the interface with this address.
    let sender = UdpSocket::bind((ip, 0))?;
    let announcement = format!("node {id} {}\n", listener.address());
    let announce = move || loop {
        if let Err(error) = sender.send_to(announcement.as_bytes(), group) {
            cli::log(format_args!("cannot announce: {error}"));
        }
        thread::sleep(period);
    };
    thread::Builder::new().spawn(announce)?;
    cli::print(format_args!("listening on {}", listener.address()));
    loop {
        let (client, _) = listener.accept()?;
        let mut list = String::new();
        for (id, (address, _)) in nodes(limit).iter() {
            list += &format!("{id} {address}\n");
        }
        // A client that has gone needs no list.
        let _ = TcpStream::from(client).write_all(list.as_bytes());
    }
}

/// A socket for what is sent to `group` on the interface that has `ip`.
fn join(group: SocketAddrV4, ip: Ipv4Addr) -> io::Result<UdpSocket> {
    let (family, kind) = (AddressFamily::Inet, SockType::Datagram);
    let socket = socket(family, kind, SockFlag::SOCK_CLOEXEC, None)?;
    // Another program of this host may have the port as well.
    setsockopt(&socket, sockopt::ReuseAddr, &true)?;
    // Not what is sent to our own addresses, or to other groups. //-solution
    let address = SockaddrIn::from(group); //-solution
    // // TODO: what else is sent to this port of this host? //-starter
    // let address = SockaddrIn::new(0, 0, 0, 0, group.port()); //-starter
    bind(socket.as_raw_fd(), &address)?;
    let socket = UdpSocket::from(socket);
    socket.join_multicast_v4(group.ip(), &ip)?;
    Ok(socket)
}

/// Takes announcements as they come.
fn hear(socket: &UdpSocket, own_id: u64, limit: Duration) {
    let mut bytes = [0; 64]; // The longest has 48.
    // It fails for want of memory, if at all: the list will show that.
    while let Ok((count, from)) = socket.recv_from(&mut bytes) {
        let Some((id, address)) = parse(&bytes[..count]) else { continue };
        let mut nodes = nodes(limit);
        //-solution
        let has_room = nodes.len() < MAX_NODES || nodes.contains_key(&id);
        if id != own_id && has_room {
            let address = SocketAddr::new(from.ip(), address.port());
            nodes.insert(id, (address, Instant::now()));
        }
        //-starter
        // let _ = (from, own_id); // TODO: who has sent this, and is it true?
        // nodes.insert(id, (address, Instant::now()));
        //-end
    }
}

/// The id and the address in an announcement.
fn parse(bytes: &[u8]) -> Option<(u64, SocketAddr)> {
    let line = str::from_utf8(bytes).ok()?.strip_suffix('\n')?; //-solution
    // let line = str::from_utf8(bytes).ok()?.trim_end(); // TODO //-starter
    let (id, address) = line.strip_prefix("node ")?.split_once(' ')?;
    Some((id.parse().ok()?, address.parse().ok()?))
}

/// The list, without those who have been silent for so long.
fn nodes(limit: Duration) -> MutexGuard<'static, Nodes> {
    //-solution
    let mut nodes = NODES.lock().unwrap_or_else(PoisonError::into_inner);
    nodes.retain(|_, (_, heard)| heard.elapsed() < limit);
    nodes
    //-starter
    // let _ = limit; // TODO: who leaves does not say so
    // NODES.lock().unwrap_or_else(PoisonError::into_inner)
    //-end
}
