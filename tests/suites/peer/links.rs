//! Links: who gets one, how it ends, and which of two is kept.

use std::fs::File;
use std::thread;

use ::peer::kind::Kind;
use nix::sys::resource::{Resource::RLIMIT_AS, setrlimit};

use ::peer::secure::Keys;

use super::{Fake, ask, end, hello, start};
use crate::files::tree::Tree;
use crate::lab::cost::expect_memory;
use crate::lab::fixtures::own_address;
use crate::lab::program::Program;
use crate::lab::{BlackHole, Outcome, Peer, proc};
use crate::steps::{Step, on_every, peer, peer_on_ipv6};

/// Whether there is a link before; what is sent, and which reason BYE gives.
const BROKEN: [(bool, &[u8], u8); 5] = [
    (false, b"\xd5\x54", 7),
    (false, b"\xd5\x53\x01\x01\xff\xff\xff\xff", 8),
    (false, b"\xd5\x53\x01\x01\0\0\0\x6c\0\x01", 9),
    (true, b"\xd5\x53\x01\x30\0\0\0\x04\x1b[2J", 7),
    (true, b"\xd5\x53\x01\x40\0\0\0\0", 7),
];

#[test]
fn who_breaks_the_protocol_is_told_why() -> Outcome {
    const MEMORY: u64 = 64 << 20; // A debug build has a quarter of it.
    on_every("peer", |step| {
        let is_secret = step.does("node");
        let limit = || Ok(setrlimit(RLIMIT_AS, MEMORY, MEMORY)?);
        // SAFETY: the closure makes a system call and nothing else.
        let node = unsafe { step.launch(&["0"])?.before(limit) }.start()?;
        let had = proc::peak_memory(node.pid()).unwrap_or(0);
        let mut greedy = node.connect()?;
        // Who does not read the responses is not read from any more.
        greedy.nibble("/?\n".repeat(500_000).as_bytes());
        node.expect_idle()?;
        expect_memory(&node, had + 1024)?;
        let mut flood = node.connect_many(200)?;
        let long = [BROKEN[1].1, &[0; 9000]].concat();
        let junk = [&long, &vec![b'/'; 90_000], &vec![0xd5; 9000]];
        for (client, junk) in flood.iter_mut().zip(junk.iter().cycle()) {
            // It may be gone already.
            let _ = (0..10).all(|_| client.nibble(junk));
        }
        assert_eq!(ask(&node, "/known_hosts\n")?, "127.0.0.1,\n");
        drop((flood, greedy));
        node.await_sockets(1)?;
        let mut well = Fake::dial(&node, 99, 1)?;
        let mut other = Fake::new(node.connect()?);
        let mut network = hello(98, 1);
        network[56] ^= 1;
        other.send(Kind::Hello, &network)?;
        let mut all = vec![(other, 6)];
        // Behind a secret handshake the tests in process know better.
        let rows = BROKEN.iter().filter(|it| !(is_secret && it.0));
        for (id, &(is_open, bytes, reason)) in (0..).zip(rows) {
            let mut fake = match is_open {
                true => Fake::dial(&node, id, 1)?,
                false => Fake::new(node.connect()?),
            };
            fake.0.send(bytes)?;
            all.push((fake, reason));
        }
        all.into_iter().try_for_each(|(mut it, why)| match is_secret {
            // Those are strangers, who are told nothing.
            true => it.0.drain_to_eof(),
            false => it.expect_bye(why),
        })?;
        expect_memory(&node, MEMORY >> 12)?;
        let printed = well.say(99, "all is well")?;
        node.expect_line(&printed)?;
        assert!(!node.stdout().contains(&b'\x1b'));
        end(&node, vec![well]).map(drop)
    })
}

/// Neither somebody who does not respond, nor the node itself.
#[test]
fn whoever_is_dialled_holds_up_nobody() -> Outcome {
    const OWN: [&str; 4] = ["127.0.0.1", "0.0.0.0", "[::1]", "localhost"];
    let Some(_) = peer_on_ipv6() else { return Ok(()) };
    on_every("peer", |step| {
        // The kernel hands it out to nobody.
        let own = std::process::id() + u32::from(step.name.as_bytes()[5]);
        let port = 20_000 + own % 10_000;
        let tree = Tree::new();
        tree.write("typed", b"first\nand last");
        let hole = BlackHole::open([127, 0, 0, 1].into())?;
        let (hole, gone, there) = (hole.address(), own_address(), peer()?);
        let mut all = OWN.map(|ip| format!("{ip}:{port}")).to_vec();
        all.extend([hole, gone, there.address()].map(|it| it.to_string()));
        let all: Vec<_> = all.iter().flat_map(|it| ["--peer", it]).collect();
        let node = step.launch(&[&format!("[::]:{port}")])?.with(&all);
        // A file is always ready. It waits for all who may be about to open.
        let typed = File::open(tree.path("typed")).unwrap();
        let node = node.stdin(typed).start()?;
        let fake = Fake::open(&node, there.accept_one(&node)?, 1, 1)?;
        step.exchange(&node)?;
        // It dies, and comes back.
        fake.0.reset()?;
        let mut fake = Fake::open(&node, there.accept_one(&node)?, 1, 2)?;
        // Names are not kept by a book.
        let named = if step.does("discovery") { &OWN[..3] } else { &OWN };
        for ip in named {
            node.expect_note(&format!("\n{ip}:{port} "))?;
        }
        node.expect_idle()?;
        node.expect_note(&format!("reach {hole}: connection timed out\n"))?;
        fake.expect(Kind::Line, b"first")?;
        fake.expect(Kind::Line, b"and last")?;
        node.expect_idle()?;
        let gone = Peer::open(gone)?;
        let late = Fake::open(&node, gone.accept_one(&node)?, 2, 1)?;
        // What has been tried for five seconds is told once. A name may stand
        // for two addresses.
        let notes = end(&node, vec![fake, late])?;
        let count = |note| notes.matches(note).count();
        assert_eq!(count(": connection refused\n"), 1, "{notes}");
        assert!(count(" is this node\n") <= OWN.len() + 1, "{notes}");
        assert_eq!(count(": linked"), 3, "{notes}");
        Ok(())
    })
}

