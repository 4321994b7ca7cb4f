//! What the room of step 23 does, in process: bytes and time in, wants out.

#![allow(clippy::type_complexity, clippy::unwrap_used)]

#[path = "../core/counting.rs"]
mod counting;
mod discovery;
#[path = "../fuzz/peer.rs"]
mod entries;
mod gossip;
mod ledger;
#[path = "../core/mutate.rs"]
mod mutate;
mod posts;
mod secure;

use std::time::{Duration, Instant};

use counting::{COUNT, HELD};
use entries::side::Side;
use peer::frame::{self, Decoder, MAX_PAYLOAD, encode};
use peer::hello::{self, Hello, network_id};
use peer::kind::Kind;
use peer::text::{Lines, Speaks::*, kind_of};
use peer::violation::{Reason, Violation::*};

/// Good frames by their names, PONG for our first PING, and LATER of a later
/// version. `BYE*9` has nine bytes; whatever is no name is what a LINE says.
fn frames(words: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for word in words.split(' ') {
        let (name, count) = word.split_once('*').unwrap_or((word, ""));
        let mut kinds = (0..=255).filter_map(Kind::from_byte);
        let kind = kinds.find(|k| k.to_string() == name).unwrap_or(Kind::Line);
        match (word, count.parse()) {
            (_, Ok(count)) => encode(kind, &vec![b'x'; count], &mut out),
            ("HELLO", _) => out.extend(Side::start().link.output()),
            ("READY", _) => encode(kind, b"", &mut out),
            ("PING", _) => encode(kind, &[7; 8], &mut out),
            ("PONG", _) => encode(kind, &[0, 0, 0, 0, 0, 0, 0, 1], &mut out),
            ("BYE", _) => encode(kind, &[3, 0, 0], &mut out),
            ("LATER", _) => out.extend(b"\xd5\x53\x02\x77\0\0\0\x01a"),
            ("\u{ff}", _) => out.extend(b"\xd5\x53\x01\x30\0\0\0\x01\xff"),
            _ => encode(kind, word.as_bytes(), &mut out),
        }
    }
    out
}

/// A bounded share of what cargo-fuzz does without bounds.
#[test]
fn whatever_a_peer_sends() {
    let seeds = ["HELLO READY PING a LATER BYE b", "HELLO READY a b PING"];
    let pieces = ["HELLO", "PING", "PONG", "BYE", "LATER", "a"].map(frames);
    mutate::fuzz(seeds.into_iter().map(frames), 500, &pieces, entries::link);
    let hello = frames("HELLO").split_off(8);
    mutate::fuzz([hello].into_iter(), 3000, &["\0", "\x01"], entries::hello);
    let text = "one\ntwo\r\n\nfour\r\r\n12345678\r\n123456789\r\né\x1b\n\r";
    mutate::fuzz([text.into()].into_iter(), 3000, &["\r", "\n"], entries::line);
}

const MAPPED: &[u8] = &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 9, 8, 7, 6];

/// How each field of a HELLO alone is changed, and its bytes then.
const CHANGES: [(fn(&mut Hello), &[u8]); 11] = [
    (|it| it.versions.0 = 0x0102, &[1, 2]),
    (|it| it.versions.1 = 0x0102, &[1, 2]),
    (|it| it.session = 0x0102, &[0, 0, 0, 0, 0, 0, 1, 2]),
    (|it| it.node.0 = [9; 32], &[9; 32]),
    (|it| it.port = 0x0102, &[1, 2]),
    (|it| it.flags = 0x0102, &[1, 2]),
    (|it| it.clock = 0x0102, &[0, 0, 0, 0, 0, 0, 1, 2]),
    (|it| it.network = [9; 32], &[9; 32]),
    (|it| it.seen.set_ip([9, 8, 7, 6].into()), MAPPED),
    (|it| it.seen.set_port(0x0102), &[1, 2]),
    (|it| it.proof = vec![9; 0x0102], &[1, 2]),
];

