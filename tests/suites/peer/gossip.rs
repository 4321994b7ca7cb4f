//! Nodes among each other: what one says reaches all, whatever happens.

use std::fs;

use ::peer::block::BlockId;
use ::peer::have::{Entry, Have, Head, MAX_ENTRIES, encode_inv};
use ::peer::kind::Kind;
use ::peer::messages::Get;
use ::peer::proof::Proof;

use super::ledger::{cheap, command, expect_printed, start};
use super::{Author, Fake, end};
use crate::lab::cost::expect_memory;
use crate::lab::program::Program;
use crate::lab::scratch::Scratch;
use crate::lab::{Outcome, proc};
use crate::steps::{Step, on_every};

/// So many nodes that know the first one, each with its data.
struct Swarm<'a> {
    step: &'a Step,
    scratch: Scratch,
    nodes: Vec<Program>,
}

impl<'a> Swarm<'a> {
    fn start(step: &'a Step, count: usize) -> Outcome<Self> {
        let scratch = Scratch::new().unwrap();
        let mut swarm = Swarm { step, scratch, nodes: Vec::new() };
        for number in 0..count {
            let node = swarm.node(number)?;
            swarm.nodes.push(node);
        }
        Ok(swarm)
    }

    fn node(&self, number: usize) -> Outcome<Program> {
        let data = self.data(number);
        let first = self.nodes.first();
        let first = first.map(|it| it.address().map(|it| it.to_string()));
        let first = first.transpose()?.unwrap_or("127.0.0.1:1".to_string());
        let mut flags = cheap(&self.scratch, self.step).to_vec();
        flags.extend(["--data".to_string(), data]);
        if number > 0 {
            flags.extend(["--peer".to_string(), first]);
        }
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        start(self.step, &flags)
    }

    fn data(&self, number: usize) -> String {
        let path = self.scratch.path().join(format!("data-{number}"));
        path.to_str().unwrap().to_string()
    }

    /// Ends it without a word, and waits.
    fn kill(&mut self, number: usize) -> Outcome {
        let node = self.nodes.remove(number);
        node.signal(libc::SIGKILL);
        node.wait(node.patience()).map(drop)
    }

    fn restart(&mut self, number: usize) -> Outcome {
        let node = self.node(number)?;
        self.nodes.insert(number, node);
        Ok(())
    }

    fn expect(&self, bodies: &[&str]) -> Outcome {
        self.nodes.iter().try_for_each(|it| expect_printed(it, bodies))
    }

    /// All have the same on their disks, however it came.
    fn expect_same(self, count: usize) -> Outcome {
        for node in &self.nodes {
            node.signal(libc::SIGINT);
        }
        for node in &self.nodes {
            node.wait(node.patience())?;
        }
        for number in 0..self.nodes.len() {
            let log = command(self.step, &["log", &self.data(number)], 0)?;
            assert_eq!(log.lines().count(), count, "{number}: {log}");
            command(self.step, &["fsck", &self.data(number)], 0)?;
        }
        Ok(())
    }
}

#[test]
fn what_one_says_reaches_all() -> Outcome {
    on_every("gossip", |step| {
        for count in [2, 5, 20] {
            let mut swarm = Swarm::start(step, count)?;
            let last = count - 1;
            swarm.nodes[0].type_in(b"first\n")?;
            swarm.nodes[last].type_in(b"last\n")?;
            swarm.expect(&["first", "last"])?;
            // One is killed, and one is stopped, as if its lid were closed.
            swarm.kill(last)?;
            if count > 2 {
                swarm.nodes[1].signal(libc::SIGSTOP);
            }
            swarm.nodes[0].type_in(b"meanwhile\n")?;
            let large = format!("large {}\n", "x".repeat(1000));
            swarm.nodes[0].type_in(large.as_bytes())?;
            expect_printed(&swarm.nodes[0], &["meanwhile"])?;
            swarm.restart(last)?;
            swarm.nodes[1].signal(libc::SIGCONT);
            let missed = ["meanwhile", large.trim_end()];
            swarm.expect(&missed)?;
            swarm.nodes[last].type_in(b"again\n")?;
            swarm.expect(&["again"])?;
            swarm.expect_same(5)?;
        }
        Ok(())
    })
}

/// As fast as they can be typed, and nobody misses one.
#[test]
fn a_burst_reaches_all() -> Outcome {
    on_every("gossip", |step| {
        let swarm = Swarm::start(step, 4)?;
        let lines: Vec<String> = (0..300).map(|it| it.to_string()).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let typed = lines.iter().map(|it| format!("{it}\n"));
        swarm.nodes[0].type_in(typed.collect::<String>().as_bytes())?;
        swarm.expect(&lines)?;
        swarm.expect_same(300)
    })
}

