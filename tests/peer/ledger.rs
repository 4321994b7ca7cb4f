//! Blocks, logs, and a store on a disk whose power fails.

use std::collections::BTreeMap;
use std::io;

use ed25519_dalek::SigningKey;
use fastrand::Rng;
use peer::block::{Author, Block, BlockId, BodyKind, Draft, FIELDS, HEADER};
use peer::disk::Disk;
use peer::log::{Added, Log};
use peer::stamp::{leading_zeros, required_bits};
use peer::store::{SEGMENT, SEGMENT_HEADER, Store};

/// What a block costs here.
const BITS: u8 = 2;

fn block(key: u8, head: (u64, BlockId), body: &[u8]) -> Block {
    let key = SigningKey::from_bytes(&[key; 32]);
    let author = Author(key.verifying_key().to_bytes());
    let mut draft = Draft::new(author, head, 7, BodyKind::Text, body.to_vec());
    let bits = required_bits(BITS, body.len());
    let nonce = (0..).find(|it| leading_zeros(&draft.hash(*it).0) >= bits);
    draft.seal(nonce.unwrap(), &key)
}

/// So many blocks of one author, one after the other.
fn chain(key: u8, count: usize, body: &[u8]) -> Vec<Block> {
    let mut head = (0, BlockId::default());
    let blocks = (0..count).map(|_| {
        let block = block(key, head, body);
        head = (head.0 + 1, block.id());
        block
    });
    blocks.collect()
}

#[test]
fn each_byte_of_a_block_counts() {
    let block = block(1, (0x0102, BlockId([3; 32])), b"hello");
    let places = FIELDS.iter().map(|it| (it.offset, it.length));
    let end = places.fold(0, |end, (offset, length)| {
        assert_eq!(offset, end);
        end + length
    });
    assert_eq!((end, block.bytes().len()), (HEADER, HEADER + 5 + 64));
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