#[test]
fn a_field_is_where_the_table_says() {
    let bytes = frames("LINE*258");
    let values: [&[u8]; 4] = [&[0xd5, 0x53], &[1], &[0x30], &[0, 0, 1, 2]];
    for (field, value) in frame::FIELDS.iter().zip(values) {
        assert_eq!(bytes[field.offset..][..field.length], *value);
    }
    for ((change, value), field) in CHANGES.iter().zip(&hello::FIELDS) {
        let mut bytes = vec![0; 108];
        let mut hello = Hello::parse(&bytes).unwrap();
        change(&mut hello);
        bytes[field.offset..][..field.length].copy_from_slice(value);
        bytes.extend(&hello.proof);
        assert_eq!(hello.encode(), bytes, "{}", field.name);
        assert!(Hello::parse(&bytes).ok().is_none_or(|it| it == hello));
    }
    ledger::check(&hello::FIELDS, 108);
}

#[test]
fn memory_grows_with_what_arrives() {
    let bytes = frames("BYE*58").repeat(1000);
    let (mut decoder, before) = (Decoder::default(), HELD.get());
    for (index, piece) in bytes.chunks(8).enumerate() {
        decoder.space()[..8].copy_from_slice(piece);
        decoder.received(8);
        let bound = (16 * (index as isize + 1)).clamp(4096, 66_128);
        assert!(HELD.get() - before <= bound, "{bound}");
    }
    let frames = std::iter::from_fn(|| decoder.next_frame().unwrap());
    assert!(frames.map(|it| it.payload).eq(vec![[b'x'; 58]; 1000]));
    let (mut lines, before) = (Lines::new(1024), HELD.get());
    assert!((0..1_000_000).all(|_| lines.cut(b"a").is_empty()));
    assert!(HELD.get() - before <= 4096);
}

#[test]
fn a_header_is_checked_before_it_is_believed() {
    let header = |version, kind: u8, length: usize| {
        [[0xd5, 0x53, version, kind], (length as u32).to_be_bytes()].concat()
    };
    let kinds = (0..=255).filter_map(Kind::from_byte);
    let too_big = kinds.flat_map(|kind| {
        let lengths = [kind.max_length() + 1, u32::MAX as usize];
        let result = |it| Err(TooBig(kind, it as u32));
        lengths.map(|it| (header(1, kind as u8, it), result(it)))
    });
    for (bytes, result) in too_big.chain([
        (header(0, 0x30, 0), Err(Version(0))),
        (header(2, 0x30, 0), Err(Version(2))),
        (header(0, 0x77, 0), Err(Unknown(0x77))),
        (header(1, 0x77, 0), Err(Unknown(0x77))),
        (header(2, 0x77, MAX_PAYLOAD), Ok(())),
        (header(2, 0x77, MAX_PAYLOAD + 1), Err(Huge(33_057))),
        (vec![0xd4], Err(Magic)),
        (vec![0xd5, 0x52], Err(Magic)),
    ]) {
        let mut decoder = Decoder::default();
        for byte in bytes {
            assert_eq!(decoder.next_frame(), Ok(None));
            decoder.space()[0] = byte;
            decoder.received(1);
        }
        let before = COUNT.get();
        assert_eq!(decoder.next_frame().map(drop), result);
        assert_eq!(COUNT.get(), before, "it has asked for memory");
    }
}

/// hashlib.sha256(b"swarm network v1" + b"\x06lab-26" + b"\x08" +
///     hashlib.sha256(b"key").digest()).hexdigest()
const LAB: &str =
    "fa071797cebd1757487fb46eed6a0ee6a5ea2e80600fd6d63a84f92ac8f75393";

#[test]
fn numbers_have_names() {
    let row = |it: Kind| format!("{:02x} {it} {},", it as u8, it.max_length());
    let kinds = (0..=255).filter_map(Kind::from_byte).map(row);
    let table = "01 HELLO 256,02 READY 0,03 PING 8,04 PONG 8,05 BYE 67,\
        10 GETPEERS 0,11 PEERS 1793,20 BLOCK 32968,21 INV 18434,\
        22 GET 42,23 HAVE 20483,24 DIGEST 36,25 FORK 400,26 NOTFOUND 40,\
        27 PRUNE 0,30 LINE 1024,";
    assert_eq!(kinds.collect::<String>(), table);
    let reasons = || (0..=255).filter_map(Reason::from_byte);
    assert!(reasons().map(|it| it as u8).eq(1..=10));
    assert!(reasons().all(|it| it.text().len() <= 64));
    assert_eq!(b"/\x80G\0".map(kind_of), [Text, Frames, Http, Http]);
    assert_eq!(peer::wire::hex(&network_id("lab-26", 8, Some(b"key"))), LAB);
}

