//! Blocks, logs, and a store on a disk whose power fails.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;
use std::{io, iter};

use ed25519_dalek::SigningKey;
use fastrand::Rng;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use peer::block::{Author, Block, BlockId, BodyKind, Draft, FIELDS, HEADER};
use peer::disk::Disk;
use peer::frame::encode;
use peer::key;
use peer::kind::Kind;
use peer::log::{Added, Log, Logs};
use peer::messages::Get;
use peer::mint::Mint;
use peer::stamp::{leading_zeros, required_bits};
use peer::store::{
    RECORD_FIELDS, SEGMENT, SEGMENT_FIELDS, SEGMENT_HEADER, Store,
};
use peer::wire::Field;

use super::entries::{self, side::Side};
use super::mutate::fuzz;
use super::play;

/// What a block costs here.
pub const BITS: u8 = 2;

fn block(key: u8, head: (u64, BlockId), body: &[u8]) -> Block {
    let key = SigningKey::from_bytes(&[key; 32]);
    let author = Author(key.verifying_key().to_bytes());
    let mut draft = Draft::new(author, head, 7, BodyKind::Text, body.to_vec());
    let bits = required_bits(BITS, body.len());
    let nonce = (0..).find(|it| leading_zeros(&draft.hash(*it).0) >= bits);
    draft.seal(nonce.unwrap(), &key)
}

/// So many blocks of one author, one after the other.
pub fn chain(key: u8, count: usize, body: &[u8]) -> Vec<Block> {
    let mut head = (0, BlockId::default());
    let blocks = (0..count).map(|_| {
        let block = block(key, head, body);
        head = (head.0 + 1, block.id());
        block
    });
    blocks.collect()
}

/// These fields are one behind the other, and all of it.
pub fn check(fields: &[Field], length: usize) {
    let end = fields.iter().fold(0, |end, field| {
        assert_eq!(field.offset, end, "{}", field.name);
        end + field.length
    });
    assert_eq!(end, length);
}

#[test]
fn each_byte_of_a_block_counts() {
    let block = block(1, (0x0102, BlockId([3; 32])), b"hello");
    check(&FIELDS, HEADER);
    assert_eq!(block.bytes().len(), HEADER + 5 + 64);
    assert_eq!((block.seq(), block.body()), (0x0102, &b"hello"[..]));
    assert_eq!(Block::parse(block.bytes()).as_ref(), Ok(&block));
    assert_eq!(block.verify(BITS), Ok(()));
    assert!(block.verify(60).is_err());
    for at in 0..block.bytes().len() {
        let mut bytes = block.bytes().to_vec();
        bytes[at] ^= 1;
        let result = Block::parse(&bytes).and_then(|it| it.verify(BITS));
        assert!(result.is_err(), "byte {at}");
        assert!(Block::parse(&bytes[..at]).is_err(), "{at} bytes");
    }
}

#[test]
fn large_blocks_cost_more() {
    for (size, bits) in
        [(0, 16), (1024, 16), (1025, 17), (2049, 18), (32 * 1024, 21)]
    {
        assert_eq!(required_bits(16, size), bits, "{size}");
    }
    assert_eq!(leading_zeros(&[0; 32]), 256);
    assert_eq!(leading_zeros(&[1; 32]), 7);
}

#[test]
fn a_log_has_no_gap_and_no_second_block_of_a_number() {
    let blocks = chain(1, 4, b"said");
    let head = |count: usize| (count as u64, blocks[count - 1].id());
    let others = [block(1, head(3), b"other"), block(1, head(1), b"other")];
    let after = block(1, (2, others[1].id()), b"after");
    let mut log = Log::default();
    for (block, added) in [
        (&blocks[1], Added::Gap(0)),
        (&blocks[0], Added::New),
        (&blocks[0], Added::Duplicate),
        (&blocks[1], Added::New),
        (&after, Added::Diverges),
        (&blocks[2], Added::New),
        (&blocks[3], Added::New),
        (&others[0], Added::Fork(3)),
        (&blocks[3], Added::Frozen),
        (&others[1], Added::Fork(1)),
        (&others[1], Added::Frozen),
        (&blocks[0], Added::Duplicate),
    ] {
        assert_eq!(log.add(block), added, "{block:?}");
    }
    assert_eq!((log.blocks().len(), log.fork_at()), (1, Some(1)));
}

/// What is on it, and what was written since it was synced last.
#[derive(Default)]
struct Segment {
    bytes: Vec<u8>,
    written: Vec<(usize, Vec<u8>)>,
}

/// A disk whose power fails.
#[derive(Default)]
struct Torn(BTreeMap<u32, Segment>);

fn write(to: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    to.resize(to.len().max(at + bytes.len()), 0);
    to[at..at + bytes.len()].copy_from_slice(bytes);
}

impl Disk for &mut Torn {
    fn segments(&mut self) -> io::Result<Vec<u32>> {
        Ok(self.0.keys().copied().collect())
    }

