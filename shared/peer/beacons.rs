//! Enters in step 25: beacons: datagrams to all nodes of the room, and from
//! them.

use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use crate::beacon::{Beacon, GROUP, LENGTH, PERIOD, PORT};
use nix::errno::Errno;
use nix::ifaddrs::getifaddrs;
use nix::libc;
use nix::net::if_::InterfaceFlags;
use nix::sys::socket::{
    self, AddressFamily, IpMembershipRequest, MsgFlags, SockFlag, SockType,
    SockaddrIn, sockopt,
};

/// So many are read in a row.
const TURN: usize = 64;

/// What has become of beacons so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// They cannot be sent.
    Failed(Errno),
    /// Not even our own.
    Nothing,
    /// Our own.
    Own,
    /// Others'.
    Others,
}

/// Sends beacons, and hears them.
pub struct Beacons {
    socket: OwnedFd,
    /// Where we listen: beacons are sent only from there. If that is
    /// everywhere, they are sent everywhere.
    listens: IpAddr,
    due: Instant,
    sequence: u32,
    /// What has been heard so far.
    pub heard: Heard,
}

impl Beacons {
    /// Those of a node that listens there.
    ///
    /// # Errors
    /// Those of socket(2), setsockopt(2) and bind(2).
    pub fn open(listens: IpAddr, now: Instant) -> nix::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let kind = SockType::Datagram;
        let socket = socket::socket(AddressFamily::Inet, kind, flags, None)?;
        // Other nodes on this machine listen on the same port, also those of
        // other users: each of them gets what is sent to the group.
        socket::setsockopt(&socket, sockopt::ReuseAddr, &true)?;
        // No router passes it on.
        socket::setsockopt(&socket, sockopt::IpMulticastTtl, &1)?;
        // To this machine as well: we are told of our own.
        socket::setsockopt(&socket, sockopt::IpMulticastLoop, &true)?;
        // To the group's address: what is sent to ours is not for this socket.
        let group = SockaddrIn::from(SocketAddrV4::new(GROUP, PORT));
        socket::bind(socket.as_raw_fd(), &group)?;
        Ok(Beacons {
            socket,
            listens,
            due: now,
            sequence: 0,
            heard: Heard::Nothing,
        })
    }

    /// To wait for.
    pub fn socket(&self) -> &OwnedFd {
        &self.socket
    }

    /// When the next one is to be sent.
    pub fn due(&self) -> Instant {
        self.due
    }

    /// The next one is to be sent at once.
    pub fn hurry(&mut self, now: Instant) {
        self.due = now;
    }

    /// Sends one from each interface. `chance` is random.
    pub fn send(&mut self, mut beacon: Beacon, now: Instant, chance: u64) {
        // A fifth more or less: nodes that were started at once do not speak
        // at once for ever.
        let jitter = chance % (PERIOD.as_millis() as u64 * 2 / 5);
        self.due = now + PERIOD * 4 / 5 + Duration::from_millis(jitter);
        beacon.sequence = self.sequence;
        self.sequence = self.sequence.wrapping_add(1);
        let mut result = Err(Errno::ENETDOWN);
        for interface in interfaces(self.listens) {
            let sent = self
                .join(interface)
                .and_then(|()| self.send_from(interface, &beacon.encode()));
            result = result.or(sent);
        }
        match (result, self.heard) {
            (Err(errno), Heard::Failed(_) | Heard::Nothing) => {
                self.heard = Heard::Failed(errno);
            }
            (Ok(()), Heard::Failed(_)) => self.heard = Heard::Nothing,
            _ => {}
        }
    }

    /// Becomes a member of the group on an interface, each time: one that was
    /// unplugged, and is back, knows nothing of it.
    fn join(&self, interface: Ipv4Addr) -> nix::Result<()> {
        // Ask for what is sent to the group, as it comes to this interface:
        // the network is told, too (IGMP).
        let request = IpMembershipRequest::new(GROUP, Some(interface));
        match socket::setsockopt(
            &self.socket,
            sockopt::IpAddMembership,
            &request,
        ) {
            // It is a member already.
            Ok(()) | Err(Errno::EADDRINUSE) => Ok(()),
            Err(errno) => Err(errno),
        }
    }

    fn send_from(
        &self,
        interface: Ipv4Addr,
        datagram: &[u8; LENGTH],
    ) -> nix::Result<()> {
        let from = libc::in_addr { s_addr: u32::from(interface).to_be() };
        // Ask for what is sent to a group to leave by this interface. nix has
        // no safe call for it.
        // SAFETY: the option is an in_addr, and that is what the pointer and
        // the length say.
        let result = unsafe {
            libc::setsockopt(
                self.socket.as_raw_fd(),
                libc::IPPROTO_IP,
                libc::IP_MULTICAST_IF,
                (&raw const from).cast(),
                size_of_val(&from) as libc::socklen_t,
            )
        };
        Errno::result(result)?;
        // Ask for one datagram to be sent: all of it, or nothing.
        let group = SockaddrIn::from(SocketAddrV4::new(GROUP, PORT));
        let flags = MsgFlags::empty();
        socket::sendto(self.socket.as_raw_fd(), datagram, &group, flags)
            .map(drop)
    }

    /// The beacons that have come, and from where: so many at most.
    pub fn receive(&mut self) -> Vec<(Beacon, IpAddr)> {
        let mut beacons = Vec::new();
        for _ in 0..TURN {
            // One byte more than a beacon has: what is longer is none.
            let mut buffer = [0; LENGTH + 1];
            // Ask for the next datagram, and who has sent it.
            let descriptor = self.socket.as_raw_fd();
            match socket::recvfrom::<SockaddrIn>(descriptor, &mut buffer) {
                Ok((count, Some(from))) => {
                    let beacon = Beacon::parse(&buffer[..count]);
                    beacons.extend(beacon.map(|it| (it, from.ip().into())));
                }
                // Nothing more, or an error of a datagram that was sent.
                Ok(_) | Err(_) => break,
            }
        }
        beacons
    }
}

/// The IPv4 addresses of this machine's interfaces that can be used by a node
/// which listens there.
pub fn interfaces(listens: IpAddr) -> Vec<Ipv4Addr> {
    // Without them there is nothing to be sent, which is told.
    let Ok(all) = getifaddrs() else { return Vec::new() };
    let is_up = |flags: InterfaceFlags| flags.contains(InterfaceFlags::IFF_UP);
    let all = all.filter(|it| is_up(it.flags)).filter_map(|it| {
        let address = it.address?.as_sockaddr_in()?.ip();
        let is_wanted = match listens {
            IpAddr::V4(ip) if ip.is_unspecified() => !address.is_loopback(),
            IpAddr::V6(ip) if ip.is_unspecified() => !address.is_loopback(),
            ip => ip == address,
        };
        is_wanted.then_some(address)
    });
    all.collect()
}
