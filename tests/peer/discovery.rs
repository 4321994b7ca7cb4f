//! Where nodes are: how that is said, kept, and believed.

use std::time::{Duration, Instant};

use peer::back_off::back_off;
use peer::beacon::{self, Beacon};
use peer::book::{Book, Links, MAX, Path};
use peer::frame::encode;
use peer::hello::{Greeting, PeerId, only_prefix};
use peer::join::{JoinCode, Mistake};
use peer::kind::Kind;
use peer::peers::{self, Whereabouts, is_passed_on};
use shared::events::sleep::{Clocks, SleepWatch};

use crate::{entries, mutate::fuzz, play};

const NODE: PeerId = PeerId([0x22; 32]);
const NUMBER: u32 = 0x0506_0708;
const BEACON: Beacon =
    Beacon { network: [0x11; 32], node: NODE, port: 0x0304, sequence: NUMBER };

fn whereabouts(address: &str) -> Whereabouts {
    let address = address.parse().unwrap();
    Whereabouts { address, age: NUMBER, node: NODE }
}

#[test]
fn what_is_said_of_nodes_is_as_the_tables_say() {
    let entries = ["1.2.0.1:772", "[2001:db8::1]:1"].map(whereabouts);
    let (mut bytes, mut payload) = (BEACON.encode(), peers::encode(&entries));
    // Flags are ignored.
    (bytes[3], payload[1 + 19]) = (1, 1);
    assert_eq!(Beacon::parse(&bytes), Some(BEACON));
    assert_eq!(peers::parse(&payload).unwrap(), entries);
    (bytes[3], payload[1 + 19]) = (0, 0);
    let mapped = b"\0\0\0\0\0\0\0\0\0\0\xff\xff\x01\x02\x00\x01";
    let (port, number) = (&[3, 4], &NUMBER.to_be_bytes());
    let beacon: [&[u8]; 7] =
        [b"\xd5\x55", &[1], &[0], &[0x11; 32], &NODE.0, port, number];
    let entry: [&[u8]; 5] = [mapped, port, &[0, 0], number, &NODE.0];
    for (bytes, fields, values) in [
        (&bytes[..], &beacon::FIELDS[..], &beacon[..]),
        (&payload[1..57], &peers::FIELDS, &entry),
    ] {
        let parts = fields.iter().map(|it| &bytes[it.offset..][..it.length]);
        assert!(parts.eq(values.iter().copied()), "{fields:?}");
        assert_eq!(values.concat(), bytes);
    }
}

/// By zlib.crc32 of Python, and base 32 by hand. The last are of version 2, of
/// no kind of address, have half of one, and a byte too many.
const CODES: &str = "04002-0G30G-2GC1R-0B1XX-SNG \
    04002-0G30G-2GC1W-2NANA-NANAN-ANANA-NANAN-ANANA-N82C0-00204-FM01H-0046V-\
    G0000-00000-00000-00001-01848-AXGCM 08002-0G30G-2GC1R-0PD66-FN8 \
    04002-0G30G-2GC1R-10NZG-00010-00T46-R998 \
    04002-0G30G-2GC1R-10HZG-00010-2W4X6-X1 04002-0G30G-2GC1R-002YY-NRXG";

#[test]
fn a_code_that_is_mistyped_is_told() {
    let at = ["192.0.2.1:8000", "[2001:db8::1]:80"].map(|it| it.parse());
    let at = at.map(Result::unwrap).to_vec();
    let all = [(None, vec![]), (Some([0xaa; 16]), at)];
    for (text, (secret, addresses)) in CODES.split(' ').zip(all) {
        let network = [0, 1, 2, 3, 4, 5, 6, 7];
        let code = JoinCode { network, secret, addresses };
        assert_eq!(code.to_string(), text);
        let spaced = text.replace('-', "  ").to_lowercase();
        let plain = text.replace('-', "");
        let alike = plain.replace('0', "O").replace('1', "L");
        let small = plain.replace('0', "o").replace('1', "i");
        for same in [&spaced, &plain, &alike, &small, &alike.to_lowercase()] {
            assert_eq!(JoinCode::parse(same).as_ref(), Ok(&code), "{same}");
        }
        for (at, letter) in plain.char_indices() {
            let (before, after) = (&plain[..at], &plain[at + 1..]);
            assert_eq!(JoinCode::parse(before), Err(Mistake::Sum));
            for typed in "0123456789ABCDEFGHJKMNPQRSTVWXYZ!u".chars() {
                let expected = match typed {
                    '!' | 'u' => Err(Mistake::Character(typed)),
                    same if same == letter => Ok(code.clone()),
                    _ => Err(Mistake::Sum),
                };
                let text = format!("{before}{typed}{after}");
                assert_eq!(JoinCode::parse(&text), expected, "{text}");
            }
        }
    }
    let mut others = CODES.split(' ').skip(2).map(JoinCode::parse);
    assert!(others.all(|it| it == Err(Mistake::Version)));
}

