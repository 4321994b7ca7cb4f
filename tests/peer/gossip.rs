//! A node without sockets: alone with fakes, and among others in a simulation.

use std::env;
use std::iter;
use std::thread;
use std::time::{Duration, Instant};

use ed25519_dalek::SigningKey;
use peer::block::{Author, Block, BlockId, Flaw};
use peer::have::{Digest, Entry, Have, Head, MAX_ENTRIES};
use peer::hello::PeerId;
use peer::kind::Kind;
use peer::log::Logs;
use peer::message::Message;
use peer::messages::{Get, NotFound};
use peer::node::{Action, Event, Node};
use peer::proof::Proof;
use peer::violation::Violation;

use super::counting::HELD;
use super::entries;
use super::ledger::{BITS, chain, check};
use super::mutate::fuzz;

#[path = "../swarm/simulator.rs"]
#[allow(dead_code, reason = "pictures need more of it")]
mod simulator;

use simulator::{Mutant, Outcome, Plan, run};

/// Runs these on all processors; which fail, and why.
fn failing(plans: Vec<Plan>) -> Vec<String> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let fails = |plan: &Plan| {
        let Outcome { faults, .. } = run(*plan);
        (!faults.is_empty()).then(|| format!("seed {}: {faults:?}", plan.seed))
    };
    let fails = &fails;
    thread::scope(|scope| {
        let pieces = plans.chunks(plans.len().div_ceil(threads).max(1));
        let threads: Vec<_> = pieces
            .map(|plans| {
                scope.spawn(move || -> Vec<String> {
                    plans.iter().filter_map(fails).collect()
                })
            })
            .collect();
        threads.into_iter().flat_map(|it| it.join().unwrap()).collect()
    })
}

