//! What the room of step 24 does, in process: where nodes are, how that is
//! said, and what is made of it.

#[path = "../fuzz/discovery.rs"]
mod entries;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use peer::back_off::back_off;
use peer::beacon::{self, Beacon};
use peer::book::{Book, Links, MAX, Path};
use peer::frame::encode;
use peer::hello::{Greeting, PeerId, only_prefix};
use peer::join::{JoinCode, Mistake};
use peer::kind::Kind;
use peer::peers::{self, Whereabouts, is_passed_on};
use peer::violation::Reason;
use shared::events::sleep::{Clocks, SleepWatch};

use crate::entries::side::Side;
use crate::frames;
use crate::mutate::fuzz;
use crate::play;

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
    let bytes = BEACON.encode();
    for at in 0..bytes.len() {
        let mut other = bytes;
        other[at] ^= 1;
        let is_same = Beacon::parse(&other).map(|it| it == BEACON);
        assert_eq!(is_same, (at >= 3).then_some(at == 3), "byte {at}");
    }
    let entries = ["1.2.0.1:772", "[2001:db8::1]:1"].map(whereabouts);
    let mut payload = peers::encode(&entries);
    payload[1 + 19] = 1;
    assert_eq!(peers::parse(&payload).unwrap(), entries, "flags are ignored");
    payload[1 + 19] = 0;
    let mapped = b"\0\0\0\0\0\0\0\0\0\0\xff\xff\x01\x02\x00\x01";
    let (port, number) = (&[3, 4], &NUMBER.to_be_bytes());
    let beacon: [&[u8]; 7] =
        [b"\xd5\x55", &[1], &[0], &[0x11; 32], &NODE.0, port, number];
    let entry: [&[u8]; 5] = [mapped, port, &[0, 0], number, &NODE.0];
    // A message is its fields, one behind the other.
    for (bytes, fields, values) in [
        (&bytes[..], &beacon::FIELDS[..], &beacon[..]),
        (&payload[1..57], &peers::FIELDS, &entry),
    ] {
        assert_eq!(bytes, values.concat());
        let mut end = 0;
        for (field, value) in fields.iter().zip(values) {
            assert_eq!((field.offset, field.length), (end, value.len()));
            end += value.len();
        }
        assert_eq!((end, fields.len()), (bytes.len(), values.len()));
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
        let alike = text.replace('0', "o").replace('1', "i");
        let plain = text.replace('-', "");
        let also = plain.replace('0', "O").replace('1', "L");
        for same in [&spaced, &alike, &plain, &also, &also.to_lowercase()] {
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
    for other in CODES.split(' ').skip(2) {
        assert_eq!(JoinCode::parse(other), Err(Mistake::Version), "{other}");
    }
}

/// A bounded share of what cargo-fuzz does without bounds.
#[test]
fn whatever_is_said_of_nodes() {
    let beacons = [3, 0].map(|port| Beacon { port, ..BEACON }.encode().into());
    fuzz(beacons.into_iter(), 1000, &["\0"], entries::beacon);
    let all = ["1.2.3.4:5", "[::1]:80", "[::ffff:1.2.3.4]:1"].map(whereabouts);
    let payloads = [peers::encode(&all), vec![33; 1 + 33 * 56]];
    fuzz(payloads.into_iter(), 1000, &["\0"], entries::peers);
    let line = format!("::1 80 {} 7 8\n", "aB".repeat(32));
    let text = format!("1.2.3.4 5 - 0 4294967295\n1.2.3.4 5 - 1 2\r\n{line}");
    let words = [" ", "\n", "-", "+1", "0", "18446744073709551616", &line];
    fuzz([text.into()].into_iter(), 3000, &words, entries::book);
    let codes = CODES.split(' ').map(Vec::from);
    fuzz(codes, 500, &["-", "O", "0"], entries::join);
}

#[test]
fn who_joins_says_how_the_number_begins() {
    let ours = Greeting { session: 1, node: NODE, port: 1, network: [7; 32] };
    let theirs = Greeting { session: 2, node: PeerId([1; 32]), ..ours };
    let mut hello = theirs.hello(([127, 0, 0, 1], 1).into(), 0);
    for at in [0, 7, 8, 31, 32] {
        hello.network = only_prefix(&[7; 32]);
        assert_eq!(hello.network[..], [&[7; 8][..], &[0; 24]].concat());
        hello.network.get_mut(at).map(|byte| *byte += 1);
        let expected = if at < 32 { Err(Reason::Network) } else { Ok(()) };
        assert_eq!(ours.suits(&hello), expected, "{at}");
    }
}

#[test]
fn what_leads_nowhere_is_not_passed_on() {
    // Where a node is, and who says so or is told.
    let yes = "1.2.3.4:1 10.0.0.1, 10.0.0.2:9 1.2.3.4, [fd00::1]:1 127.0.0.1, \
        127.9.9.9:1 127.0.0.1, 127.0.0.1:1 ::1, [::1]:1 127.0.0.1";
    let no = "1.2.3.4:0 10.0.0.1, 127.0.0.1:1 10.0.0.1, [::1]:1 2001:db8::1, \
        169.254.1.1:1 169.254.1.2, [fe80::1]:1 fe80::2, [ff02::1]:1 10.0.0.1, \
        255.255.255.255:1 10.0.0.1, 224.0.0.1:1 10.0.0.1, 0.0.0.0:1 127.0.0.1, \
        [::]:1 127.0.0.1";
    for (rows, expected) in [(yes, true), (no, false)] {
        for row in rows.split(", ") {
            let (address, ip) = row.split_once(' ').unwrap();
            let (address, ip) = (address.parse().unwrap(), ip.parse().unwrap());
            assert_eq!(is_passed_on(address, ip), expected, "{row}");
        }
    }
}

/// A book in its file, without the ends of lines that are `1 - 0 0`. What
/// happens: dials of an address begin, end by failure after the longest wait
/// that there is, last for so many seconds, are put off because of another
/// link, lead to ourselves; one finds node `A`, to which there is a link; so
/// many were dialled, only to see who is there; time passes; a sleep ends. In
/// which order those that are left are dialled, and in how many seconds; `!`:
/// what is typed waits.
#[rustfmt::skip]
const BOOKS: &[(&str, &str, &str)] = &[
    ("1.0.0.1 1 - 5, 1.1.0.1 1 - 0 3, 1.2.0.1, 1.3.0.1 1 - 9 7", "told:1.4.0.1:1",
        "!4 3 0 2 1"),
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
    ("1.0.0.1, 1.1.0.1 1 B", "found:0 found:1", ""),
    // How dials end.
    ("::1", "begun:0", ""),
    ("::1", "begun:0 off:0", "0"),
    ("::1", "begun:0 failed:0", "0+1"),
    ("::1, ::1 2", "failed:0 failed:0 failed:0", "1 0+4"),
    ("::1 1 - 5, ::1 2 - 9", "failed:0 failed:1 failed:1 pass:9", "1 0"),
    ("::1", "failed:0 failed:0 failed:0 short:0", "0+8"),
    ("::1", "failed:0 failed:0 failed:0 long:0", "0+1"),
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
            let rest = ["1", "-", "0", "0"].into_iter();
            let rest = rest.skip(line.split(' ').count() - 1);
            line.split(' ').chain(rest).collect::<Vec<_>>().join(" ") + "\n"
        });
        let (mut book, _) = Book::from_text(&lines.collect::<String>(), now);
        let has = |node| node == NODE;
        let mut links = Links { has: &has, dialled: 0, spare: 0 };
        for word in happens.split(' ').filter(|word| !word.is_empty()) {
            let (verb, rest) = word.split_once(':').unwrap();
            let number = rest.parse().unwrap_or(0);
            // One less than a multiple of each wait.
            let (short, chance) = (Duration::from_millis(59_999), 19_199_999);
            let long = Duration::from_secs(60);
            match verb {
                "told" => {
                    add(&mut book, rest, Path::Told, now);
                }
                "begun" => book.begun(number),
                "off" => book.put_off(number),
                "failed" => book.failed(number, now, chance),
                "short" => book.ended(number, short, now, chance),
                "long" => book.ended(number, long, now, chance),
                "own" => book.is_own(number),
                "found" => book.tried(number, NODE, 1),
                "pass" => now += Duration::from_secs(number as u64),
                "wake" => book.wake(now),
                "dialled" => links.dialled = number,
                _ => links.spare = number,
            }
        }
        let waits = if book.is_beginning() { "!" } else { "" };
        let mut order = Vec::new();
        while let Some((due, number)) = book.next(now, &links) {
            let seconds = due.saturating_duration_since(now).as_secs();
            order.push(format!("{number}+{seconds}").replace("+0", ""));
            book.begun(number);
        }
        let order = format!("{waits}{}", order.join(" "));
        assert_eq!(order, *expected, "{happens} {book:?}");
    }
}