/// A bounded share of what cargo-fuzz does without bounds.
#[test]
fn whatever_is_said_of_nodes() {
    let beacons = [3, 0].map(|port| Beacon { port, ..BEACON }.encode().into());
    let all = ["1.2.3.4:5", "[::1]:80", "[::ffff:1.2.3.4]:1"].map(whereabouts);
    let payloads = [peers::encode(&all), vec![33; 1 + 33 * 56]];
    let line = format!("::1 80 {} 7 8\n", "aB".repeat(32));
    let text = format!("1.2.3.4 5 - 0 4294967295\n1.2.3.4 5 - 1 2\r\n{line}");
    let seeds = beacons.into_iter().chain(payloads).chain([text.into()]);
    let seeds = seeds.chain(CODES.split(' ').map(Vec::from));
    let words = ["\0", " ", "\n", "-", "+1", "O", "9999999999999999999", &line];
    fuzz(seeds, 1500, &words, entries::whereabouts);
}

#[test]
fn who_joins_says_how_the_number_begins() {
    let ours = Greeting { session: 1, node: NODE, port: 1, network: [7; 32] };
    let theirs = Greeting { session: 2, node: PeerId([1; 32]), ..ours };
    for at in [0, 7, 8, 31, 32] {
        let mut hello = theirs.hello(([127, 0, 0, 1], 1).into(), 0);
        hello.network = only_prefix(&hello.network);
        hello.network[at % 32] += u8::from(at < 32);
        assert_eq!(ours.suits(&hello).is_ok(), at == 32, "{at}");
    }
}

#[test]
fn what_leads_nowhere_is_not_passed_on() {
    // Where a node is, and who says so or is told; `!`: it is not.
    let rows = "1.2.3.4:1 10.0.0.1, 10.0.0.2:9 1.2.3.4, [fd00::1]:1 127.0.0.1, \
        127.9.9.9:1 127.0.0.1, 127.0.0.1:1 ::1, [::1]:1 127.0.0.1, \
        !1.2.3.4:0 10.0.0.1, !127.0.0.1:1 10.0.0.1, ![::1]:1 2001:db8::1, \
        !169.254.1.1:1 169.254.1.2, ![fe80::1]:1 fe80::2, ![ff02::1]:1 ::1, \
        !255.255.255.255:1 10.0.0.1, !224.0.0.1:1 10.0.0.1, \
        !0.0.0.0:1 127.0.0.1, ![::]:1 127.0.0.1";
    for row in rows.split(", ") {
        let (at, ip) = row.trim_start_matches('!').split_once(' ').unwrap();
        let got = is_passed_on(at.parse().unwrap(), ip.parse().unwrap());
        assert_eq!(got, !row.starts_with('!'), "{row}");
    }
}

/// A book's lines, without ends that are `1 - 0 0`. What happens: dials begin,
/// fail for as long as can be, last less than a minute or longer, are put off
/// for another link, lead to ourselves, find node `A`, which is linked; so many
/// are dialled, some of them spare; time passes; a sleep ends. Then who
/// is dialled in which order, after so many seconds; `!`: what is typed waits.
#[rustfmt::skip]
const BOOKS: &[(&str, &str, &str)] = &[
    ("1.0.0.1 1 - 5, 1.1.0.1 1 - 0 3, 1.2.0.1, 1.3.0.1 1 - 9 7",
        "told:1.4.0.1:1", "!4 3 0 2 1"),
    // One in each network, but for private ones and those we were told of.
    ("1.2.0.1, 1.2.255.1, 1.3.0.1", "told:1.2.9.9:1", "!3 2"),
    ("2001:db8:1::, 2001:db8:f::, 2001:db9::", "", "0 2"),
    ("10.0.0.1, 10.0.0.2, fd00::1, fd00::2, 127.0.0.1, 127.0.0.2, ::1, ::1 2",
        "", "0 1 2 3 4 5 6 7"),
    // Eight, and two that may be linked already.
    ("1.0.0.1, 1.1.0.1", "dialled:7", "0 1"),
    ("1.0.0.1, 1.1.0.1", "dialled:8 told:1.2.0.1:1", "!2"),
    ("1.0.0.1 1 A, 1.1.0.1 1 B", "spare:1", "0 1"),
    ("1.0.0.1 1 A, 1.1.0.1 1 B", "spare:1 dialled:8", "0"),
    ("1.0.0.1 1 A, 1.1.0.1 1 B", "spare:2", "1"),
    ("1.0.0.1 1 A 5, 1.1.0.1 1 B", "told:1.0.0.1:1", "!1"),
    ("::1, ::1 2", "failed:0 failed:0 failed:0", "1 0+4"),
    ("::1 1 - 5, ::1 2 - 9", "failed:0 failed:1 failed:1 pass:9", "1 0"),
    ("::1", "failed:0 failed:0 failed:0 lasted:59", "0+8"),
    ("::1", "failed:0 failed:0 failed:0 lasted:60", "0+1"),
    ("::1", "failed:0 failed:0 wake:0", "0"),
    ("::1", "failed:0 failed:0 wake:0 failed:0", "0+1"),
    ("::1, ::1 2", "own:0 told:[::1]:1", "1"),
    // Each that we were told of has its chance, also if the file has it.
    ("::1 1 - 7", "told:[::1]:1", "!0"),
    ("::1 1 - 7", "told:[::1]:1 begun:0", "!"),
    ("::1", "told:[::1]:1 failed:0", "0+1"),
    ("::1", "told:[::1]:1 begun:0 off:0", "0"),
    ("::1", "told:[::1]:1 found:0", ""),
];