/// What comes before, one thing or another, and what comes after. Then what is
/// wanted and said, from `OPEN` on, and why the link has ended.
const LIVES: &[[&str; 4]] = &[
    ["SAY", " LATER", "5s 2s", "HELLO BYE9 FIN Closed(TimedOut)"],
    ["BEGIN", "5~", "2~", "HELLO BYE9 FIN Closed(TimedOut)"],
    ["SAY 4q", "HELLO", "1s 2s", "HELLO READY BYE9 FIN Closed(TimedOut)"],
    ["", "READY PING PONG a", "2s", "HELLO BYE7 FIN Broken(Unexpected"],
    ["", "HELLO*108", "2s", "HELLO BYE7 FIN Broken(Malformed"],
    ["HELLO", "HELLO PING PONG a", "2s", "HELLO READY BYE7 FIN Broken"],
    ["HELLO SAY", "READY", "a", "HELLO READY Open a"],
    ["OPEN", "HELLO READY PONG", "2s", "BYE7 FIN Broken(Unexpected"],
    ["OPEN", "PING", "a LATER b", "PONG a b"],
    ["OPEN", "\t \x7f \u{85} \u{ff}", "a 1q b 1s", "BYE7 FIN Broken(Malformed"],
    ["OPEN", "LINE*0 PING*0 PONG*7 BYE*2", "a 2s", "BYE7 FIN Broken(Malformed"],
    ["OPEN", "LINE*1025 READY*1 PING*9", "a 2s", "BYE8 FIN Broken(TooBig"],
    ["", "GETPEERS*0 PEERS*1", "2s", "HELLO BYE7 FIN Broken(Unexpected"],
    ["OPEN GETPEERS*0", "GETPEERS*0", "2s", "AskedForPeers BYE7"],
    ["OPEN", "PEERS*0 PEERS*56", "2s", "BYE7 FIN Broken(Malformed"],
    ["OPEN", "GETPEERS*1 PEERS*1794", "2s", "BYE8 FIN Broken(TooBig"],
    ["OPEN BEGIN", "20~", "40~ 2~", "PING BYE9 FIN Closed(TimedOut)"],
    ["OPEN 20s", "PONG*8", "a 2s", "PING BYE7 FIN Broken(Unexpected"],
    ["OPEN 20s PONG", "PONG", "2s", "PING BYE7 FIN Broken(Unexpected"],
    ["OPEN 19q a 20s", "PONG", "20s", "a PING PING"],
    ["OPEN 20s 5q", "a", "60s 2s", "PING a BYE9 FIN Closed(TimedOut)"],
    ["OPEN STUCK 5q", "SAY", "15s 15s", "LINE PING BYE9 Closed(TimedOut)"],
    ["OPEN STUCK 5q SAY 15s", "14q", "ONE ONE a 30s", "LINE PING a BYE9"],
    ["OPEN", "BYE*67", "a", "FIN Left(120)"],
    ["OPEN STUCK SAY", "BYE", "a 2s", "LINE Left(3)"],
    ["OPEN CLOSE SAY", "1q", "a HELLO READY PING PONG 1s", "BYE3 FIN a Closed"],
    ["OPEN CLOSE", "BYE EOF", "", "BYE3 FIN Closed(Duplicate)"],
    ["OPEN CLOSE", "LINE*0", "a 2s", "BYE3 FIN Broken(Malformed"],
    ["OPEN", "EOF", "", "Truncated"],
    ["OPEN", "BLOCK*200 NOTFOUND*40", "2s", "BYE7 FIN Broken(Unexpected"],
    ["TAKE", "NOTFOUND*40", "2s", "HELLO BYE7 FIN Broken(Unexpected"],
    ["TAKE OPEN", "a", "2s", "BYE7 FIN Broken(Unexpected"],
    ["TAKE OPEN", "BLOCK*200", "2s", "BYE7 FIN Broken(Flawed"],
    ["TAKE OPEN", "GET*42 NOTFOUND*39", "2s", "BYE7 FIN Broken(Malformed"],
    ["GOSSIP OPEN", "INV*2 INV*100 HAVE*3", "2s", "BYE7 FIN Broken(Malformed"],
    ["GOSSIP OPEN", "DIGEST*35 FORK*399", "2s", "BYE7 FIN Broken(Malformed"],
    ["TAKE OPEN", "NOTFOUND*40", "2q", "NotFound("],
];

