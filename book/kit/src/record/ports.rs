//! Ports: the text says 8080, the recording uses whatever is free.
//!
//! Free ports of four digits are chosen, because 8080 has four: a program
//! that prints its address writes as many bytes as on the reader's machine.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::Mutex;

use anyhow::{Result, bail};
use nix::sys::socket::{
    self, AddressFamily, SockFlag, SockType, SockaddrIn, SockaddrIn6,
};
use regex::{Captures, Regex};

/// The ports that scripts may name; each stands for a free one.
pub const SHOWN: std::ops::RangeInclusive<u16> = 8080..=8089;

/// Where the made-up numbers of other clients' ports begin.
const FIRST_CLIENT: u16 = 50_000;

/// Never given out twice by one process: its threads record in parallel.
static TAKEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// Pairs of a port in the text and the port in use.
#[derive(Debug, Default, Clone)]
pub struct Ports(Vec<(u16, u16)>);

impl Ports {
    /// A free port for each port of [`SHOWN`] that the script names. None is
    /// taken whose number occurs in `known`, what was recorded before: a
    /// count of bytes could not be told from it.
    pub fn for_script(script: &str, known: &str) -> Result<Ports> {
        let mut pairs = Vec::new();
        for shown in SHOWN {
            if word(shown).is_match(script) {
                pairs.push((shown, fresh(known)?));
            }
        }
        Ok(Ports(pairs))
    }

    /// The port in use behind the port of the text.
    pub fn real(&self, shown: u16) -> Option<u16> {
        self.0.iter().find(|pair| pair.0 == shown).map(|pair| pair.1)
    }

    /// What the text says, as it is run.
    pub fn reveal(&self, text: &str) -> String {
        self.0.iter().fold(text.to_string(), |text, (shown, real)| {
            word(*shown).replace_all(&text, real.to_string()).into_owned()
        })
    }

    /// What was printed, as it is shown.
    pub fn hide(&self, text: &str) -> String {
        self.0.iter().fold(text.to_string(), |text, (shown, real)| {
            word(*real).replace_all(&text, shown.to_string()).into_owned()
        })
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

fn word(port: u16) -> Regex {
    // A number between word boundaries is always a valid pattern.
    #[expect(clippy::expect_used)]
    Regex::new(&format!(r"\b{port}\b")).expect("valid")
}

/// A port of four digits that nobody uses, on IPv4 and on IPv6.
fn fresh(known: &str) -> Result<u16> {
    let services = std::fs::read_to_string("/etc/services").unwrap_or_default();
    let random = RandomState::new();
    for attempt in 0..10_000_u32 {
        let port = 3000 + (random.hash_one(attempt) % 7000) as u16;
        // nc and ss print the name of a port that has one.
        let named = services.contains(&format!("\t{port}/"));
        let confusing = known.contains(&port.to_string());
        if SHOWN.contains(&port) || named || confusing || !is_free(port) {
            continue;
        }
        let mut taken = TAKEN.lock().unwrap_or_else(|e| e.into_inner());
        if taken.insert(port) {
            return Ok(port);
        }
    }
    bail!("no free port between 3000 and 9999")
}

/// Whether `bind` succeeds. The standard library's listener would set
/// SO_REUSEADDR and so take a port that is still in TIME_WAIT.
fn is_free(port: u16) -> bool {
    let socket = |family| {
        let flags = SockFlag::SOCK_CLOEXEC;
        socket::socket(family, SockType::Stream, flags, None)
    };
    let v4 = socket(AddressFamily::Inet).and_then(|socket| {
        use std::os::fd::AsRawFd;
        let every = SockaddrIn::new(0, 0, 0, 0, port);
        socket::bind(socket.as_raw_fd(), &every)
    });
    let v6 = socket(AddressFamily::Inet6).and_then(|socket| {
        use std::os::fd::AsRawFd;
        let every = std::net::Ipv6Addr::UNSPECIFIED;
        let every = std::net::SocketAddrV6::new(every, port, 0, 0);
        socket::bind(socket.as_raw_fd(), &SockaddrIn6::from(every))
    });
    // On a machine without IPv6 nobody has the port there.
    v4.is_ok() && v6 != Err(nix::errno::Errno::EADDRINUSE)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn each_port_of_the_script_has_a_free_one_of_four_digits() {
        let ports = Ports::for_script("step02 8080; nc ::1 8081", "").unwrap();
        let (one, two) = (ports.real(8080).unwrap(), ports.real(8081).unwrap());
        assert!(one != two && (1000..=9999).contains(&one));
        assert_eq!(ports.real(8082), None);
        std::net::TcpListener::bind(("127.0.0.1", one)).unwrap();
    }

    #[test]
    fn what_is_run_is_shown_as_it_was_written() {
        let ports = Ports::for_script("nc 127.0.0.1 8080", "").unwrap();
        let run = ports.reveal("nc 127.0.0.1 8080; echo 80801");
        assert!(!run.contains(" 8080;") && run.ends_with("80801"));
        assert_eq!(ports.hide(&run), "nc 127.0.0.1 8080; echo 80801");
    }

    #[test]
    fn a_number_of_the_old_recording_is_no_port() {
        let known: String = (3000..9990).map(|n| format!("{n} ")).collect();
        let real = Ports::for_script("8080", &known).unwrap().real(8080);
        assert!(real.unwrap() >= 9990);
    }

    #[test]
    fn a_port_in_use_is_not_free() {
        let all = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(!is_free(all.local_addr().unwrap().port()));
    }

    #[test]
    fn clients_are_numbered_as_they_appear() {
        let pattern =
            Regex::new(r"(?<before>127\.0\.0\.1:)(?<port>\d+)").unwrap();
        let mut clients = Clients::default();
        let text = "127.0.0.1:40002 127.0.0.1:40001 127.0.0.1:40002 \
                    127.0.0.1:9 127.0.0.1:8080 40001";
        assert_eq!(
            clients.hide(text, &pattern),
            "127.0.0.1:50000 127.0.0.1:50001 127.0.0.1:50000 \
             127.0.0.1:9 127.0.0.1:8080 40001"
        );
    }
}