/// The id of the other one, and who has dialled each link: the node (`A` and
/// `C`) or the other one (`B`). Its sessions; which link stays, and why the
/// node ends the other: by BYE, because it is dead (0), or not at all (1).
const TWO: [(u8, &str, [u64; 2], usize, u8); 8] = [
    (0, "AB", [1, 1], 1, 3),
    (0, "BA", [1, 1], 0, 3),
    (0, "BB", [1, 1], 0, 1),
    (255, "AB", [1, 1], 0, 1),
    (255, "BA", [1, 1], 1, 1),
    (0, "AC", [1, 1], 0, 3),
    (0, "AB", [1, 2], 1, 0),
    (255, "BB", [1, 2], 1, 0),
];

/// A fake whose node is smaller than this one, or greater, as 0 and 255 are.
fn beside(node: &Program, id: u8) -> Outcome<u8> {
    let own = node.expect_behind(": node ", ",")?;
    let is_fit = |it: &u8| {
        let keys = Keys { private: [*it; 32], shared: [0; 32] };
        (keys.node().to_string() < own) == (id == 0)
    };
    Ok((1..=255).find(is_fit).expect("a key among so many"))
}

#[test]
fn of_two_links_to_a_node_one_stays() -> Outcome {
    on_every("peer", |step| {
        for (id, ends, sessions, stays, why) in TWO {
            let (a, c) = (peer()?, peer()?);
            let node = start(step, &[&a, &c])?;
            let id = if step.does("node") { beside(&node, id)? } else { id };
            let mut fakes = Vec::new();
            for (end, session) in ends.chars().zip(sessions) {
                let client = match end {
                    'A' => a.accept_one(&node)?,
                    'C' => c.accept_one(&node)?,
                    _ => node.connect()?,
                };
                fakes.push(Fake::open(&node, client, id, session)?);
            }
            let (kept, mut other) = (fakes.remove(stays), fakes.remove(0));
            // What it has to be said in is seen where the node asks first.
            other.1 = other.1.or(kept.1);
            let kept = kept.0;
            if why == 1 {
                // The other one closes it. What was on its way is heard.
                let printed = other.say(id, "crossed")?;
                node.expect_line(&printed)?;
                other.send(Kind::Bye, &[3, 0, 0])?;
            }
            match why {
                3 => other.expect_bye(3)?,
                _ => other.0.expect_eof()?,
            }
            let of_all = ask(&node, "/peers\n")?;
            let count = of_all.matches(" open ").count();
            assert_eq!(count, 1, "{id} {ends}: {of_all}");
            let kept = format!(" {}, ", kept.own_address()?);
            assert!(of_all.contains(&kept), "{id} {ends}: {of_all}");
        }
        Ok(())
    })
}

/// Both are started at the same moment, and dial each other.
fn meet(step: &Step) -> Outcome {
    let all = [own_address(), own_address()].map(|it| it.to_string());
    let spawn = |own: &str, to| step.launch(&[own, "--peer", to])?.spawn();
    let nodes = [spawn(&all[0], &all[1])?, spawn(&all[1], &all[0])?];
    nodes.iter().try_for_each(|it| it.await_announcement(1))?;
    nodes[1].eventually("has one link to the other", || {
        let asked = nodes.iter().map(|it| ask(it, "/peers\n").ok());
        let of_all = asked.collect::<Option<String>>()?;
        let sockets = nodes.iter().map(|it| proc::socket_count(it.pid()));
        let is_one = |way: &str| of_all.matches(way).count() == 1;
        let are_linked = is_one(" open to ") && is_one(" open from ");
        (are_linked && sockets.sum::<usize>() == 4).then_some(())
    })
}

#[test]
fn two_hundred_pairs_dial_each_other() -> Outcome {
    on_every("peer", |step| {
        // Later ones have the same rule, and wait longer for a second dial.
        let rounds = if step.does("discovery") { 3 } else { 25 };
        let work = || (0..rounds).try_for_each(|_| meet(step));
        thread::scope(|scope| {
            let all = [0; 8].map(|_| scope.spawn(work));
            all.into_iter().try_for_each(|it| it.join().unwrap())
        })
    })
}