fn add(book: &mut Book, at: &str, path: Path, now: Instant) -> Option<usize> {
    book.add(at.parse().unwrap(), None, path, now)
}

#[test]
fn a_liar_fills_no_book_and_nothing_good_leaves_it() {
    let now = Instant::now();
    let peer = |ip: &str| Path::Peer(ip.parse().unwrap());
    for (path, host, most) in [
        (peer("10.0.0.1"), "1.2.3.4", 4),
        (Path::Came, "10.0.0.9", 4),
        (Path::Beacon, "10.0.0.9", 4),
        (peer("::1"), "1.2.3.4", MAX),
        (Path::Came, "127.0.0.1", MAX),
        (Path::Told, "1.2.3.4", MAX),
    ] {
        let mut book = Book::default();
        let tell = |book: &mut Book, port, path| {
            add(book, &format!("{host}:{port}"), path, now);
            book.entries().len()
        };
        assert_eq!(
            (0..300).map(|it| tell(&mut book, it, path)).max(),
            Some(most)
        );
        // Where somebody was found counts no more; another one may tell, too.
        book.tried(0, NODE, 1);
        tell(&mut book, 300, path);
        let len = tell(&mut book, 301, peer("10.0.0.2"));
        assert_eq!(len, (most + 2).min(MAX), "{path:?}");
    }
    // It is full. The worst goes: not one where somebody was, nor one that is
    // dialled.
    let lines = (1..=MAX).map(|port| format!("1.1.1.1 {port} - 0 {port}\n"));
    let (mut book, _) = Book::from_text(&lines.collect::<String>(), now);
    book.begun(MAX - 1);
    book.tried(MAX - 2, NODE, 1);
    let number = add(&mut book, "2.2.2.2:1", Path::Told, now);
    assert_eq!(number, Some(MAX - 3));
    (0..MAX - 3).for_each(|it| book.tried(it, NODE, 1));
    book.is_own(MAX - 3);
    assert_eq!(add(&mut book, "3.3.3.3:1", Path::Told, now), None);
}