    fn read(&mut self, segment: u32) -> io::Result<Vec<u8>> {
        let Segment { bytes, written } = &self.0[&segment];
        let mut bytes = bytes.clone();
        written.iter().for_each(|it| write(&mut bytes, it.0, &it.1));
        Ok(bytes)
    }

    fn create(&mut self, segment: u32, _: u64) -> io::Result<()> {
        self.0.insert(segment, Segment::default());
        Ok(())
    }

    fn write(&mut self, segment: u32, at: u64, bytes: &[u8]) -> io::Result<()> {
        let segment = self.0.get_mut(&segment).unwrap();
        segment.written.push((at as usize, bytes.to_vec()));
        Ok(())
    }

    fn sync(&mut self, segment: u32) -> io::Result<()> {
        let Segment { bytes, written } = self.0.get_mut(&segment).unwrap();
        written.drain(..).for_each(|it| write(bytes, it.0, &it.1));
        Ok(())
    }
}

impl Torn {
    /// Of what was not synced, each sector is lost, kept, or cut.
    fn crash(&mut self, rng: &mut Rng) {
        for Segment { bytes, written } in self.0.values_mut() {
            for (at, new) in written.drain(..) {
                let mut from = 0;
                while from < new.len() {
                    let sector = 512 - (at + from) % 512;
                    let to = new.len().min(from + sector);
                    let kept = match rng.u8(0..3) {
                        0 => from,
                        1 => to,
                        _ => rng.usize(from..=to),
                    };
                    write(bytes, at + from, &new[from..kept]);
                    from = to;
                }
            }
        }
    }
}

/// Whatever was synced is there after each of 60,000 crashes, and nothing that
/// was never said; and what is said then is there after the next.
#[test]
fn what_was_synced_survives_the_loss_of_power() {
    let blocks = chain(1, 12, &[b'x'; 300]);
    for seed in 0..20_000 {
        let mut rng = Rng::with_seed(seed);
        let mut disk = Torn::default();
        let mut synced = 0;
        for _ in 0..3 {
            let (mut store, found) = Store::open(&mut disk).unwrap();
            let are_ours = found.blocks.iter().all(|it| blocks.contains(it));
            assert!(are_ours, "seed {seed}: {found:?}");
            // A hole may be behind what was synced: blocks behind a hole do
            // not count, and are written once more.
            let mut log = Log::default();
            for block in &found.blocks {
                log.add(block);
            }
            let whole = log.blocks().len();
            assert!(whole >= synced, "seed {seed}: {whole} of {synced}");
            synced = whole;
            for block in &blocks[whole..(whole + rng.usize(0..4)).min(12)] {
                store.append(block).unwrap();
                if rng.bool() {
                    store.sync().unwrap();
                    synced = block.seq() as usize + 1;
                }
            }
            disk.crash(&mut rng);
        }
    }
}

#[test]
fn a_damaged_middle_is_told_and_the_rest_is_there() {
    let blocks = chain(1, 520, &[b'x'; 32 * 1024]);
    let mut disk = Torn::default();
    let (mut store, _) = Store::open(&mut disk).unwrap();
    blocks.iter().for_each(|block| store.append(block).unwrap());
    store.sync().unwrap();
    let (_, found) = Store::open(&mut disk).unwrap();
    assert_eq!((found.blocks.len(), found.torn), (520, 0));
    assert_eq!((disk.0.len(), found.damaged.len()), (2, 0));
    let first = &mut disk.0.get_mut(&1).unwrap().bytes;
    assert!(first.len() as u64 <= SEGMENT);
    first[SEGMENT_HEADER as usize + 100_000] ^= 1;
    let (_, found) = Store::open(&mut disk).unwrap();
    assert_eq!((found.blocks.len(), found.damaged.len()), (519, 1));
    assert_eq!((found.damaged[0].0, found.torn), (1, 0));
    // What is torn at the end is no damage.
    disk.0.get_mut(&2).unwrap().bytes.extend([1; 40]);
    let (_, found) = Store::open(&mut disk).unwrap();
    assert_eq!((found.blocks.len(), found.damaged.len()), (519, 1));
    assert!(found.torn >= 40, "{}", found.torn);
}

/// The parts of a segment are where its tables say, and all of it is named.
#[test]
fn a_segment_is_what_its_tables_say() {
    let block = chain(1, 1, b"said").remove(0);
    let mut disk = Torn::default();
    let (mut store, _) = Store::open(&mut disk).unwrap();
    assert!(store.has_no_segment());
    store.append(&block).unwrap();
    store.sync().unwrap();
    let bytes = (&mut disk).read(1).unwrap();
    let end = SEGMENT_HEADER as usize;
    check(&SEGMENT_FIELDS, end);
    let [length, sum, place] = RECORD_FIELDS;
    let record = &bytes[end..];
    let value = |field: &Field| {
        let bytes = &record[field.offset..][..field.length];
        u32::from_be_bytes(bytes.try_into().unwrap())
    };
    assert_eq!(value(&length) as usize, block.bytes().len());
    let bytes_of_sum = [
        &1u32.to_be_bytes()[..],
        &SEGMENT_HEADER.to_be_bytes(),
        &record[..length.length],
        block.bytes(),
    ];
    assert_eq!(value(&sum), crc32fast::hash(&bytes_of_sum.concat()));
    assert!(record[place.offset..].starts_with(block.bytes()));
    fuzz([bytes].into_iter(), 2000, &["\0\0\0\0", "\x01"], entries::segment);
    let seeds = [block.bytes().to_vec(), Get::new(block.author(), 7).encode()];
    fuzz(seeds.into_iter(), 2000, &["\0", "\x01"], entries::block);
}

