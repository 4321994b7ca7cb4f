//! Servers that the harness itself plays, for programs that are clients.

use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsRawFd;

use nix::sys::socket::{Backlog, Shutdown, listen, shutdown};

use super::Lab;
use super::client::Client;
use super::program::Program;
use super::time::{self, PATIENCE};
use super::transcript::Transcript;
use super::trouble::{Outcome, Trouble};

/// An address of this machine that is not for itself alone, if it has one.
pub fn outward_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    // Nothing is sent: the kernel chooses where it would be sent from. The
    // other end is nobody's: RFC 5737.
    socket.connect("203.0.113.1:9").ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback()).then_some(address)
}

/// A listener of ours.
pub struct Peer {
    listener: TcpListener,
    address: SocketAddr,
}

impl Peer {
    /// At this address; port 0 takes a free one.
    pub fn open(address: impl Into<SocketAddr>) -> Outcome<Peer> {
        let address = address.into();
        let listener = TcpListener::bind(address).and_then(|listener| {
            listener.set_nonblocking(true)?;
            Ok((listener.local_addr()?, listener))
        });
        let (address, listener) = listener.map_err(|error| {
            Trouble::blocked(format!("cannot listen on {address}: {error}"))
        })?;
        Ok(Peer { listener, address })
    }

    /// At each of these addresses, with one port that is free at all.
    pub fn open_all(addresses: &[IpAddr]) -> Outcome<Vec<Peer>> {
        let mut last = None;
        for _ in 0..20 {
            let mut port = 0;
            let peers = addresses.iter().map(|ip| {
                let peer = Peer::open((*ip, port))?;
                port = peer.address.port();
                Ok(peer)
            });
            match peers.collect() {
                Ok(peers) => return Ok(peers),
                Err(trouble) => last = Some(trouble),
            }
        }
        Err(last.unwrap_or_else(|| Trouble::blocked("no port is free")))
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The connection that `program` makes, called `name` in the record.
    pub fn accept(
        &self,
        lab: &Lab,
        program: &Program,
        name: &str,
    ) -> Outcome<Client> {
        let stream = self.await_call(program)?;
        let address = self.address;
        lab.log().event(format!("{name}: called at {address}"));
        Client::accepted(program, stream, name, lab.log())
    }

    /// The only connection that `program` makes.
    pub fn accept_one(&self, program: &Program) -> Outcome<Client> {
        self.accept(program.lab(), program, "server")
    }

    /// The same without a word in the record.
    pub fn accept_silently(&self, program: &Program) -> Outcome<Client> {
        let stream = self.await_call(program)?;
        Client::accepted(program, stream, "", &Transcript::default())
    }

    fn await_call(&self, program: &Program) -> Outcome<TcpStream> {
        let came = time::eventually(program.patience(), program.pid(), || {
            let ended = program.ended().is_some();
            let connection = self.take();
            (ended || connection.is_some()).then_some(connection)
        });
        came.flatten().ok_or_else(|| {
            let expected = format!("it connects to {}", self.address);
            program.failed(expected, "it does not")
        })
    }

    /// The next connection that waits, if there is one.
    pub fn take(&self) -> Option<TcpStream> {
        self.listener.accept().ok().map(|(stream, _)| stream)
    }
}

impl Drop for Peer {
    /// From now on whoever calls is refused. To close it is not enough: a
    /// program that is being started at this moment has a copy.
    fn drop(&mut self) {
        // It listens: nothing can go wrong.
        let _ = shutdown(self.listener.as_raw_fd(), Shutdown::Both);
    }
}

/// An address that never accepts: a listener with a queue for one, and one
/// in it. The kernel drops who calls then, as it would if a cable were cut.
pub struct BlackHole {
    peer: Peer,
    _in_the_queue: TcpStream,
}

impl BlackHole {
    /// On a free port of `ip`.
    pub fn open(ip: IpAddr) -> Outcome<BlackHole> {
        BlackHole::of(Peer::open((ip, 0))?)
    }

    /// From now on.
    pub fn of(peer: Peer) -> Outcome<BlackHole> {
        // It may be called again to change the queue's length.
        let backlog = Backlog::new(0);
        let result = backlog.and_then(|none| listen(&peer.listener, none));
        let caller = TcpStream::connect_timeout(&peer.address, PATIENCE);
        match (result, caller) {
            (Ok(()), Ok(caller)) => {
                Ok(BlackHole { peer, _in_the_queue: caller })
            }
            _ => Err(Trouble::blocked("cannot make a black hole")),
        }
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.peer.address
    }
}