/// One key on two machines that do not know each other.
#[test]
fn a_key_on_two_machines_is_told_to_all() -> Outcome {
    on_every("gossip", |step| {
        let mut swarm = Swarm::start(step, 3)?;
        swarm.kill(2)?;
        swarm.kill(1)?;
        let key = fs::read(format!("{}/key", swarm.data(1))).unwrap();
        fs::remove_dir_all(swarm.data(2)).unwrap();
        let alone = swarm.scratch.path().join("alone");
        // Two machines with one key; the first says something to all.
        for data in [swarm.data(2), alone.to_str().unwrap().to_string()] {
            fs::create_dir(&data).unwrap();
            fs::write(format!("{data}/key"), &key).unwrap();
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            fs::set_permissions(format!("{data}/key"), mode).unwrap();
        }
        swarm.restart(1)?;
        swarm.nodes[1].type_in(b"here\n")?;
        swarm.expect(&["here"])?;
        let mut flags = cheap(&swarm.scratch, step);
        // Where nobody hears it.
        flags[1].push_str(" alone");
        let flags = flags.each_ref().map(String::as_str);
        let data = ["--first", "--data", alone.to_str().unwrap()];
        let other = start(step, &[&flags[..], &data].concat())?;
        other.type_in(b"there\n")?;
        expect_printed(&other, &["there"])?;
        end(&other, vec![])?;
        fs::remove_dir_all(swarm.data(2)).unwrap();
        fs::rename(&alone, swarm.data(2)).unwrap();
        swarm.restart(2)?;
        for node in &swarm.nodes {
            node.expect_note(" has signed two blocks #0: ")?;
        }
        swarm.nodes[1].expect_note("that is our key")?;
        swarm.nodes[2].expect_note("that is our key")?;
        // It is known after a restart, too, and to whoever comes then.
        swarm.kill(0)?;
        swarm.restart(0)?;
        swarm.nodes[0].expect_note(" has signed two blocks #0: ")?;
        let frozen = ": frozen, there are two #0";
        swarm.kill(0)?;
        let data = swarm.data(0);
        let found = step.launch(&["fsck", &data])?.spawn()?;
        let found = found.expect_exit(0)?;
        let found = String::from_utf8(found.stdout).unwrap();
        assert!(found.contains(frozen), "{found}");
        let dump = command(step, &["dump", &data], 0)?;
        assert!(dump.contains("a proof, and no block"), "{dump}");
        let all = swarm.scratch.path().join("all");
        let new = swarm.scratch.path().join("new");
        let [all, new] = [&all, &new].map(|it| it.to_str().unwrap());
        command(step, &["export", &data, all], 0)?;
        let taken = command(step, &["import", new, all], 0)?;
        assert!(taken.contains("has signed two"), "{taken}");
        let found = command(step, &["fsck", new], 0)?;
        assert!(found.contains(frozen), "{found}");
        Ok(())
    })
}

/// Somebody claims to have everything, and has nothing.
#[test]
fn claims_cost_no_memory() -> Outcome {
    on_every("gossip", |step| {
        let node = start(step, &[])?;
        let mut well = Fake::dial(&node, 9, 1)?;
        let mut liar = Fake::dial(&node, 8, 1)?;
        let had = proc::peak_memory(node.pid()).unwrap_or(0);
        let author = |number: usize| {
            let mut name = [7; 32];
            name[..8].copy_from_slice(&number.to_be_bytes());
            ::peer::block::Author(name)
        };
        let id = BlockId([1; 32]);
        for turn in 0..100 {
            let all = turn * MAX_ENTRIES..(turn + 1) * MAX_ENTRIES;
            let heads = all.clone().map(|it| Head {
                author: author(it),
                seq: u64::MAX,
                id,
            });
            let heads: Vec<Head> = heads.collect();
            liar.send(Kind::Inv, &encode_inv(&heads))?;
            let entries = all.map(|it| Entry {
                author: author(it),
                next: u64::MAX,
                head: id,
                fork_at: Some(7),
            });
            let have = Have { more: true, entries: entries.collect() };
            liar.send(Kind::Have, &have.encode())?;
        }
        liar.send(Kind::Ping, &[7; 8])?;
        loop {
            match liar.frame()? {
                (0x22, _) => {}
                frame => break assert_eq!(frame, (4, vec![7; 8])),
            }
        }
        expect_memory(&node, had + 4096)?;
        let printed = well.say(9, "all is well")?;
        node.expect_line(&printed)?;
        end(&node, vec![well, liar]).map(drop)
    })
}

/// What is wrong ends the link of who has sent it, and of nobody else.
#[test]
fn wrong_messages_end_a_link() -> Outcome {
    on_every("gossip", |step| {
        let node = start(step, &[])?;
        let mut well = Fake::dial(&node, 9, 1)?;
        let [mut one, mut two] = [Author::new(7), Author::new(7)];
        let (one, two) = (one.block(16, b"one"), two.block(16, b"two"));
        let proof = Proof::new(&one, &two);
        let mut forged = proof.bytes().to_vec();
        forged[170] ^= 1;
        let mut cut = proof.bytes().to_vec();
        cut[72..80].copy_from_slice(&[9; 8]);
        let wrong = [
            (Kind::Fork, forged),
            (Kind::Fork, cut),
            (Kind::Fork, vec![0; 399]),
            (Kind::Inv, vec![0, 0]),
            (Kind::Inv, vec![0; 100]),
            (Kind::Have, vec![2, 0, 0]),
            (Kind::Have, vec![0, 0, 1]),
            (Kind::Digest, vec![0; 35]),
            (Kind::Line, b"a line".to_vec()),
        ];
        for (id, (kind, payload)) in (20..).zip(wrong) {
            let mut fake = Fake::dial(&node, id, 1)?;
            fake.send(kind, &payload)?;
            fake.expect_bye(7)?;
        }
        // Nobody is frozen because of it.
        well.send(Kind::Block, one.bytes())?;
        node.expect_line(&format!("{one:?}: one"))?;
        let mut other = Fake::dial(&node, 8, 1)?;
        other.send(Kind::Fork, proof.bytes())?;
        node.expect_note(" has signed two blocks #0: ")?;
        // It is passed on, and nothing of that log is given any more.
        assert_eq!(well.frame()?, (0x25, proof.bytes().to_vec()));
        let get = Get::new(one.author(), 0);
        well.send(Kind::Get, &get.encode())?;
        assert_eq!(well.frame()?.0, Kind::NotFound as u8);
        end(&node, vec![well, other]).map(drop)
    })
}