/// 200 of them; `SEEDS=2000` has more of them run.
#[test]
fn hostile_networks_heal() {
    let count = env::var("SEEDS").ok().and_then(|it| it.parse().ok());
    let seeds = 0..count.unwrap_or(200);
    let wrong = failing(seeds.map(Plan::hostile).collect());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each of these rules is needed: without it some networks do not heal.
#[test]
fn broken_rules_are_noticed() {
    let plans: [(Mutant, fn(u64) -> Plan); 3] = [
        (Mutant::NoHead, Plan::hostile),
        (Mutant::Forgets, Plan::divided),
        (Mutant::NoRetry, Plan::divided),
    ];
    for (mutant, plan) in plans {
        assert!(failing((0..12).map(plan).collect()).is_empty());
        let broken = |seed| Plan { mutant: Some(mutant), ..plan(seed) };
        let wrong = failing((0..12).map(broken).collect());
        assert!(!wrong.is_empty(), "{mutant:?}");
    }
}

/// In a room: a frame and a half for each block that comes, or so, and not
/// many links from one end to the other.
#[test]
fn a_quiet_network_becomes_a_tree() {
    for nodes in [20, 100] {
        let outcome = run(Plan::quiet(7, nodes));
        assert!(outcome.faults.is_empty(), "{:?}", outcome.faults);
        assert_eq!(outcome.deliveries, 500 * (nodes - 1));
        let frames: usize = outcome.frames.values().sum();
        let each = frames as f64 / outcome.deliveries as f64;
        assert!(each <= 2.0, "{each} {:?}", outcome.frames);
    }
}

fn logs_of(blocks: &[Block]) -> Logs {
    let mut logs = Logs::default();
    for block in blocks {
        logs.add(block);
    }
    logs
}

/// What each message says is what its bytes say, and nothing else is one.
#[test]
fn messages_are_their_bytes() {
    let [blocks, others] = [b"one", b"two"].map(|it| chain(1, 3, it));
    let head = |block: &Block| Head {
        author: block.author(),
        seq: block.seq(),
        id: block.id(),
    };
    let mut logs = Logs::default();
    for block in blocks.iter().chain(&others[1..2]) {
        logs.add(block);
    }
    let entries: Vec<Entry> =
        logs.authors().map(|(author, log)| Entry::of(author, log)).collect();
    let author = blocks[0].author();
    let get = Get { author, from: 1, count: 2 };
    let proof = Proof::new(&blocks[1], &others[1]);
    let have = |entries| Have { more: true, entries };
    // Numbers are in network byte order.
    let bytes = [&author.0[..], &[0, 0, 0, 0, 0, 0, 1, 2, 0, 64]].concat();
    let long = Get { author, from: 0x0102, count: 64 };
    let denied = NotFound { author, seq: 0x0102 };
    assert_eq!(
        (long.encode(), denied.encode()),
        (bytes.clone(), bytes[..40].into())
    );
    for count in [0, 65] {
        assert!(Get::parse(&Get { count, ..long }.encode()).is_err());
    }
    let messages = [
        (Message::Block(blocks[0].clone()), 203),
        (Message::Inv(blocks.iter().map(head).collect()), 2 + 3 * 72),
        (Message::Get(get), 42),
        (Message::Have(have(entries.clone())), 3 + 80),
        (Message::Have(have(Vec::new())), 3),
        (Message::Digest(Digest::of(entries.into_iter())), 36),
        (Message::Fork(proof.clone()), 400),
        (Message::NotFound(NotFound { author, seq: 3 }), 40),
        (Message::Prune, 0),
    ];
    check(&Get::FIELDS, 42);
    check(&Head::FIELDS, 72);
    check(&Entry::FIELDS, 80);
    check(&Digest::FIELDS, 36);
    check(&Proof::FIELDS, 400);
    let mut seeds = Vec::new();
    for (message, length) in messages {
        let (kind, payload) =
            (message.frame_kind(), message.encode().into_owned());
        assert_eq!(payload.len(), length, "{kind}");
        assert!(payload.len() <= kind.max_length(), "{kind}");
        let read = Message::parse(kind, &payload);
        assert_eq!(read, Ok(Some(message)), "{kind}");
        seeds.push(payload.clone());
        if kind != Kind::Prune {
            let longer: Vec<u8> = payload.iter().chain(b"x").copied().collect();
            for wrong in [&payload[..length - 1], &longer] {
                assert!(Message::parse(kind, wrong).is_err(), "{kind}");
            }
        }
    }
    fuzz(seeds.into_iter(), 2000, &["\0", "\x01"], entries::block);
    // An author's own words do not convict them, nor do another one's.
    let other = chain(2, 2, b"two");
    let [one, two] = [&blocks[0], &blocks[1]];
    for (one, two) in [(one, one), (one, two), (two, &other[1])] {
        let payload =
            [one, two].map(|it| [&it.bytes()[..136], it.signature()].concat());
        let read = Message::parse(Kind::Fork, &payload.concat());
        assert_eq!(read, Err(Violation::Malformed(Kind::Fork)));
    }
    // Of each half: magic, stamp or signature, signature.
    for at in [0, 90, 140, 200, 290, 340] {
        let mut bytes = proof.bytes().to_vec();
        bytes[at] ^= 1;
        let flaw = Proof::parse(&bytes).unwrap().verify(BITS);
        assert!(flaw.is_err(), "{at}");
    }
    assert_eq!(proof.verify(BITS), Ok(()));
    assert_eq!(proof.verify(60), Err(Flaw::Stamp));
}

/// A node, and fakes with links to it.
struct Fakes {
    node: Node,
    now: Instant,
}

const A: PeerId = PeerId([1; 32]);
const B: PeerId = PeerId([2; 32]);

impl Fakes {
    /// Of the author with this key, and with so many links.
    fn new(key: u8, max: usize, logs: Logs, links: &[PeerId]) -> Self {
        let key = SigningKey::from_bytes(&[key; 32]);
        let author = Author(key.verifying_key().to_bytes());
        let node = Node::new(author, BITS, max, logs);
        let mut fakes = Fakes { node, now: Instant::now() };
        for peer in links {
            let said = fakes.on(Event::Up(*peer));
            assert!(said.starts_with("HAVE to"), "{said}");
        }
        fakes
    }

    /// What is done because of it, in words.
    fn on(&mut self, event: Event) -> String {
        let mut actions = Vec::new();
        self.node.on(self.now, event, &mut actions);
        let words = actions.iter().map(|action| match action {
            Action::Send(peer, it) => match it {
                Message::Get(get) => {
                    let Get { from, count, .. } = get;
                    format!("GET {from}+{count} to {}", peer.0[0])
                }
                it => format!("{} to {}", it.frame_kind(), peer.0[0]),
            },
            Action::Keep(_) => "keep".to_string(),
            Action::Show(_) => "show".to_string(),
            Action::KeepProof(proof) => format!("proof {}", proof.seq()),
            Action::Break(..) => "break".to_string(),
            Action::Full(_) => "full".to_string(),
            Action::Confirmed => "confirmed".to_string(),
        });
        words.collect::<Vec<_>>().join(", ")
    }

    fn says(&mut self, peer: PeerId, message: Message) -> String {
        self.on(Event::Message(peer, message))
    }

    fn block(&mut self, peer: PeerId, block: &Block) -> String {
        self.says(peer, Message::Block(block.clone()))
    }

    /// So much later: what is done then.
    fn after(&mut self, millis: u64) -> String {
        self.now += Duration::from_millis(millis);
        self.on(Event::Time)
    }
}

fn inv(block: &Block) -> Message {
    let (author, seq, id) = (block.author(), block.seq(), block.id());
    Message::Inv(vec![Head { author, seq, id }])
}

#[test]
fn a_block_comes_twice_by_one_link_only_once() {
    let blocks = chain(1, 4, b"hello");
    let mut fakes = Fakes::new(9, 1 << 20, Logs::default(), &[A, B]);
    assert_eq!(fakes.block(A, &blocks[0]), "keep, BLOCK to 2");
    // The same by another way: announcements will do there.
    assert_eq!(fakes.block(B, &blocks[0]), "PRUNE to 2");
    assert_eq!(fakes.block(B, &blocks[0]), "");
    assert_eq!(fakes.block(A, &blocks[1]), "keep");
    assert_eq!(fakes.after(199), "");
    assert_eq!(fakes.after(1), "INV to 2");
    // It is announced there, and does not come here.
    assert_eq!(fakes.says(B, inv(&blocks[2])), "");
    assert_eq!(fakes.after(499), "");
    assert_eq!(fakes.after(1), "GET 2+1 to 2");
    assert_eq!(fakes.block(B, &blocks[2]), "keep, BLOCK to 1");
    // Whoever had to be asked sends at once from now on, and is sent.
    assert_eq!(fakes.block(A, &blocks[3]), "keep, BLOCK to 2");
    assert_eq!(fakes.says(A, Message::Prune), "");
    let own = chain(9, 1, b"hello");
    let done = fakes.on(Event::Own(own[0].clone()));
    assert_eq!(done, "BLOCK to 2, show");
}

#[test]
fn what_is_missing_is_asked_of_one_and_then_of_another() {
    let blocks = chain(1, 100, b"hello");
    let mut fakes = Fakes::new(9, 1 << 20, Logs::default(), &[A, B]);
    assert_eq!(fakes.says(A, inv(&blocks[79])), "GET 0+64 to 1");
    // It has the same: it is asked if the other one does not answer.
    assert_eq!(fakes.says(B, inv(&blocks[79])), "");
    assert_eq!(fakes.after(400), "");
    assert_eq!(fakes.block(A, &blocks[0]), "keep, BLOCK to 2");
    assert_eq!(fakes.after(400), "");
    assert_eq!(fakes.after(100), "GET 1+64 to 2");
    for block in &blocks[1..64] {
        assert_eq!(fakes.block(B, block), "keep, BLOCK to 1");
    }
    // What was announced meanwhile is not forgotten.
    assert_eq!(fakes.says(A, inv(&blocks[99])), "");
    let done = fakes.block(B, &blocks[64]);
    assert_eq!(done, "keep, BLOCK to 1, GET 65+35 to 1");
    let what = NotFound { author: blocks[0].author(), seq: 65 };
    assert_eq!(fakes.says(A, Message::NotFound(what)), "GET 65+15 to 2");
}

#[test]
fn a_proof_goes_over_each_link_once() {
    let [blocks, others] = [b"one", b"two"].map(|it| chain(1, 3, it));
    let proof = |at: usize| Message::Fork(Proof::new(&blocks[at], &others[at]));
    let mut fakes = Fakes::new(9, 1 << 20, Logs::default(), &[A, B]);
    // In whatever order: the lowest counts.
    assert_eq!(fakes.says(A, proof(2)), "proof 2, FORK to 2");
    assert_eq!(fakes.says(A, proof(2)), "");
    assert_eq!(fakes.block(A, &blocks[0]), "keep, BLOCK to 2");
    assert_eq!(fakes.block(A, &blocks[1]), "keep, BLOCK to 2");
    assert_eq!(fakes.block(A, &blocks[2]), "");
    assert_eq!(
        fakes.block(B, &others[1]),
        "proof 1, FORK to 1, FORK to 2, GET 0+1 to 2"
    );
    assert_eq!(fakes.says(B, proof(2)), "");
    assert_eq!(fakes.says(A, proof(0)), "proof 0, FORK to 2");
    let log = fakes.node.logs().log(blocks[0].author()).unwrap();
    assert_eq!((log.head().0, log.fork_at()), (0, Some(0)));
    // Whoever comes later is told.
    let c = PeerId([3; 32]);
    assert_eq!(fakes.on(Event::Up(c)), "HAVE to 3");
    let nothing = Have { more: false, entries: Vec::new() };
    assert_eq!(fakes.says(c, Message::Have(nothing)), "confirmed, FORK to 3");
    assert_eq!(fakes.on(Event::Room(c)), "");
    let mut forged = Proof::new(&blocks[0], &others[0]).bytes().to_vec();
    forged[150] ^= 1;
    forged[350] ^= 1;
    let mut fakes = Fakes::new(9, 1 << 20, Logs::default(), &[A, B]);
    let forged = Proof::parse(&forged).unwrap();
    assert_eq!(fakes.says(A, Message::Fork(forged)), "break");
    assert!(fakes.node.logs().log(blocks[0].author()).is_none());
}

#[test]
fn as_long_and_another_one_is_a_fork() {
    let [blocks, others] = [b"one", b"two"].map(|it| chain(1, 70, it));
    let mut fakes = Fakes::new(9, 1 << 20, logs_of(&blocks), &[A, B]);
    assert_eq!(fakes.says(A, inv(&blocks[69])), "");
    assert_eq!(fakes.says(A, inv(&others[69])), "GET 6+64 to 1");
    // The one before it is another one, too: what was asked for is no longer.
    let done = fakes.block(A, &others[6]);
    assert_eq!(done, "proof 6, FORK to 1, FORK to 2, GET 0+6 to 1");
    let done = fakes.block(A, &others[0]);
    assert_eq!(done, "proof 0, FORK to 1, FORK to 2");
}

#[test]
fn what_has_no_room_is_not_asked_for_again() {
    let blocks = chain(1, 4, b"hello");
    let mut fakes = Fakes::new(9, 450, Logs::default(), &[A, B]);
    assert_eq!(fakes.block(A, &blocks[0]), "keep, BLOCK to 2");
    assert_eq!(fakes.block(A, &blocks[1]), "keep, BLOCK to 2");
    assert_eq!(fakes.block(A, &blocks[2]), "full");
    assert_eq!(fakes.block(A, &blocks[3]), "");
    assert_eq!(fakes.says(B, inv(&blocks[3])), "");
    assert_eq!(fakes.after(1000), "");
}

#[test]
fn whoever_takes_nothing_is_owed_no_more_than_before() {
    let blocks = chain(1, 300, b"hello");
    let mut fakes = Fakes::new(9, 1 << 20, Logs::default(), &[A, B]);
    assert_eq!(fakes.on(Event::Full(B)), "");
    for block in &blocks {
        assert_eq!(fakes.block(A, block), "keep");
    }
    assert_eq!(fakes.after(500), "");
    // One entry for all of them.
    assert_eq!(fakes.on(Event::Room(B)), "INV to 2");
    assert_eq!(fakes.on(Event::Room(B)), "");
    let author = blocks[0].author();
    let get = Message::Get(Get { author, from: 298, count: 64 });
    assert_eq!(fakes.says(B, get), "BLOCK to 2");
    let rest = iter::repeat_with(|| fakes.on(Event::Room(B))).take(3);
    let rest: Vec<String> = rest.collect();
    assert_eq!(rest, ["BLOCK to 2", "NOTFOUND to 2", ""]);
}

/// Somebody claims to have everything, and has nothing.
#[test]
fn claims_cost_no_memory() {
    let mut fakes = Fakes::new(9, 1 << 20, Logs::default(), &[A]);
    let (before, id, seq) = (HELD.get(), BlockId([1; 32]), u64::MAX);
    for turn in 0..100 {
        let all = turn * MAX_ENTRIES..(turn + 1) * MAX_ENTRIES;
        let heads = all.map(|number| {
            let name = [number.to_be_bytes(); 4].concat();
            Head { author: Author(name.try_into().unwrap()), seq, id }
        });
        let heads: Vec<Head> = heads.collect();
        let entries = heads.iter().map(|it| Entry {
            author: it.author,
            next: seq,
            head: id,
            fork_at: Some(7),
        });
        let entries = entries.collect();
        fakes.says(A, Message::Have(Have { more: true, entries }));
        fakes.says(A, Message::Inv(heads));
    }
    let held = HELD.get() - before;
    assert!(held < 2 << 20, "{held} bytes");
}

#[test]
fn a_log_is_confirmed_by_who_has_no_more_of_it() {
    let blocks = chain(9, 3, b"hello");
    let have = |count: usize, more| {
        let logs = logs_of(&blocks[..count]);
        let logs = logs.authors();
        let entries = logs.map(|(author, log)| Entry::of(author, log));
        Message::Have(Have { more, entries: entries.collect() })
    };
    let new = || Fakes::new(9, 1 << 20, Logs::default(), &[A, B]);
    assert_eq!(new().says(A, have(0, false)), "confirmed");
    let mut fakes = new();
    assert_eq!(fakes.says(A, have(0, true)), "");
    assert_eq!(fakes.says(A, have(2, false)), "GET 0+2 to 1");
    assert_eq!(fakes.says(B, have(0, false)), "");
    assert_eq!(fakes.block(A, &blocks[0]), "keep, BLOCK to 2");
    let done = fakes.block(A, &blocks[1]);
    assert_eq!(done, "keep, BLOCK to 2, confirmed");
    // Who has claimed to have more, and has not, is no witness.
    let mut fakes = new();
    assert_eq!(fakes.says(A, have(2, false)), "GET 0+2 to 1");
    let what = NotFound { author: blocks[0].author(), seq: 0 };
    assert_eq!(fakes.says(A, Message::NotFound(what)), "confirmed");
}

#[test]
fn what_both_have_is_compared_now_and_then() {
    let blocks = chain(1, 1, b"hello");
    let mut fakes = Fakes::new(9, 1 << 20, Logs::default(), &[A]);
    let same = fakes.after(30_000);
    assert_eq!(same, "DIGEST to 1");
    let digest = |logs: &Logs| {
        let logs = logs.authors();
        Message::Digest(Digest::of(logs.map(|(it, log)| Entry::of(it, log))))
    };
    assert_eq!(fakes.says(A, digest(&Logs::default())), "");
    let logs = logs_of(&blocks);
    assert_eq!(fakes.says(A, digest(&logs)), "HAVE to 1");
    // Not again and again.
    assert_eq!(fakes.says(A, digest(&logs)), "");
}
