//! Sends one datagram to a group, and says which of three sockets get it: one
//! that will be a member, and two that only have the port.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Duration;

use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrIn, bind, setsockopt, socket,
    sockopt::ReuseAddr,
};

const LO: Ipv4Addr = Ipv4Addr::LOCALHOST;
const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 83, 84);
const PORT: u16 = 8384;

fn main() -> io::Result<()> {
    let names = ["on 0.0.0.0", "on the group", "on the group as well"];
    let all = [Ipv4Addr::UNSPECIFIED, GROUP, GROUP].map(|it| listen(it, true));
    let all: Vec<UdpSocket> = all.into_iter().collect::<io::Result<_>>()?;
    let without = listen(GROUP, false).map_err(|error| error.kind());
    println!("one more, without SO_REUSEADDR: {without:?}");
    send("nobody is a member", &all, &names, GROUP)?;
    all[2].join_multicast_v4(&GROUP, &LO)?;
    send("the third is a member", &all, &names, GROUP)?;
    send("to 127.0.0.1", &all, &names, LO)
}

fn listen(ip: Ipv4Addr, shared: bool) -> io::Result<UdpSocket> {
    let flags = SockFlag::SOCK_CLOEXEC;
    let inet = AddressFamily::Inet;
    let socket = socket(inet, SockType::Datagram, flags, None)?;
    setsockopt(&socket, ReuseAddr, &shared)?;
    let address = SockaddrIn::from(SocketAddrV4::new(ip, PORT));
    bind(socket.as_raw_fd(), &address)?;
    let socket = UdpSocket::from(socket);
    socket.set_read_timeout(Some(Duration::from_millis(50)))?;
    Ok(socket)
}

fn send(
    what: &str,
    all: &[UdpSocket],
    names: &[&str],
    to: Ipv4Addr,
) -> io::Result<()> {
    // An ordinary socket that leaves by the interface of its address.
    let sender = UdpSocket::bind((LO, 0))?;
    sender.send_to(b"who is there?", (to, PORT))?;
    println!("{what}:");
    for (socket, name) in all.iter().zip(names) {
        let got = socket.recv_from(&mut [0; 64]).is_ok();
        println!("  {name}: {}", if got { "got it" } else { "-" });
    }
    Ok(())
}