/// In `5s` something happens after five seconds, and nothing before; in `5~`
/// too, and meanwhile a byte comes now and then. In `5q` nothing happens.
fn play(mut side: Side, words: &str) -> Side {
    for word in words.split(' ').filter(|word| !word.is_empty()) {
        match word {
            "TAKE" => side.link.take_blocks(side.now),
            "GOSSIP" => side.link.gossip(side.now),
            "CLOSE" => side.link.close(Reason::Duplicate, side.now),
            "SAY" => _ = side.link.line("b", side.now),
            "STUCK" => side.room = 0,
            "FILL" => while side.link.line(&"x".repeat(1024), side.now) {},
            "ONE" => side.room = 1,
            "EOF" => side.is_eof = true,
            "BEGIN" => side.receive(&frames("LINE*1024")[..8]),
            "OPEN" => {
                side.receive(&frames("HELLO READY"));
                side.log.clear();
            }
            _ if word.starts_with(char::is_numeric) => wait(&mut side, word),
            _ => side.receive(&frames(word)),
        }
        side.receive(b"");
    }
    side
}

fn wait(side: &mut Side, word: &str) {
    let (seconds, how) = word.split_at(word.len() - 1);
    let log = side.log.len();
    for _ in 1..seconds.parse().unwrap() {
        side.wait(Duration::from_secs(1));
        side.receive(if how == "~" { b"x" } else { b"" });
    }
    side.wait(Duration::from_nanos(999_999_999));
    assert_eq!(side.log.len(), log, "too early: {word}");
    side.wait(Duration::from_nanos(1));
    assert_eq!(side.log.len() == log, how == "q", "{word}: {:?}", side.log);
}

#[test]
fn each_life_has_its_end() {
    for [before, choice, after, expected] in LIVES {
        for word in choice.split(' ') {
            let words = format!("{before} {word} {after}");
            let side = play(Side::start(), &words);
            let log = side.log.join(" ");
            assert!(log.starts_with(expected), "{words}: {log}");
        }
    }
}

#[test]
fn an_allowance_is_spent_and_earned() {
    let start = Instant::now();
    let mut allowance = peer::allowance::Allowance::new(start);
    // Microseconds, bytes, and how many milliseconds to wait.
    let rows = [
        [(0, 65_536, 0), (0, 1, 1), (1000, 15, 0), (1000, 1, 1)],
        [(1_000_000, 16_367, 0), (0, 16_383, 1000), (0, 2, 1001), (0, 0, 1001)],
        [(2_001_000, 15, 0), (2_002_900, 31, 0), (2_004_800, 31, 0), (0, 1, 1)],
        [(3_153_600_000_000_000, 65_536, 0), (0, 16, 1), (0, 1, 2), (0, 0, 2)],
    ];
    for (time, bytes, wait) in rows.concat() {
        let now = start + Duration::from_micros(time);
        let until = allowance.spend(bytes, now);
        let until = until.map_or(0, |it| (it - now).as_millis());
        assert_eq!(until, wait, "{bytes} at {time}: {allowance:?}");
    }
}

#[test]
fn who_sends_too_much_is_paused_and_loses_nothing() {
    for (word, count, close, millis) in [
        ("LINE*1024", 500, "", 27_432),
        ("LINE*1024", 70, "CLOSE", 346),
        ("PING", 100, "", 95_000),
    ] {
        let mut side = play(Side::start(), "OPEN");
        side.receive(&frames(word).repeat(count));
        side = play(side, close);
        for (millis, is_all) in [(millis - 10, false), (60, true)] {
            side.wait(Duration::from_millis(millis));
            let came = side.log.iter().filter(|it| !it.starts_with(['B', 'F']));
            assert_eq!(came.count() == count, is_all, "{word}");
        }
    }
}

#[test]
fn what_is_not_taken_is_bounded() {
    let mut side = play(Side::start(), "OPEN STUCK FILL a");
    assert_eq!((side.unsent.len(), side.input.len()), (255 * 1032, 9));
    side.room = usize::MAX;
    assert!(play(side, "SAY").input.is_empty());
}
