//! 03b Next, please: the addresses of a name, in order.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::expect::calls;
use super::prelude::*;
use crate::lab::Peer;
use crate::lab::fixtures::own_address;

const SAYS: &str = "connects to a name and says where";
const NEXT: &str = "goes on to the next address when one refuses";

pub const CHECKS: &[Check] = checks![
    SAYS, 1, needs [], Passes, read "A name is a list", says;
    NEXT, 2, needs [SAYS], Fails, read "A name is a list", next;
    "takes IPv6 and IPv4 as they come", 1, needs [NEXT], Waits,
        read "The handshake from the client", family;
    "gives every address with its reason if none accepts", 2, needs [SAYS],
        Fails, read "A name is a list", reasons;
    "says why a name has no address", 1, needs [], Fails,
        read "A name is a list", no_name;
    "closes the sockets that did not connect", 1, needs [NEXT], Waits,
        read "connect(2)", closes;
    "gives the resolver's list back", 1, needs [SAYS], Fails,
        read "A name is a list", frees;
];

/// The program, for which every name has these addresses.
fn connected(
    lab: &Lab,
    addresses: &[IpAddr],
    port: u16,
    rounds: u32,
) -> Outcome<Program> {
    let names: Vec<String> =
        addresses.iter().map(ToString::to_string).collect();
    let (port, rounds) = (port.to_string(), rounds.to_string());
    lab.launch(&["server.example", &port, &rounds])
        .shim(&format!("gai={}", names.join("+")))
        .descriptors(32)
        .spawn()
}

fn own_ips(count: usize) -> Vec<IpAddr> {
    (0..count).map(|_| own_address().ip()).collect()
}

fn says(lab: &Lab) -> Outcome {
    let peer = Peer::open(([127, 0, 0, 1], 0))?;
    let address = peer.address();
    let program = connected(lab, &[address.ip()], address.port(), 1)?;
    calls(&program, &peer).map(drop)
}

fn next(lab: &Lab) -> Outcome {
    let ips = own_ips(4);
    // Nobody listens at the first two; all have the same port.
    let peers = Peer::open_all(&ips[2..])?;
    let program = connected(lab, &ips, peers[0].address().port(), 1)?;
    calls(&program, &peers[0]).map(drop).likely(if peers[1].take().is_some() {
        "the resolver gives the best address first: the order is not yours to \
         change"
    } else {
        "a name may have many addresses: try each in turn, with a new socket"
    })
}

fn family(lab: &Lab) -> Outcome {
    let six = IpAddr::from(Ipv6Addr::LOCALHOST);
    let four = own_address().ip();
    let guess = "the family of the socket is that of the address, and the \
                 resolver gives both kinds unless it is told otherwise";
    for order in [[four, six], [six, four]] {
        let peer = Peer::open((order[1], 0)).map_err(|_| {
            Trouble::blocked("this machine has no IPv6 on its loopback")
        })?;
        let program = connected(lab, &order, peer.address().port(), 1)?;
        calls(&program, &peer).likely(guess)?;
    }
    Ok(())
}

fn reasons(lab: &Lab) -> Outcome {
    let here = own_address();
    // TCP to a group is refused by our own kernel.
    let group = IpAddr::from([224, 0, 0, 1]);
    let there = own_address().ip();
    let program = connected(lab, &[here.ip(), group, there], here.port(), 1)?;
    for (ip, reason) in
        [(here.ip(), "refused"), (group, "unreachable"), (there, "refused")]
    {
        let address = SocketAddr::new(ip, here.port()).to_string();
        exits_naming(&program, 1, &[&address, reason]).likely(
            "each address has its own reason: keep them until the last has \
             failed",
        )?;
    }
    Ok(())
}

fn no_name(lab: &Lab) -> Outcome {
    for (error, text) in
        [("NONAME", "not known"), ("AGAIN", "Temporary failure")]
    {
        let launch = lab.launch(&["nobody.example", "80", "1"]);
        let program = launch.shim(&format!("gai={error}")).spawn()?;
        exits_naming(&program, 1, &["nobody.example", text]).likely(
            "the resolver has its own errors and its own text for them: \
             gai_strerror; errno says nothing here",
        )?;
    }
    Ok(())
}

fn closes(lab: &Lab) -> Outcome {
    let mut ips = own_ips(50);
    let peer = Peer::open((own_address().ip(), 0))?;
    ips.push(peer.address().ip());
    let program = connected(lab, &ips, peer.address().port(), 1)?;
    calls(&program, &peer).map(drop).likely(
        "the program may have 32 descriptors: a socket that did not connect \
         is not closed",
    )
}

fn frees(lab: &Lab) -> Outcome {
    let peer = Peer::open((own_address().ip(), 0))?;
    // The first accepts; the others make the list long.
    let others = (150..250).map(|last| IpAddr::from([127, 0, 9, last]));
    let ips: Vec<IpAddr> =
        std::iter::once(peer.address().ip()).chain(others).collect();
    let program = connected(lab, &ips, peer.address().port(), 601)?;
    let memory_after = |rounds: u32| {
        for _ in 0..rounds {
            // By a reset: a port that waits would be one less for the others.
            peer.accept_silently(&program)?.reset()?;
        }
        Ok(proc::memory(program.pid()).unwrap_or(0))
    };
    let early = memory_after(100)?;
    let grown = memory_after(500)?.saturating_sub(early);
    lab.log().event(format!("600 rounds of {}", ips.len()));
    ensure(grown <= 1024, || {
        let got = format!("{grown} kB more than after 100 rounds");
        program.failed("memory does not grow", got)
    })
    .likely("getaddrinfo's list is yours until you give it to freeaddrinfo")?;
    memory_after(1)?;
    program.wait(Duration::from_secs(5)).map(drop)
}
