//! Nodes among each other: what one says reaches all, whatever happens.

use ::peer::kind::Kind;
use ::peer::messages::Get;
use ::peer::proof::Proof;

use super::ledger::{cheap, command, expect_printed, start};
use super::{Author, Fake, end};
use crate::lab::Outcome;
use crate::lab::program::Program;
use crate::lab::scratch::Scratch;
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
        let (data, cheap) =
            (self.data(number), cheap(&self.scratch, self.step));
        let first = self.nodes.first().map(Program::address).transpose()?;
        let first = first.map(|it| it.to_string());
        let first = first.iter().flat_map(|it| ["--peer", it]);
        let flags = cheap.iter().map(String::as_str).chain(first);
        let flags: Vec<&str> = flags.chain(["--data", &data]).collect();
        start(self.step, &flags)
    }

    fn data(&self, number: usize) -> String {
        let path = self.scratch.path().join(number.to_string());
        path.to_str().unwrap().to_string()
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
            let killed = swarm.nodes.remove(last);
            killed.signal(libc::SIGKILL);
            killed.wait(killed.patience())?;
            if count > 2 {
                swarm.nodes[1].signal(libc::SIGSTOP);
            }
            // As fast as they can be typed.
            let burst = if count == 5 { 300 } else { 1 };
            let lines = (0..burst).map(|it| it.to_string());
            let mut lines: Vec<String> = lines.collect();
            lines.push(format!("large {}", "x".repeat(1000)));
            let missed: Vec<&str> = lines.iter().map(String::as_str).collect();
            swarm.nodes[0].type_in((missed.join("\n") + "\n").as_bytes())?;
            expect_printed(&swarm.nodes[0], &["0"])?;
            let again = swarm.node(last)?;
            swarm.nodes.push(again);
            swarm.nodes[1].signal(libc::SIGCONT);
            swarm.expect(&missed)?;
            swarm.nodes[last].type_in(b"again\n")?;
            swarm.expect(&["again"])?;
            swarm.expect_same(3 + missed.len())?;
        }
        Ok(())
    })
}

/// What is wrong ends the link of who has sent it, and of nobody else.
#[test]
fn wrong_messages_end_a_link() -> Outcome {
    on_every("gossip", |step| {
        let node = start(step, &[])?;
        let mut well = Fake::dial(&node, 9, 1)?;
        let two =
            |bits| [b"one", b"two"].map(|it| Author::new(7).block(bits, it));
        let ([one, two], [cheap, other]) = (two(16), two(8));
        let proof = Proof::new(&one, &two);
        let cheap = Proof::new(&cheap, &other).bytes().to_vec();
        let mut forged = proof.bytes().to_vec();
        forged[170] ^= 1;
        let mut cut = proof.bytes().to_vec();
        cut[72..80].copy_from_slice(&[9; 8]);
        let wrong = [
            (Kind::Fork, forged),
            (Kind::Fork, cut),
            (Kind::Fork, cheap),
            (Kind::Have, vec![2, 0, 0]),
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
