//! Ports: the text says 8080, the recording uses whatever is free.
//!
//! Free ports of four digits are chosen, because 8080 has four: a program
//! that prints its address writes as many bytes as on the reader's machine.

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsRawFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{self, UnixDatagram};
use std::sync::LazyLock;

use anyhow::{Result, bail};
use nix::errno::Errno;
use nix::sys::socket::{
    self, AddressFamily, SockFlag, SockType, SockaddrLike, SockaddrStorage,
};
use regex::{Captures, Regex};

use crate::pattern;

/// The ports that scripts may name; each stands for a free one.
pub const SHOWN: std::ops::RangeInclusive<u16> = 8080..=8089;

/// A port as a script names it.
static PORT_IN_SCRIPT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x) (?<before> : | / | [\d.]+\x20 | ::1\x20 | localhost\x20
        | port\x20 | -l\x20 | \bstep\d\d\x20 (?:--\x20)? )
        (?<port>808\d)\b",
    )
});

static FOUR_DIGITS: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b\d{4}\b"));

/// Where the made-up numbers of other clients' ports begin.
const FIRST_CLIENT: u16 = 50_000;

/// The ports in use in the place of [`SHOWN`]: as many, side by side, so that
/// a program that speaks of the next port is understood.
#[derive(Debug)]
pub struct Ports {
    first: u16,
    /// Says to other recorders, in this process or another, that they are
    /// taken: a name can be bound once.
    _claim: UnixDatagram,
}

impl Ports {
    /// Ports that are free. None is taken whose number occurs in `known`,
    /// what was recorded before: a count of bytes could not be told from it.
    pub fn fresh(known: &str) -> Result<Ports> {
        let services =
            std::fs::read_to_string("/etc/services").unwrap_or_default();
        let random = RandomState::new();
        for attempt in 0..2000_u32 {
            let first = (300 + random.hash_one(attempt) % 700) as u16 * 10;
            let name = format!("socket-to-swarm-ports-{first}");
            let name = net::SocketAddr::from_abstract_name(name)?;
            let Ok(claim) = UnixDatagram::bind_addr(&name) else { continue };
            let mut ports = first..first + SHOWN.len() as u16;
            // nc and ss print the name of a port that has one.
            let fit = ports.all(|port| {
                !services.contains(&format!("\t{port}/"))
                    && !known.contains(&port.to_string())
                    && !SHOWN.contains(&port)
                    && is_free(port)
            });
            if fit {
                return Ok(Ports { first, _claim: claim });
            }
        }
        bail!("no free ports between 3000 and 9999")
    }

    /// The port in use behind a port of [`SHOWN`].
    pub fn real(&self, shown: u16) -> u16 {
        self.first + (shown - SHOWN.start())
    }

    /// What a script says, as it is run: its ports stand behind a colon, an
    /// address or the name of a step. Elsewhere 8080 is a number.
    pub fn reveal(&self, text: &str) -> String {
        let real = |found: &Captures| {
            let shown: u16 = found["port"].parse().unwrap_or_default();
            format!("{}{}", &found["before"], self.real(shown))
        };
        PORT_IN_SCRIPT.replace_all(text, real).into_owned()
    }

    /// What was printed, as it is shown.
    pub fn hide(&self, text: &str) -> String {
        let shown = |found: &Captures| {
            let number: u16 = found[0].parse().unwrap_or_default();
            match number.checked_sub(self.first) {
                Some(index) if index < SHOWN.len() as u16 => {
                    (SHOWN.start() + index).to_string()
                }
                _ => found[0].to_string(),
            }
        };
        FOUR_DIGITS.replace_all(text, shown).into_owned()
    }
}

/// The ports that the kernel chose for clients, numbered as they appear.
#[derive(Debug, Default)]
pub struct Clients(Vec<u16>);