#[test]
fn those_are_dialled_first_who_are_likely_to_be_there() {
    for (lines, happens, expected) in BOOKS {
        let mut now = Instant::now();
        let node = |letter| PeerId([letter; 32]).digits();
        let lines = lines.replace('A', &node(0x22)).replace('B', &node(0x11));
        let lines = lines.split(", ").map(|line| {
            let rest = [" 1 - 0 0\n", " - 0 0\n", " 0 0\n", " 0\n", "\n"];
            line.to_string() + rest[line.matches(' ').count()]
        });
        let (mut book, _) = Book::from_text(&lines.collect::<String>(), now);
        let mut links =
            Links { has: &|node| node == NODE, dialled: 0, spare: 0 };
        for word in happens.split(' ').filter(|word| !word.is_empty()) {
            let (verb, rest) = word.split_once(':').unwrap();
            let number = rest.parse().unwrap_or(0);
            let seconds = Duration::from_secs(number as u64);
            // One less than a multiple of each wait.
            let chance = 19_199_999;
            match verb {
                "told" => {
                    book.add(rest.parse().unwrap(), None, Path::Told, now);
                }
                "begun" => book.begun(number),
                "off" => book.put_off(number),
                "failed" => book.failed(number, now, chance),
                "lasted" => book.ended(0, seconds, now, chance),
                "own" => book.is_own(number),
                "found" => book.tried(number, NODE, 1),
                "pass" => now += seconds,
                "wake" => book.wake(now),
                "dialled" => links.dialled = number,
                _ => links.spare = number,
            }
        }
        let mut order = Vec::new();
        let waits = if book.is_beginning() { "!" } else { "" };
        while let Some((due, number)) = book.next(now, &links) {
            let wait = due.saturating_duration_since(now).as_secs();
            order.push(format!("{number}+{wait}").replace("+0", ""));
            book.begun(number);
        }
        assert_eq!(waits.to_string() + &order.join(" "), *expected, "{book:?}");
    }
}

#[test]
fn a_liar_fills_no_book_and_nothing_good_leaves_it() {
    let now = Instant::now();
    let [far, near] = ["10.0.0.1", "::1"].map(|it| it.parse().unwrap());
    let paths = [Path::Peer(far), Path::Came, Path::Beacon];
    let local = [Path::Peer(near), Path::Came, Path::Told];
    let most = paths.map(|it| (it, "10.0.0.9", 4)).into_iter();
    for (path, host, most) in most.chain(local.map(|it| (it, "127.0.0.1", MAX)))
    {
        let mut book = Book::default();
        for port in 0..300 {
            // Where somebody was found counts no more.
            if port == 298 {
                assert_eq!(book.entries().len(), most, "{path:?}");
                book.tried(0, NODE, 1);
            }
            let at = format!("{host}:{port}").parse().unwrap();
            book.add(at, None, path, now);
        }
        assert_eq!(book.entries().len(), (most + 1).min(MAX), "{path:?}");
    }
    // The worst goes: not one where somebody was, nor one that is dialled.
    let lines = (1..=MAX).map(|port| format!("1.1.1.1 {port} - 0 {port}\n"));
    let (mut book, _) = Book::from_text(&lines.collect::<String>(), now);
    book.begun(MAX - 1);
    book.tried(MAX - 2, NODE, 1);
    for (port, expected) in [(1, Some(MAX - 3)), (2, None)] {
        let at = ([2, 2, 2, 2], port).into();
        assert_eq!(book.add(at, None, Path::Told, now), expected);
        (0..MAX - 3).for_each(|it| book.tried(it, NODE, 1));
    }
}

