//! Links that nobody else can read, and who may have one: in process.

use std::rc::Rc;
use std::time::{Duration, Instant};

use ed25519_dalek::SigningKey;
use fastrand::Rng;
use peer::cipher::Cipher;
use peer::hello::{Greeting, PeerId};
use peer::kind::Kind;
use peer::link::{End, Link, Want};
use peer::members::Members;
use peer::secure::Fault::{self, Changed, Ended, Length, Magic, Plain, Secret};
use peer::secure::{FIELDS, Handshake, Keys, PREAMBLE, Secured};
use peer::violation::{Reason, Violation};
use peer::vouch;

type Outcome = Option<Result<Secured, Fault>>;

/// One end of a connection: what has come of it, and what it has sent.
struct Side {
    handshake: Handshake,
    outcome: Outcome,
    sent: Vec<u8>,
    /// How much of that has arrived.
    arrived: usize,
}

fn keys(key: u8, shared: u8) -> Rc<Keys> {
    Rc::new(Keys { private: [key; 32], shared: [shared; 32] })
}

fn end(key: u8, shared: u8, is_dialled: bool) -> Side {
    let keys = keys(key, shared);
    let handshake = Handshake::new(keys, is_dialled, Instant::now());
    Side { handshake, outcome: None, sent: Vec::new(), arrived: 0 }
}

impl Side {
    fn go_on(&mut self) {
        if self.outcome.is_none() && self.handshake.advance() {
            self.outcome = self.handshake.outcome();
        }
        let output = self.handshake.output().to_vec();
        self.handshake.sent(output.len());
        self.sent.extend(output);
        if let Some(Ok(secured)) = &mut self.outcome {
            self.sent.append(&mut secured.output);
        }
    }

    fn receive(&mut self, bytes: &[u8]) {
        if self.outcome.is_none() {
            self.handshake.space()[..bytes.len()].copy_from_slice(bytes);
            self.handshake.received(bytes.len());
        }
    }
}

/// What comes of two ends, of which the first has dialled: `size` bytes arrive
/// at once, and the byte of the first or of the second with this number is
/// changed.
fn meet(
    mut ends: [Side; 2],
    size: usize,
    changed: Option<(usize, usize)>,
) -> [Side; 2] {
    loop {
        ends.iter_mut().for_each(Side::go_on);
        let mut is_over = true;
        for from in 0..2 {
            let Side { sent, arrived, .. } = &mut ends[from];
            let end = sent.len().min(arrived.saturating_add(size));
            let mut bytes = sent[*arrived..end].to_vec();
            for (at, byte) in (*arrived..).zip(&mut bytes) {
                *byte ^= u8::from(changed == Some((from, at)));
            }
            *arrived = end;
            if !bytes.is_empty() {
                is_over = false;
                ends[1 - from].receive(&bytes);
            }
        }
        if is_over {
            return ends;
        }
    }
}

fn secured() -> [Secured; 2] {
    let ends = meet([end(1, 9, true), end(2, 9, false)], usize::MAX, None);
    ends.map(|it| it.outcome.unwrap().ok().unwrap())
}

fn fault(end: &Side) -> Option<Fault> {
    end.outcome.as_ref().and_then(|it| it.as_ref().err().copied())
}

#[test]
fn both_know_who_the_other_is_however_it_is_cut() {
    for size in [1, 7, 50, usize::MAX] {
        let ends = meet([end(1, 9, true), end(2, 9, false)], size, None);
        // A preamble, and messages of 48, 96 and 64 bytes behind their lengths.
        let lengths = ends.each_ref().map(|it| it.sent.len());
        assert_eq!(lengths, [8 + 50 + 66, 8 + 98]);
        let [one, other] = ends.map(|it| it.outcome.unwrap().ok().unwrap());
        assert_eq!(one.cipher.node(), keys(2, 9).node());
        assert_eq!(other.cipher.node(), keys(1, 9).node());
        let bindings = [&one, &other].map(|it| it.cipher.channel_binding());
        assert_eq!(bindings[0], bindings[1]);
    }
    let ends = secured();
    let again = secured();
    let binding =
        |ends: &[Secured; 2]| ends[0].cipher.channel_binding().to_vec();
    assert_ne!(binding(&ends), binding(&again));
    let offsets = FIELDS.map(|it| (it.offset, it.length));
    assert_eq!(offsets, [(0, 2), (2, 1), (3, 1), (4, 4)]);
}

/// Whatever is changed on its way: one end notices at least, and both have no
/// link. Of the preamble this is a downgrade.
#[test]
fn no_byte_can_be_changed() {
    for (from, length) in [(0, 124), (1, 106)] {
        for at in 0..length {
            let ends = [end(1, 9, true), end(2, 9, false)];
            let ends = meet(ends, usize::MAX, Some((from, at)));
            let faults = ends.each_ref().map(fault);
            let is_waiting = ends.iter().all(|it| it.outcome.is_none());
            assert!(faults != [None, None] || is_waiting, "{from} {at}");
            let last = ends.last().and_then(|it| it.outcome.as_ref());
            assert!(from == 1 || !last.is_some_and(Result::is_ok), "{at}");
        }
    }
    let flags = meet([end(1, 9, true), end(2, 9, false)], 1, Some((1, 7)));
    // The one that dials has put something else into its first message.
    assert_eq!(flags.each_ref().map(fault), [None, Some(Changed)]);
}

