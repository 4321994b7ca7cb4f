//! Rooms of machines: network namespaces, of which nothing is left as soon as
//! nobody has them open, however a test ends.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::process::{self, Command, Stdio};

use super::discovery::{expect_links, expect_said};
use super::ledger::expect_printed;
use crate::lab::Outcome;
use crate::lab::program::Program;
use crate::lab::time::{self, PATIENCE};
use crate::steps::{Step, find, on_every, skip_here};

/// This thread enters a namespace, and has been in the one that is returned.
fn enter(space: &File) -> File {
    let before = File::open("/proc/thread-self/ns/net").unwrap();
    // SAFETY: the call takes numbers.
    let result = unsafe { libc::setns(space.as_raw_fd(), libc::CLONE_NEWNET) };
    assert_eq!(result, 0, "setns(2) failed");
    before
}

/// Does it there: this thread, and the programs that it starts.
fn within<T>(space: &File, work: impl FnOnce() -> T) -> T {
    let before = enter(space);
    let result = work();
    enter(&before);
    result
}

/// What such a command prints there.
fn run(space: &File, command: &str) -> String {
    let mut shell = Command::new("/bin/sh");
    let output = within(space, || shell.args(["-ec", command]).output());
    let output = output.unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// A new one, if there can be one.
fn new() -> Option<File> {
    let before = File::open("/proc/thread-self/ns/net").ok()?;
    // SAFETY: the call takes a number.
    let is_new = unsafe { libc::unshare(libc::CLONE_NEWNET) } == 0;
    is_new.then(|| enter(&before))
}

/// Two networks, 10.1.0.0/24 and 10.2.0.0/24, with a router between them.
struct Room {
    router: File,
    hosts: Vec<File>,
    nodes: Vec<Program>,
}

impl Room {
    /// With these hosts, each the network that it is in, and a rule for what
    /// comes to host `N`. `None`, after saying so, if that cannot be had here.
    fn new(networks: &[u8], rule: &str) -> Option<Room> {
        let is_missing = ["bridge", "nft"].iter().any(|it| find(it).is_none());
        let Some(router) = new().filter(|_| !is_missing) else {
            let how = "be root; apt-get install iproute2 nftables";
            skip_here("no network namespaces", how);
            return None;
        };
        let script = "for n in 1 2; do
            ip link add b$n type bridge mcast_snooping 0
            ip addr add 10.$n.0.254/24 dev b$n
            ip link set b$n up; done
            echo 1 >/proc/sys/net/ipv4/ip_forward";
        run(&router, script);
        let mut room = Room { router, hosts: vec![], nodes: vec![] };
        for (network, number) in networks.iter().zip(1..) {
            let host = new()?;
            let place = (process::id(), host.as_raw_fd());
            let place = format!("/proc/{}/fd/{}", place.0, place.1);
            let script = format!(
                "ip link add v{number} type veth peer name e0 netns {place}
                ip link set v{number} master b{network} up"
            );
            run(&room.router, &script);
            let rule = rule.replace('N', &format!("10.{network}.0.{number}"));
            let script = format!(
                "ip addr add 10.{network}.0.{number}/24 dev e0
                ip link set lo up
                ip link set e0 up
                ip route add default via 10.{network}.0.254
                nft 'add table ip t
                add chain ip t c {{ type filter hook input priority 0; }}
                add rule ip t c iifname e0 {rule}'"
            );
            run(&host, &script);
            room.hosts.push(host);
        }
        // The bridges pass on what comes.
        time::eventually(PATIENCE * 6, 0, || {
            let ports = run(&room.router, "bridge link");
            let count = ports.matches("state forwarding").count();
            (count == networks.len()).then_some(())
        })
        .expect("a bridge");
        Some(room)
    }

    /// Starts a node on the next host, whose clock runs so many times as fast.
    fn start(&mut self, step: &Step, flags: &[&str], speed: u8) -> Outcome {
        let node = self.launch(self.nodes.len(), step, flags, speed)?;
        self.nodes.push(node);
        Ok(())
    }

    fn launch(
        &self,
        host: usize,
        step: &Step,
        flags: &[&str],
        speed: u8,
    ) -> Outcome<Program> {
        let shim = format!("speed={speed}");
        let node = within(&self.hosts[host], || {
            let launch = step.launch(&["--network", "room"])?.with(flags);
            launch.shim(&shim).stdin(Stdio::piped()).start()
        })?;
        node.set_addresses(vec![([127, 0, 0, 1], 8000).into()]);
        Ok(node)
    }

    /// Waits until each has so many links.
    fn expect_links(&self, counts: [usize; 3]) -> Outcome {
        let mut all = self.hosts.iter().zip(&self.nodes).zip(counts);
        all.try_for_each(|((host, node), count)| {
            within(host, || expect_links(node, count))
        })
    }
}

/// Every fifth packet is lost, and nobody is told of anybody. Then a cable is
/// pulled out for so long that links end.
#[test]
fn those_of_a_room_find_each_other_again_and_again() -> Outcome {
    on_every("discovery", |step| {
        for (rule, speed) in
            [("accept", 4), ("numgen random mod 100 < 20 drop", 1)]
        {
            let room = Room::new(&[1, 1, 1], rule);
            let Some(mut room) = room else { return Ok(()) };
            (0..3).try_for_each(|_| room.start(step, &[], speed))?;
            room.expect_links([2, 2, 2])?;
            expect_said(&room.nodes, "hello, room")?;
            if speed > 1 {
                run(&room.router, "ip link set v3 down");
                room.expect_links([1, 1, 0])?;
                // By then it has dialled all of them in vain.
                room.nodes[2].expect_note("alone: ")?;
                let both = ["said here", "said there"];
                let both = both.map(|it| step.does("gossip").then_some(it));
                for (line, node) in both.iter().flatten().zip([0, 2]) {
                    let typed = format!("{line}\n");
                    room.nodes[node].type_in(typed.as_bytes())?;
                }
                run(&room.router, "ip link set v3 up");
                room.expect_links([2, 2, 2])?;
                for line in both.iter().flatten() {
                    let mut nodes = room.nodes.iter();
                    nodes.try_for_each(|it| expect_printed(it, &[line]))?;
                }
                expect_said(&room.nodes, "here again")?;
            }
        }
        Ok(())
    })
}

/// Where no beacons come: through a router, or by a rule.
const SILENT: [(u8, &str, &str); 3] = [
    (2, "accept", "nobody else's beacons are heard: nobody is here, or "),
    (1, "ip saddr != N ip daddr 239.255.83.83 drop", "nobody else's beacons"),
    (1, "ip daddr 239.255.83.83 drop", "not even our own beacons are heard"),
];

#[test]
fn where_no_beacons_come_one_address_is_enough_for_all() -> Outcome {
    const ADDRESS: [&str; 2] = ["--peer", "10.1.0.1:8000"];
    on_every("discovery", |step| {
        for (network, rule, why) in SILENT {
            let room = Room::new(&[1, 1, network], rule);
            let Some(mut room) = room else { return Ok(()) };
            for flags in [&[][..], &ADDRESS, &[]] {
                room.start(step, flags, 4)?;
            }
            let why = format!("alone: no address was given; {why}");
            room.nodes[2].expect_note(&why)?;
            room.nodes.pop();
            room.start(step, &ADDRESS, 4)?;
            room.expect_links([2, 2, 2])?;
        }
        Ok(())
    })
}