#[test]
fn a_wait_is_any_part_of_the_longest() {
    for (failures, most) in [(0, 1), (2, 2), (9, 256), (10, 300), (65, 300)] {
        let most = most * 1000;
        let all = (0..=most).map(|it| back_off(failures, it).as_millis());
        assert!(all.eq((1..=most.into()).chain([1])), "{failures}");
    }
}

#[test]
fn a_book_says_where_somebody_was_found() {
    let now = Instant::now();
    let line = |port| format!("127.0.0.1 {port} {} 0 7\n", NODE.digits());
    let text = line(100).replace("127", "10")
        + &(101..150).map(line).collect::<String>();
    let mut book = Book::from_text(&text, now).0;
    for count in [20, 40] {
        (0..count).for_each(|it| book.tried(it, NODE, it as u64 + 1));
        let known = |ip: [u8; 4]| {
            let known = book.known(ip.into(), 38).into_iter();
            known.map(|it| (it.address.port(), it.age)).collect::<Vec<_>>()
        };
        assert_eq!(known([10, 0, 0, 9]), [(100, 37)]);
        let last = (count.saturating_sub(32)..count).rev();
        let last = last.map(|it| (it as u16 + 100, (37 - it.min(37)) as u32));
        assert_eq!(known([127, 0, 0, 9]), Vec::from_iter(last));
    }
    let good = line(1) + "::1 65535 - 0 0\n";
    let wrong = "\nx\n1.2.3.4 0 - 0 0\n1.2.3.4 65536 - 0 0\n1.2.3.4 1 - 0\n\
        1.2.3.4 1 - 0 0 0\n1.2.3.4 1  0 0\n1.2.3.4 1 - 0 -1\n1.2.3.4 1 2 0 0\n";
    let (mut book, lines) = Book::from_text(&format!("{wrong}{good}"), now);
    assert_eq!((lines, book.to_text()), (Vec::from_iter(1..=9), good));
    assert!(!book.take_changed(), "it is as it is in its file");
    book.is_own(1);
    assert!(book.take_changed() && !book.take_changed());
    assert_eq!(book.to_text(), line(1));
}

#[test]
fn a_sleep_is_noticed_once() {
    let clocks = |asleep| {
        let monotonic = Duration::from_millis(7 * asleep);
        let boottime = monotonic + Duration::from_millis(asleep);
        Clocks { monotonic, boottime }
    };
    let mut watch = SleepWatch::new(clocks(5000));
    // Twice not for long enough, and once the clocks were not read at once.
    let slept = [5999, 6000, 6000, 5900, 3_606_000, 3_606_999, 3_607_000];
    let slept = slept.map(|it| watch.slept(clocks(it)).unwrap_or_default());
    let slept = slept.map(|it| it.as_millis());
    assert_eq!(slept, [0, 1000, 0, 0, 3_600_000, 0, 1000]);
}

#[test]
fn a_peer_is_believed_a_little() {
    let entry = [whereabouts("10.0.0.1:1")];
    let mut side = play(entries::side::Side::start(), "OPEN");
    // Seconds, and entries: 32 at once, and one in ten seconds. Frames that are
    // not believed come no faster than others.
    let (begun, rows) = ([(0, 32, true), (0, 1, false)], [(0, 32, false); 40]);
    let later = [(9, 1, false), (1, 1, true), (9, 1, false)];
    for (seconds, count, is_believed) in
        begun.into_iter().chain(later).chain(rows)
    {
        side.wait(Duration::from_secs(seconds));
        side.log.clear();
        let mut bytes = Vec::new();
        let payload = peers::encode(&vec![entry[0].clone(); count]);
        encode(Kind::Peers, &payload, &mut bytes);
        side.receive(&bytes);
        assert_eq!(!side.log.is_empty(), is_believed, "{seconds} {count}");
    }
    assert!(!side.input.is_empty(), "it is read from");
    let mut side = play(entries::side::Side::start(), "OPEN GETPEERS*0");
    side.link.tell_peers(&[], side.now);
    side.link.tell_peers(&entry, side.now);
    side.link.ask_for_peers(side.now);
    assert_eq!(play(side, "GETPEERS*1").log[1..3], ["PEERS", "GETPEERS"]);
}