#[test]
fn a_stranger_is_told_apart() {
    let ends = meet([end(1, 8, true), end(2, 9, false)], 50, None);
    assert_eq!(fault(&ends[1]), Some(Secret));
    // Played again, to another connection of the same node.
    let recorded = meet([end(1, 9, true), end(2, 9, false)], 50, None);
    for count in [8, 58, 124] {
        let mut victim = end(2, 9, false);
        for piece in recorded[0].sent[..count].chunks(50) {
            victim.receive(piece);
            victim.go_on();
        }
        let is_open = victim.outcome.as_ref().is_some_and(Result::is_ok);
        assert!(!is_open, "{count}");
        // Its own messages are not those of the record.
        let known = (count == 124).then_some(Changed);
        assert_eq!(fault(&victim), known, "{count}");
    }
    let longer = [&PREAMBLE[..], &[0, 49]].concat();
    let cases: [(&[u8], Option<Fault>); 7] = [
        (b"GET / HTTP/1.1\r\n\r\n", Some(Magic)),
        (b"\xd5\x53\x01\x01\0\0\0\x6c", Some(Plain)),
        (b"\xd5\x53\x02\0\0\0\0\0", Some(Fault::Version(2))),
        (b"\xd5\x53\x01\xee\0\0\0\0", Some(Magic)),
        (&longer, Some(Length)),
        (b"\xd5\x53\x01", None),
        (b"", Some(Ended)),
    ];
    for (bytes, known) in cases {
        let mut victim = end(2, 9, false);
        victim.receive(bytes);
        victim.go_on();
        assert_eq!(fault(&victim), known, "{bytes:?}");
    }
}

fn author() -> SigningKey {
    SigningKey::from_bytes(&[5; 32])
}

/// A link of this end, which says that it is this node, with this proof.
fn link(secured: Secured, node: PeerId, proof: Vec<u8>) -> Link {
    let now = Instant::now();
    let greeting = Greeting { session: 1, node, port: 0, network: [0; 32] };
    let mut hello = greeting.hello(([127, 0, 0, 1], 1).into(), 0);
    hello.proof = proof;
    Link::sealed(Some(&hello), false, secured, now)
}

/// Takes what one has to send to the other.
fn pass(from: &mut Link, to: &mut Link, now: Instant) -> Want {
    let bytes = from.output().to_vec();
    from.sent(bytes.len(), now);
    to.space()[..bytes.len()].copy_from_slice(&bytes);
    to.received(bytes.len(), now);
    to.advance(now)
}

#[test]
fn hello_is_of_who_has_the_key() {
    let now = Instant::now();
    let node = keys(1, 9).node();
    for (case, is_good) in [
        ("", true),
        ("node", false),
        ("stale", false),
        ("echo", false),
        ("none", false),
    ] {
        let [one, other] = secured();
        let binding = one.cipher.channel_binding().to_vec();
        let stale = secured()[0].cipher.channel_binding().to_vec();
        let sign = |binding: &[u8], node| {
            vouch::sign(&author(), binding, node, "step27")
        };
        let (said, proof) = match case {
            "node" => (PeerId([7; 32]), sign(&binding, PeerId([7; 32]))),
            "stale" => (node, sign(&stale, node)),
            // What the other end says of itself, sent back to it.
            "echo" => (node, sign(&binding, keys(2, 9).node())),
            "none" => (node, Vec::new()),
            _ => (node, sign(&binding, node)),
        };
        let other_node = keys(2, 9).node();
        let mut ours = link(other, other_node, sign(&binding, other_node));
        let mut theirs = link(one, said, proof);
        let want = pass(&mut theirs, &mut ours, now);
        assert_eq!(matches!(want, Want::Decision(_)), is_good, "{case}");
        let broken = End::Broken(Violation::Impostor);
        assert_eq!(ours.end(), (!is_good).then_some(broken), "{case}");
        let vouch = ours.vouch().map(|it| (it.author.0, it.agent.as_str()));
        let known = (author().verifying_key().to_bytes(), "step27");
        assert_eq!(vouch, is_good.then_some(known), "{case}");
        assert_eq!(ours.node(), Some(node));
    }
}