#[test]
fn a_wait_is_any_part_of_the_longest() {
    for (failures, most) in [(0, 1000), (1, 1000), (2, 2000), (9, 256_000)]
        .into_iter()
        .chain([10, 64, 65, u32::MAX].map(|it| (it, 300_000)))
    {
        let all = (0..most).map(|it| back_off(failures, it).as_millis() as u64);
        assert!(BTreeSet::from_iter(all).into_iter().eq(1..=most));
    }
}

#[test]
fn a_book_says_where_somebody_was_found() {
    let now = Instant::now();
    let lines = (100..150).map(|port| {
        let host = if port == 100 { "10.0.0.1" } else { "127.0.0.1" };
        format!("{host} {port} {} 0 7\n", NODE.digits())
    });
    let (mut book, _) = Book::from_text(&lines.collect::<String>(), now);
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

    let good = format!("1.2.3.4 5 {} 7 8\n::1 65535 - 0 0\n", NODE.digits());
    let wrong = "\nx\n1.2.3.4 0 - 0 0\n1.2.3.4 65536 - 0 0\n1.2.3.4 1 - 0\n\
        1.2.3.4 1 - 0 0 0\n1.2.3.4 1  0 0\n1.2.3.4 1 - 0 -1\n1.2.3.4 1 22 0 0\n";
    let (mut read, lines) = Book::from_text(&format!("{wrong}{good}"), now);
    assert_eq!((lines, read.to_text()), (Vec::from_iter(1..=9), good));
    assert!(!read.take_changed(), "it is as it is in its file");
    read.is_own(1);
    assert!(read.take_changed() && !read.take_changed());
    assert_eq!(read.to_text().lines().count(), 1);
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
    let mut side = play(Side::start(), "OPEN");
    let say = |side: &mut Side, count| {
        let entries = vec![whereabouts("10.0.0.1:1"); count];
        let mut bytes = Vec::new();
        encode(Kind::Peers, &peers::encode(&entries), &mut bytes);
        side.log.clear();
        side.receive(&bytes);
        !side.log.is_empty()
    };
    // Seconds, and entries: 32 at once, and one in ten seconds.
    for (seconds, count, is_believed) in
        [(0, 32, true), (0, 1, false), (20, 1, true), (9, 1, false)]
    {
        side.wait(Duration::from_secs(seconds));
        assert_eq!(say(&mut side, count), is_believed, "{seconds} {count}");
    }
    side.link.tell_peers(&[], side.now);
    side.link.tell_peers(&[whereabouts("10.0.0.1:1")], side.now);
    side.link.ask_for_peers(side.now);
    side.receive(&frames("GETPEERS*0"));
    assert_eq!(side.log, ["PEERS", "GETPEERS", "AskedForPeers"]);
    // The rest is no faster than other frames.
    while side.input.is_empty() {
        say(&mut side, 32);
    }
}
