//! Somebody who listens in the room, and says what they like.
//!
//! `hear ADDRESS` shows a beacon of the node there, `join ADDRESS` says a line
//! in the network that it is of, and `lie ADDRESS COUNT` says where nodes are
//! that are not there.

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::time::Duration;
use std::{env, thread};

use nix::sys::socket::{
    self, AddressFamily, IpMembershipRequest, SockFlag, SockType, SockaddrIn,
    setsockopt, sockopt,
};
use peer::beacon::{Beacon, FIELDS, GROUP, LENGTH, PORT};
use peer::frame;
use peer::hello::{Greeting, PeerId, network_id};
use peer::kind::Kind;
use peer::peers::{self, MAX_ENTRIES, Whereabouts};
use peer::wire::annotate;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["hear", address] => {
            let datagram = hear(address.parse()?)?;
            print!("{}", annotate(&FIELDS, &datagram));
        }
        ["join", address] => {
            let address = address.parse()?;
            let beacon = Beacon::parse(&hear(address)?).ok_or("no beacon")?;
            let line = b"I have only heard a beacon.".to_vec();
            say(address, beacon.network, &[(Kind::Line, line)])?;
        }
        ["lie", address, count] => {
            let address: SocketAddr = address.parse()?;
            // Of this machine's own addresses it can speak only here.
            let first = if address.ip().is_loopback() { 127 } else { 10 };
            let all = (0..count.parse()?).map(|number| lie(first, number));
            let all: Vec<_> = all.collect();
            let frames = all.chunks(MAX_ENTRIES);
            let frames = frames.map(|it| (Kind::Peers, peers::encode(it)));
            let network = network_id("step24", 16, None);
            say(address, network, &frames.collect::<Vec<_>>())?;
        }
        _ => return Err("hear, join or lie?".into()),
    }
    Ok(())
}

/// The next beacon of the node there.
fn hear(node: SocketAddr) -> Result<[u8; LENGTH], Box<dyn Error>> {
    let flags = SockFlag::SOCK_CLOEXEC;
    let inet = AddressFamily::Inet;
    let socket = socket::socket(inet, SockType::Datagram, flags, None)?;
    setsockopt(&socket, sockopt::ReuseAddr, &true)?;
    let address = SockaddrIn::from(std::net::SocketAddrV4::new(GROUP, PORT));
    socket::bind(socket.as_raw_fd(), &address)?;
    let lo = IpMembershipRequest::new(GROUP, Some(Ipv4Addr::LOCALHOST));
    setsockopt(&socket, sockopt::IpAddMembership, &lo)?;
    let mut datagram = [0; LENGTH];
    loop {
        let socket = socket.as_raw_fd();
        let (_, from) = socket::recvfrom::<SockaddrIn>(socket, &mut datagram)?;
        let ip = from.ok_or("from nowhere")?.ip();
        let port = Beacon::parse(&datagram).map(|it| it.port);
        if port.is_some_and(|port| node == SocketAddr::from((ip, port))) {
            return Ok(datagram);
        }
    }
}

/// A node that is not there, at an address of its own.
fn lie(first: u8, number: u16) -> Whereabouts {
    let [high, low] = number.to_be_bytes();
    let ip = Ipv4Addr::new(first, 66, high, low);
    let address = SocketAddr::new(ip.into(), 8000);
    Whereabouts { address, age: 1, node: PeerId([low; 32]) }
}

/// Greets the node there, says this, and listens for two seconds.
fn say(
    address: SocketAddr,
    network: [u8; 32],
    frames: &[(Kind, Vec<u8>)],
) -> io::Result<()> {
    let (session, node) = (0xee, PeerId([0xee; 32]));
    let greeting = Greeting { session, node, port: 0, network };
    let mut out = Vec::new();
    let hello = greeting.hello(address, 0).encode();
    frame::encode(Kind::Hello, &hello, &mut out);
    frame::encode(Kind::Ready, &[], &mut out);
    for (kind, payload) in frames {
        frame::encode(*kind, payload, &mut out);
    }
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(&out)?;
    thread::sleep(Duration::from_secs(2));
    // What it has said is not of interest.
    stream.read(&mut [0; 65_536]).map(drop)
}