/// A frame that is changed, repeated, left out or out of order is none; and
/// the end of the connection without a BYE is no end.
#[test]
fn frames_are_sealed_one_after_the_other() {
    let seal = |cipher: &mut Cipher, text: &[u8]| {
        let mut out = Vec::new();
        cipher.seal(Kind::Line, text, &mut out);
        out
    };
    let [mut one, _] = secured();
    let (first, second) =
        (seal(&mut one.cipher, b"1"), seal(&mut one.cipher, b"2"));
    let last = first.len() - 1;
    assert_eq!(first.len(), 2 + 8 + 1 + 16);
    for order in ["12", "11", "21", "1x"] {
        let [mut one, other] = secured();
        let [first, second] = [b"1", b"2"].map(|it| seal(&mut one.cipher, it));
        let mut changed = second.clone();
        changed[last] ^= 1;
        let mut stream = Vec::new();
        for letter in order.bytes() {
            stream.extend(match letter {
                b'1' => &first,
                b'2' => &second,
                _ => &changed,
            });
        }
        let mut decoder = peer::frame::Decoder::default();
        decoder.space()[..stream.len()].copy_from_slice(&stream);
        decoder.received(stream.len());
        let mut cipher = other.cipher;
        let next = |it: &mut peer::frame::Decoder, cipher: &mut Cipher| {
            cipher.unseal(it).map(|it| it.map(|it| it.payload))
        };
        let results = [(); 2].map(|()| next(&mut decoder, &mut cipher));
        let unsealed = Err(Violation::Unsealed);
        let known = match order {
            "12" => [Ok(Some(b"1".to_vec())), Ok(Some(b"2".to_vec()))],
            "21" => [unsealed.clone(), unsealed],
            _ => [Ok(Some(b"1".to_vec())), unsealed],
        };
        assert_eq!(results[0], known[0], "{order}");
        assert!(order == "21" || results[1] == known[1], "{order}");
    }
    assert_eq!(second.len(), first.len());
    let [one, other] = secured();
    let now = Instant::now();
    // Who is refused is told that, and not who we are.
    let mut refusing = Link::sealed(None, false, one, now);
    let node = keys(2, 9).node();
    let mut theirs = link(other, node, Vec::new());
    assert_eq!(pass(&mut refusing, &mut theirs, now), Want::Wait);
    assert_eq!(theirs.end(), Some(End::Left(Reason::Refused as u8)));
    theirs.received(0, now);
    let [one, _] = secured();
    let mut cut = link(one, keys(1, 9).node(), Vec::new());
    cut.received(0, now);
    assert_eq!(cut.end(), Some(End::Truncated));
}

#[test]
fn members_are_those_of_the_list_who_behave() {
    let (now, hour) = (Instant::now(), Duration::from_secs(3600));
    let node = |id: u32| {
        let mut node = [0; 32];
        node[..4].copy_from_slice(&id.to_be_bytes());
        PeerId(node)
    };
    let mut members = Members::default();
    assert!(members.admits(node(1), now));
    members.discourage(node(1), now);
    assert!(!members.admits(node(1), now + 23 * hour));
    assert!(members.admits(node(1), now + 24 * hour));
    let [near, far] = [[127, 0, 0, 5], [10, 0, 0, 5]].map(Into::into);
    for (address, is_heard) in [(near, true), (far, false)] {
        members.discourage_address(address, now);
        assert_eq!(members.hears(address, now), is_heard);
        assert!(members.hears(address, now + hour / 6));
    }
    for id in 0..5000 {
        members.discourage(node(id), now + Duration::from_secs(id.into()));
    }
    assert_eq!(members.discouraged(now), 4096);
    assert!(!members.admits(node(4999), now));
    let file =
        std::env::temp_dir().join(format!("members-{}", std::process::id()));
    let read = |text: &str| {
        std::fs::write(&file, text).unwrap();
        Members::read(&file).map_err(|it| it.to_string())
    };
    let list = format!("# the lab\n\n{}  Ada\n", node(4990).digits());
    members.take_list(read(&list).unwrap());
    let admitted = [4990, 4, 6000].map(|id| members.admits(node(id), now));
    assert_eq!(admitted, [false, false, false]);
    let later = now + 48 * hour;
    assert_eq!(
        [4990, 6000].map(|id| members.admits(node(id), later)),
        [true, false]
    );
    let wrong = read(&format!("{list}xyz\n")).unwrap_err();
    assert!(wrong.ends_with(":4: a node has 64 hexadecimal digits"), "{wrong}");
    std::fs::remove_file(&file).unwrap();
}

/// Whatever comes, wherever it is cut: no panic, no memory, the same end.
#[test]
fn whatever_a_stranger_sends() {
    let mut rng = Rng::with_seed(27);
    let good = meet([end(1, 9, true), end(2, 9, false)], 50, None);
    for _ in 0..300 {
        let mut bytes = good[0].sent.clone();
        let at = rng.usize(..bytes.len());
        bytes[at] = rng.u8(..);
        bytes.truncate(rng.usize(..=bytes.len()));
        bytes.extend((0..rng.usize(..600)).map(|_| rng.u8(..)));
        let mut victim = end(2, 9, false);
        let mut rest = &bytes[..];
        while victim.outcome.is_none() && !rest.is_empty() {
            let count = rng.usize(1..=victim.handshake.space().len());
            let count = count.min(rest.len());
            victim.receive(&rest[..count]);
            rest = &rest[count..];
            victim.go_on();
        }
        assert!(victim.outcome.is_none_or(|it| it.is_err()));
    }
}
