//! Two servers that each ask for SO_REUSEPORT before they bind.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};

use nix::sys::socket::{
    self, AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, sockopt,
};

fn main() -> Result<(), Box<dyn Error>> {
    let one = listen(0)?;
    let address = one.local_addr()?;
    let two = listen(address.port())?;
    let clients: Result<Vec<_>, _> =
        (0..100).map(|_| TcpStream::connect(address)).collect();
    println!("{} clients", clients?.len());
    println!("one server has {}", accept_all(&one)?);
    println!("the other has {}", accept_all(&two)?);
    Ok(())
}

fn listen(port: u16) -> nix::Result<TcpListener> {
    let (family, kind) = (AddressFamily::Inet, SockType::Stream);
    let socket = socket::socket(family, kind, SockFlag::empty(), None)?;
    socket::setsockopt(&socket, sockopt::ReusePort, &true)?;
    let address =
        SockaddrIn::from(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port));
    socket::bind(socket.as_raw_fd(), &address)?;
    socket::listen(&socket, Backlog::MAXCONN)?;
    Ok(OwnedFd::into(socket))
}

fn accept_all(listener: &TcpListener) -> Result<usize, Box<dyn Error>> {
    listener.set_nonblocking(true)?;
    Ok(listener.incoming().take_while(|client| client.is_ok()).count())
}