impl Clients {
    /// Replaces every such port behind an address of this machine. `kept`
    /// are ports that have a name of their own.
    pub fn hide(&mut self, text: &str, pattern: &Regex) -> String {
        let range = ephemeral();
        let replace = |found: &Captures| {
            let whole = found[0].to_string();
            let Ok(port) = found["port"].parse::<u16>() else { return whole };
            if !range.contains(&port) || SHOWN.contains(&port) {
                return whole;
            }
            format!("{}{}", &found["before"], self.number(port))
        };
        pattern.replace_all(text, replace).into_owned()
    }

    fn number(&mut self, port: u16) -> u16 {
        let known = self.0.iter().position(|p| *p == port);
        let index = known.unwrap_or_else(|| {
            self.0.push(port);
            self.0.len() - 1
        });
        FIRST_CLIENT.saturating_add(u16::try_from(index).unwrap_or(u16::MAX))
    }
}

/// The range from which the kernel takes ports for clients.
fn ephemeral() -> std::ops::RangeInclusive<u16> {
    let path = "/proc/sys/net/ipv4/ip_local_port_range";
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let mut ends = text.split_whitespace().flat_map(str::parse);
    match (ends.next(), ends.next()) {
        (Some(first), Some(last)) => first..=last,
        _ => 32_768..=60_999,
    }
}

/// Whether `bind` succeeds. The standard library's listener would set
/// SO_REUSEADDR and so take a port that is still in TIME_WAIT.
fn is_free(port: u16) -> bool {
    let bound = |address: SocketAddr| {
        let address = SockaddrStorage::from(address);
        let family = address.family().unwrap_or(AddressFamily::Inet);
        let flags = SockFlag::SOCK_CLOEXEC;
        let socket = socket::socket(family, SockType::Stream, flags, None)?;
        socket::bind(socket.as_raw_fd(), &address)
    };
    let v4 = bound((Ipv4Addr::UNSPECIFIED, port).into());
    let v6 = bound((Ipv6Addr::UNSPECIFIED, port).into());
    // On a machine without IPv6 nobody has the port there.
    v4.is_ok() && v6 != Err(Errno::EADDRINUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ports_are_free_and_have_four_digits() {
        let ports = Ports::fresh("").unwrap();
        let (one, two) = (ports.real(8080), ports.real(8089));
        assert_eq!(one + 9, two);
        assert!((1000..9999).contains(&one));
        assert!(is_free(one));
        let _user = std::net::TcpListener::bind(("127.0.0.1", one)).unwrap();
        assert!(!is_free(one));
    }

    #[test]
    fn no_two_recorders_have_the_same() {
        let all: Vec<_> = (0..50).map(|_| Ports::fresh("").unwrap()).collect();
        let firsts: std::collections::BTreeSet<_> =
            all.iter().map(|ports| ports.real(8080)).collect();
        assert_eq!(firsts.len(), all.len());
    }

    #[test]
    fn what_is_run_is_shown_as_it_was_written() {
        let ports = Ports::fresh("").unwrap();
        for (script, has_ports) in [
            ("nc 127.0.0.1 8080; echo x > /dev/tcp/127.0.0.1/8081", true),
            ("nc ::1 8080; nc -v localhost 8080; curl http://a:8080/", true),
            ("step01 8080; cargo run --bin step02 -- 8081", true),
            ("printf '%x' 8080; head -c 8080 a; echo 127.0.0.1 80801", false),
        ] {
            let run = ports.reveal(script);
            assert_eq!(run.contains("808"), !has_ports, "{run}");
            assert_eq!(ports.hide(&run), script);
        }
        assert_eq!(ports.hide("2999 12345 8080"), "2999 12345 8080");
    }

    #[test]
    fn a_number_of_the_old_recording_is_no_port() {
        let known: String = (3000..9000).map(|n| format!("{n} ")).collect();
        assert!(Ports::fresh(&known).unwrap().real(8080) >= 9000);
    }
}