#[test]
fn a_segment_that_is_gone_is_a_hole() {
    let mut disk = Torn::default();
    let (mut store, _) = Store::open(&mut disk).unwrap();
    store.begin_segment(2).unwrap();
    let (_, found) = Store::open(&mut disk).unwrap();
    assert_eq!(found.damaged, [(1, 0..0)]);
}

#[test]
fn blocks_behind_a_hole_count_when_it_is_filled() {
    let (one, two) = (chain(1, 5, b"one"), chain(2, 2, b"two"));
    let mut logs = Logs::default();
    for (block, added) in [
        (&one[0], Added::New),
        (&one[3], Added::Gap(1)),
        (&two[1], Added::Gap(0)),
        (&one[2], Added::Gap(1)),
        (&one[1], Added::New),
    ] {
        assert_eq!(logs.restore(block), added, "{block:?}");
    }
    let log = logs.log(one[0].author()).unwrap();
    let size: usize = one[..4].iter().map(|it| it.bytes().len()).sum();
    assert_eq!((log.head().0, log.size()), (4, size));
    assert!(logs.incomplete().into_iter().eq([two[0].author()]));
    assert_eq!(logs.add(&two[0]), Added::New);
    assert_eq!(logs.log(two[0].author()).unwrap().head().0, 2);
    assert!(logs.incomplete().is_empty());
    let get = Get::new(one[0].author(), 0);
    let last = Get { count: 3, ..get };
    let are_last = one.iter().chain(&two).map(|it| last.is_last(it));
    assert!(are_last.eq([false, false, true, false, false, false, false]));
}

#[test]
fn a_link_takes_so_many_blocks() {
    // Four MiB at once, and one more each second.
    let mut side = play(Side::start(), "TAKE OPEN");
    let block = block(1, (0, BlockId::default()), &[b'x'; 32 * 1024]);
    let mut frame = Vec::new();
    encode(Kind::Block, block.bytes(), &mut frame);
    side.receive(&frame.repeat(200));
    let came = side.log.iter().filter(|it| it.starts_with("Block")).count();
    assert_eq!(came, (4 << 20) / frame.len() + 1);
    side.wait(Duration::from_secs(1));
    let came = side.log.iter().filter(|it| it.starts_with("Block")).count();
    assert_eq!(came, (5 << 20) / frame.len() + 1);
}

#[test]
fn a_key_is_for_its_owner() {
    let directory = format!("key-{}", std::process::id());
    let directory = std::env::temp_dir().join(directory);
    fs::create_dir(&directory).unwrap();
    fs::write(directory.join("key.new"), "half").unwrap();
    assert!(!key::is_in(&directory));
    let (first, is_new) = key::open(&directory).unwrap();
    assert!(is_new && key::is_in(&directory));
    let file = directory.join("key");
    let mode = || fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(), fs::read(&file).unwrap().len()), (0o600, 65));
    let (again, is_new) = key::open(&directory).unwrap();
    assert!(!is_new && again.to_bytes() == first.to_bytes());
    for (content, mode) in [(65, 0o640), (65, 0o604), (64, 0o600), (0, 0o600)] {
        fs::write(&file, vec![b'g'; content]).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        let line = key::open(&directory).unwrap_err().to_string();
        let why = if mode == 0o600 { "digits" } else { "chmod 600" };
        assert!(line.contains(why), "{line}");
        assert_eq!(fs::read(&file).unwrap().len(), content);
    }
    let kept = fs::read_dir(&directory).unwrap().count();
    fs::remove_dir_all(&directory).unwrap();
    assert_eq!(kept, 1);
}

#[test]
fn a_mint_finds_a_stamp() {
    let mint = Mint::start(2).unwrap();
    let key = SigningKey::from_bytes(&[1; 32]);
    for size in [0, 3000, 10] {
        let author = Author(key.verifying_key().to_bytes());
        let (head, body) = ((0, BlockId::default()), vec![b'x'; size]);
        let draft = Draft::new(author, head, 7, BodyKind::Bytes, body);
        mint.begin(draft.clone(), 8);
        let nonce = iter::repeat_with(|| {
            let mut fds = [PollFd::new(mint.as_fd(), PollFlags::POLLIN)];
            poll(&mut fds, PollTimeout::NONE).unwrap();
            mint.take()
        });
        let nonce = nonce.flatten().next().unwrap();
        assert_eq!(draft.seal(nonce, &key).verify(8), Ok(()));
        assert_eq!(mint.take(), None);
    }
}
